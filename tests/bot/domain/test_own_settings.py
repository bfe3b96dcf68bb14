"""Quiet hours: across midnight, in every zone, on the days on which clocks are changed."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.days import local
from bot.domain.own_settings import NO_QUIET, USUAL_QUIET, QuietHours, morning_of, quiet_until
from tests.examples import examples

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Africa/Casablanca",
    ]
)
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
NOW = st.integers(int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2028, 1, 1, tzinfo=UTC).timestamp()))


def at(day: int, hour: int, minute: int = 0, month: int = 11, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime(2026, month, day, hour, minute, tzinfo=zone).timestamp() * 1000)


@settings(max_examples=examples(300), deadline=None)
@given(NOW, ZONES, TIMES, TIMES)
def test_whoever_is_written_to_is_not_in_their_quiet_hours(seconds, zone, begins, ends):
    now, there, quiet = seconds * 1000, ZoneInfo(zone), QuietHours(begins, ends)
    end = quiet_until(now, there, quiet)

    sent_at = now if end is None else end

    assert quiet.never or not quiet.cover(local(sent_at, there).time())
    assert now <= sent_at <= now + 49 * HOUR_MS


@settings(max_examples=examples(100), deadline=None)
@given(NOW, ZONES, TIMES, TIMES, st.integers(1, 1440))
def test_what_waits_goes_out_as_the_hours_end_and_not_later(seconds, zone, begins, ends, minutes):
    now, there, quiet = seconds * 1000, ZoneInfo(zone), QuietHours(begins, ends)
    end = quiet_until(now, there, quiet)
    if end is None:
        return

    between = now + minutes * MINUTE_MS % max(1, end - now)

    assert quiet_until(between, there, quiet) is None or quiet_until(between, there, quiet) == end


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (at(23, 19, 59), None),
        (at(23, 20), at(24, 8)),
        (at(24, 0, 25), at(24, 8)),
        (at(24, 7, 59), at(24, 8)),
        (at(24, 8), None),
        (at(28, 21, month=3), at(29, 8, month=3)),
        (at(24, 21, month=10), at(25, 8, month=10)),
    ],
)
def test_the_usual_hours_are_from_eight_to_eight_where_the_person_is(now, end):
    assert quiet_until(now, BERLIN, USUAL_QUIET) == end


def test_a_night_in_which_clocks_change_is_an_hour_shorter_or_longer():
    spring = quiet_until(at(28, 20, month=3), BERLIN, USUAL_QUIET)
    autumn = quiet_until(at(24, 20, month=10), BERLIN, USUAL_QUIET)

    assert spring == at(28, 20, month=3) + 11 * HOUR_MS
    assert autumn == at(24, 20, month=10) + 13 * HOUR_MS


def test_hours_that_end_in_an_hour_that_is_skipped_end_after_it():
    assert quiet_until(at(28, 23, month=3), BERLIN, QuietHours(time(20), time(2, 30))) == at(29, 3, 30, month=3)


@pytest.mark.parametrize(
    ("quiet", "hour"),
    [
        (USUAL_QUIET, 8),
        (QuietHours(time(22), time(6)), 6),
        (NO_QUIET, 8),
        (QuietHours(time(12), time(13)), 8),
        (QuietHours(time(7), time(14)), 14),
    ],
)
def test_a_morning_begins_as_the_night_ends(quiet, hour):
    assert morning_of(at(24, 15), BERLIN, quiet) == at(24, hour)


def test_whoever_wants_none_has_none():
    assert quiet_until(at(24, 3), BERLIN, NO_QUIET) is None
    assert str(USUAL_QUIET) == "20:00-08:00"
    assert str(NO_QUIET) == "off"
