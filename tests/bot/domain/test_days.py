"""Local days are as long as they were."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.days import day_length, day_start, local_day, month_end

ZONES = st.sampled_from(
    ["America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland", "UTC"]
)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # its midnight is skipped
        ("America/Sao_Paulo", date(2018, 2, 17), 25),  # its last hour comes twice
        ("America/Sao_Paulo", date(2018, 2, 18), 24),
        ("Asia/Kolkata", date(2026, 3, 29), 24),
    ],
)
def test_a_local_day_is_as_long_as_it_was(zone, day, hours):
    where = ZoneInfo(zone)

    start = day_start(day, where)
    end = start + day_length(day, where)

    assert (end - start) / HOUR_MS == hours
    assert local_day(start, where) == day
    assert local_day(start - 1, where) < day
    assert local_day(end - 1, where) == day


@given(zone=ZONES, instant=st.integers(1_000_000_000_000, 1_900_000_000_000))
def test_every_instant_lies_in_its_own_day(zone, instant):
    where = ZoneInfo(zone)
    day = local_day(instant, where)

    assert day_start(day, where) <= instant < day_start(day, where) + day_length(day, where)


@given(zone=ZONES, ordinal=st.integers(date(2001, 1, 1).toordinal(), date(2029, 12, 31).toordinal()))
def test_days_follow_each_other_without_a_gap(zone, ordinal):
    where, day = ZoneInfo(zone), date.fromordinal(ordinal)

    assert local_day(day_start(day, where), where) == day
    assert local_day(day_start(day, where) - MINUTE_MS, where) < day
    assert 22 * HOUR_MS <= day_length(day, where) <= 26 * HOUR_MS


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 11, 23), date(2026, 11, 30)),
        (date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_month_ends_on_its_last_day(day, last):
    assert month_end(day) == last
