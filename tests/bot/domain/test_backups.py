"""Which backups are kept: seven days, and one of each of four weeks before."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backups import day_of, file_name, surplus

START = date(2026, 1, 1)


def lived(days: list[date]) -> list[date]:
    """What is left after a backup on each of these days, thinned out after each."""
    kept: list[date] = []
    for day in days:
        kept.append(day)
        gone = surplus(kept)
        kept = [each for each in kept if each not in gone]
    return kept


def test_after_a_long_time_seven_days_and_four_sundays_are_left():
    kept = lived([START + timedelta(days=n) for n in range(120)])

    newest = START + timedelta(days=119)
    assert kept[4:] == [newest - timedelta(days=n) for n in range(6, -1, -1)]
    assert len(kept) == 11
    assert [day.isoweekday() for day in kept[:4]] == [7, 7, 7, 7]
    assert newest - kept[0] >= timedelta(days=28)


@given(st.sets(st.integers(0, 400), min_size=1, max_size=120))
def test_whatever_nights_were_missed_the_newest_seven_stay_and_eleven_at_most(offsets):
    days = sorted(START + timedelta(days=n) for n in offsets)

    kept = lived(days)

    assert kept[-7:] == days[-7:]
    assert len(kept) <= 11
    older = kept[:-7]
    assert len({day.isocalendar()[:2] for day in older}) == len(older), "one of each week"


@given(st.dates(min_value=date(2000, 1, 1)))
def test_a_name_tells_its_day(day):
    assert day_of(file_name(day)) == day


def test_other_peoples_files_are_none_of_ours():
    for name in ("valet-2026-11-23-101500.db", "valet-2026-13-01.db", "valet.db", "valet-2026-11-23.db.part"):
        assert day_of(name) is None
