"""Slots stay at their wall time wherever clocks change, and nobody is kept out or let in by mistake."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.verdict import GpuVerdict
from bot.domain.sharing.bookings import Booking, Gap, Hold, holder_came, next_free_start, pick_free
from bot.domain.sharing.calendar import CalendarWeek, calendar_cells
from bot.domain.sharing.claims import GpuChoice
from tests.conftest import MONDAY

ZONES = ("America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def ms(said: str) -> int:
    return int(datetime.fromisoformat(said).timestamp() * 1000)


FAR = ms("2040-01-01T00:00Z")


def weekly(zone: str, first: str, wall: str, weeks: int, length: int = 6 * HOUR_MS) -> Booking:
    day = date.fromisoformat(first)
    last = day + timedelta(weeks=weeks - 1)
    return Booking("b", "i-1", "U0ADA", GpuChoice(), zone, day, time.fromisoformat(wall), length, 0, last)


@pytest.mark.parametrize(
    ("zone", "first", "wall", "starts"),
    [
        # over the end of summer time, at 20:00 before and after
        ("America/New_York", "2026-10-27", "20:00", ["2026-10-28T00:00Z", "2026-11-04T01:00Z"]),
        ("Australia/Lord_Howe", "2026-03-31", "20:00", ["2026-03-31T09:00Z", "2026-04-07T09:30Z"]),
        ("Asia/Kolkata", "2026-10-27", "20:00", ["2026-10-27T14:30Z", "2026-11-03T14:30Z"]),
        # into a time that is skipped (02:30 is 03:30 then), and one that comes twice (the first)
        ("America/New_York", "2026-03-01", "02:30", ["2026-03-01T07:30Z", "2026-03-08T07:30Z"]),
        ("America/New_York", "2026-10-25", "01:30", ["2026-10-25T05:30Z", "2026-11-01T05:30Z"]),
        ("Australia/Lord_Howe", "2026-09-27", "02:15", ["2026-09-26T15:45Z", "2026-10-03T15:45Z"]),
        ("Australia/Lord_Howe", "2026-03-29", "01:45", ["2026-03-28T14:45Z", "2026-04-04T14:45Z"]),
    ],
)
def test_a_weekly_slot_stays_at_its_wall_time_when_clocks_change(zone, first, wall, starts):
    assert weekly(zone, first, wall, 2).starts(0, FAR) == [ms(start) for start in starts]


@given(
    st.sampled_from(ZONES),
    st.dates(date(2025, 1, 1), date(2029, 1, 1)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.integers(1, 26),
)
def test_every_slot_is_a_week_after_the_last_by_the_clock_on_the_wall(zone, first, wall, weeks):
    starts = weekly(zone, first.isoformat(), wall.isoformat("minutes"), weeks).starts(0, FAR)

    assert len(starts) == weeks
    for number, start in enumerate(starts):
        shown = datetime.fromtimestamp(start / 1000, UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        late = shown - datetime.combine(first + timedelta(weeks=number), wall)
        assert late in {timedelta(), timedelta(minutes=30), timedelta(hours=1)}, "later only where clocks skip it"
    assert all(7 * DAY_MS - HOUR_MS <= two - one <= 7 * DAY_MS + HOUR_MS for one, two in pairwise(starts))


@given(
    st.sampled_from(ZONES),
    st.integers(ms("2026-01-01T00:00Z"), ms("2027-01-01T00:00Z")),
    st.integers(0, 40 * DAY_MS),
)
def test_slots_asked_for_piece_by_piece_are_those_asked_for_at_once(zone, now, length):
    made = weekly(zone, "2026-03-01", "02:30", 26)

    middle = now + length // 3
    assert made.starts(now, middle) + made.starts(middle, now + length) == made.starts(now, now + length)


def hold(gpus, start, end, who="U0BOB"):
    return Hold("i-1", who, tuple(gpus), start * HOUR_MS, end * HOUR_MS, booked=True)


def test_any_free_subset_is_taken_where_a_number_is_asked_for():
    gap = Gap("U0ADA", GpuChoice(count=2), 4, 10 * HOUR_MS, 4 * HOUR_MS)

    assert pick_free(gap, [hold([0], 9, 11), hold([2], 13, 20), hold([1], 14, 20), hold([3], 1, 10)]) == (1, 3)
    assert pick_free(gap, [hold([0, 1, 2], 12, 13)]) is None


def test_one_person_has_one_hold_of_a_machine_at_a_time():
    gap = Gap("U0ADA", GpuChoice(count=1), 4, 10 * HOUR_MS, 4 * HOUR_MS)

    assert pick_free(gap, [hold([0], 9, 11, "U0ADA")]) is None
    assert pick_free(gap, [hold([0], 9, 10, "U0ADA")]) == (0,)


HOLDS = st.lists(
    st.builds(
        lambda gpus, start, length, who: hold(sorted(gpus), start, start + length, who),
        st.sets(st.integers(0, 3), min_size=1),
        st.integers(0, 100),
        st.integers(1, 30),
        st.sampled_from(["U0ADA", "U0BOB", "U0CY"]),
    ),
    max_size=8,
)
CHOICES = st.sampled_from([GpuChoice(), GpuChoice(count=1), GpuChoice(count=3), GpuChoice(indexes=(1, 3))])


@given(HOLDS, CHOICES, st.integers(0, 100), st.integers(1, 30))
def test_what_is_picked_is_free_all_the_while_and_the_next_start_is_the_first(holds, choice, start, length):
    gap = Gap("U0ADA", choice, 4, start * HOUR_MS, length * HOUR_MS)

    picked = pick_free(gap, holds)
    there = [each for each in holds if each.meets(gap.from_at, gap.until_at)]
    if picked is not None:
        assert len(picked) == (choice.count or len(choice.indexes) or 4)
        assert not set(picked) & {gpu for each in there for gpu in each.gpus}
    later = next_free_start(gap, holds)
    hours = [
        hour
        for hour in range(start + 1, start + 7 * 24)
        if pick_free(Gap("U0ADA", choice, 4, hour * HOUR_MS, gap.length), holds)
    ]
    if picked is None:
        assert later == (hours[0] * HOUR_MS if hours else None)


@pytest.mark.parametrize(
    ("gpus", "answer"),
    [
        ([("free", -3 * HOUR_MS), ("free", -3 * HOUR_MS)], False),
        ([("held", -3 * HOUR_MS), ("free", -2 * HOUR_MS)], False),
        ([("active", 5 * MINUTE_MS), ("free", -3 * HOUR_MS)], True),
        ([("active", -5 * MINUTE_MS), ("free", -3 * HOUR_MS)], None),
        ([("unknown", None), ("free", -3 * HOUR_MS)], None),
        ([("free", 5 * MINUTE_MS), ("free", -3 * HOUR_MS)], True),
        ([], None),
    ],
)
def test_who_came_is_known_by_work_since_it_began_and_by_nothing_else(gpus, answer):
    seen = [GpuVerdict(index, state, None if at is None else MONDAY + at) for index, (state, at) in enumerate(gpus)]

    assert holder_came(seen, MONDAY) is answer


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2026-11-24"])
def test_a_day_of_the_calendar_has_24_hours_of_the_wall_clock_whatever_clocks_do(zone, day):
    on, there = date.fromisoformat(day), ZoneInfo(zone)
    week = CalendarWeek("i-1", "train-7", 2, (Hold("i-1", "U0ADA", (0,), 0, FAR, booked=False),))

    seen = calendar_cells(week, on, there, "U0BOB", 0)

    assert len(seen) == 24
    skipped = (zone, day) == ("America/New_York", "2026-03-08")
    assert seen.count("over") == int(skipped)
    assert set(seen) - {"over"} == {"some"}
