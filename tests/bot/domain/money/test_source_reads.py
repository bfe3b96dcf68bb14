"""A day is known if its source was read through it, whether anything ran or not; else nobody knows."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import day_start
from bot.domain.money.source_reads import SourceReads, days_known, days_read_of
from bot.domain.spans import without_holes

ZONE = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 23)
DAYS = [TODAY - timedelta(days=number) for number in range(14, 0, -1)]
NOW = day_start(TODAY, ZONE) + 9 * HOUR_MS
BEGAN = NOW - 40 * DAY_MS


def known(watch, charged=()):
    return set(days_known([days_read_of(watch, DAYS, ZONE, NOW, frozenset(charged))]))


def start(number):
    return day_start(DAYS[number], ZONE)


def test_a_day_without_a_charge_is_known_if_its_source_was_read_through_it():
    assert known(SourceReads(BEGAN, ((BEGAN, NOW),))) == set(DAYS)


def test_a_day_with_a_long_pause_in_it_is_not_known_whatever_was_charged():
    paused = SourceReads(BEGAN, ((BEGAN, start(3) + 2 * HOUR_MS), (start(3) + 8 * HOUR_MS, NOW)))

    assert known(paused, DAYS) == set(DAYS) - {DAYS[3]}


def test_the_day_of_the_first_look_is_not_known_as_it_was_read_in_part():
    assert known(SourceReads(start(5) + HOUR_MS, ((start(5) + HOUR_MS, NOW),)), DAYS) == set(DAYS[6:])


def test_before_looks_were_kept_a_charge_tells_that_somebody_looked():
    assert known(SourceReads(BEGAN, ((start(10) + HOUR_MS, NOW),)), DAYS[:4]) == {*DAYS[:4], *DAYS[11:]}
    assert known(SourceReads(BEGAN), DAYS[:4]) == set(DAYS[:4])


def test_yesterday_is_known_before_the_first_look_of_today():
    midnight = day_start(TODAY, ZONE)
    watched = days_read_of(
        SourceReads(BEGAN, ((BEGAN, midnight - 60_000),)), DAYS, ZONE, midnight + 60_000, frozenset()
    )

    assert days_known([watched]) == set(DAYS)


def test_a_source_that_is_silent_now_makes_its_days_unknown_again():
    assert known(SourceReads(BEGAN, ((BEGAN, start(7)),)), DAYS) == set(DAYS[:7])


def test_a_source_is_asked_of_only_on_the_days_it_was_there():
    """One was taken out of the settings, another was added later: neither makes the days of the third unknown."""
    third = days_read_of(SourceReads(BEGAN, ((BEGAN, NOW),)), DAYS, ZONE, NOW, frozenset())
    gone = days_read_of(SourceReads(BEGAN, ((BEGAN, start(4)),), ends=start(4)), DAYS, ZONE, NOW, frozenset())
    added = days_read_of(SourceReads(start(9), ((start(9), NOW),)), DAYS, ZONE, NOW, frozenset())

    assert days_known([third, gone, added]) == set(DAYS)
    assert days_known([added]) == set(DAYS[9:])
    assert days_known([]) == set()


@pytest.mark.parametrize("zone", [ZoneInfo("UTC"), ZoneInfo("America/New_York")])
def test_days_of_any_length_are_read_from_end_to_end(zone):
    turn = date(2026, 11, 1)
    whole = (day_start(turn, zone), day_start(turn + timedelta(days=1), zone))
    short = SourceReads(BEGAN, ((BEGAN, whole[1] - 4 * HOUR_MS), (whole[1], NOW)))

    assert days_known([days_read_of(SourceReads(BEGAN - DAY_MS, (whole,)), [turn], zone, NOW, frozenset())]) == {turn}
    assert days_known([days_read_of(short, [turn], zone, NOW, frozenset())]) == set()


SPANS = st.lists(st.integers(0, 14 * 24), min_size=2, max_size=12, unique=True).map(
    lambda hours: tuple(
        (NOW - 15 * DAY_MS + low * HOUR_MS, NOW - 15 * DAY_MS + high * HOUR_MS)
        for low, high in zip(*[iter(sorted(hours)[: len(hours) // 2 * 2])] * 2, strict=True)
    )
)


@given(spans=SPANS, charged=st.sets(st.sampled_from(DAYS)), lost=st.data())
def test_no_day_becomes_known_because_fewer_looks_were_made(spans, charged, lost):
    fewer = (spans[0], *(each for each in spans[1:] if lost.draw(st.booleans())))

    assert known(SourceReads(BEGAN, fewer), charged) <= known(SourceReads(BEGAN, spans), charged)


@given(spans=SPANS, holes=SPANS)
def test_time_is_read_or_unread_and_never_both(spans, holes):
    left = without_holes(spans, holes)

    assert sum(end - start for start, end in (*left, *without_holes(spans, left))) == sum(end - s for s, end in spans)
    assert without_holes(left, holes) == left
    assert without_holes(left, left) == []


def test_a_ledger_that_begins_at_noon_does_not_know_that_day():
    noon = int(datetime(2026, 11, 15, 12, tzinfo=UTC).timestamp() * 1000)

    assert min(known(SourceReads(noon, ((noon, NOW),)))) == date(2026, 11, 16)


@pytest.mark.parametrize(("ago", "unread"), [(3 * HOUR_MS, 0), (3 * HOUR_MS + 1, 3 * HOUR_MS + 1)])
def test_a_source_read_three_hours_ago_counts_as_read_and_no_older_one(ago, unread):
    watch = SourceReads(BEGAN, ((BEGAN, NOW - ago),))

    assert sum(end - begin for begin, end in watch.unread(BEGAN, NOW, NOW)) == unread
