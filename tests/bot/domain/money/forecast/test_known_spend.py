"""Which machines' cost is known, and that any history whatever gives a report that adds up."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS
from bot.domain.days import day_start
from bot.domain.money.forecast import forecast_sum
from bot.domain.money.forecast.bounds import bounded_outlook
from bot.domain.money.forecast.expected import expect, forecast_parts
from bot.domain.money.forecast.known_spend import (
    DailyLedger,
    RentedMachine,
    UsedDay,
    cost_drivers,
    daily_history,
    past_changes,
    run_kind,
)
from tests.examples import examples

USD = 1_000_000
UTC_ZONE = ZoneInfo("UTC")
TODAY = date(2026, 11, 23)
START = TODAY - timedelta(days=30)


def machine(name="m", *, runs=True, rate=USD, launched=None) -> RentedMachine:
    return RentedMachine(f"i-{name}", name, "g5.xlarge", "nlp", rate, launched, runs)


def ledger(hours: dict[str, list[float]], *, zone=UTC_ZONE, seen=None) -> DailyLedger:
    """`hours[name]`: how long it ran on each of the days up to yesterday; 0 is a day without a charge."""
    days = {
        f"i-{name}": {
            TODAY - timedelta(days=len(each) - n): UsedDay(int(long * USD), int(long * HOUR_MS))
            for n, long in enumerate(each)
            if long
        }
        for name, each in hours.items()
    }
    first_seen = {key: min(each) for key, each in days.items() if each} | (seen or {})
    return DailyLedger(zone, TODAY, START, days, first_seen, frozenset(START + timedelta(days=n) for n in range(30)))


@pytest.mark.parametrize(
    ("hours", "runs", "expected"),
    [
        ([24] * 30, True, "steady"),
        ([5] + [24] * 9, True, "steady"),  # appeared ten days ago, in the middle of a day
        ([0] * 20 + [24] * 2 + [7] + [24] * 7, True, "steady"),  # a pause eight days ago is forgiven
        ([24] * 23 + [7] + [24] * 6, True, "variable"),  # one of this week is not
        ([23] * 30, True, "steady"),  # restarts and missed looks are
        ([10] * 30, True, "variable"),
        ([24] * 29 + [13], False, "ended"),
        ([24] * 25 + [13] + [0] * 4, False, "ended"),
        ([24] * 10 + [13] + [0] * 19, False, "ended"),
        ([24, 24, 24, 24, 24, 0, 0] * 4 + [24, 24], False, "variable"),  # off at weekends
        ([10] * 30, False, "variable"),
        ([9, 24, 24, 8], False, "variable"),  # two full days are no habit
        ([], False, "variable"),
    ],
)
def test_a_machine_is_known_by_how_it_ran(hours, runs, expected):
    assert run_kind(machine(runs=runs), ledger({"m": hours})) == expected


def test_a_machine_that_appeared_today_or_yesterday_runs_on_unless_it_was_started_again():
    yesterday = TODAY - timedelta(days=1)
    noon = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)

    assert run_kind(machine(), ledger({})) == "steady"
    assert run_kind(machine(launched=noon), ledger({"m": [12]}, seen={"i-m": yesterday})) == "steady"
    assert run_kind(machine(launched=noon + 15 * HOUR_MS), ledger({"m": [3]})) == "variable"


def test_a_day_of_23_or_25_hours_is_full_when_it_ran_through_it():
    zone = ZoneInfo("America/New_York")
    today = date(2026, 11, 5)
    days = {today - timedelta(days=n): UsedDay(USD, 25 * HOUR_MS if n == 4 else 24 * HOUR_MS) for n in range(1, 9)}
    turned = DailyLedger(zone, today, today - timedelta(days=8), {"i-m": days}, {"i-m": min(days)}, frozenset(days))
    short = replace(turned, days={"i-m": {**days, date(2026, 11, 1): UsedDay(USD, 23 * HOUR_MS)}})

    assert run_kind(machine(), turned) == "steady"
    assert run_kind(machine(), short) == "variable"
    assert day_start(date(2026, 11, 2), zone) - day_start(date(2026, 11, 1), zone) == 25 * HOUR_MS


def test_the_level_of_what_runs_on_is_its_rate_whatever_the_days_before_say():
    books = ledger({"old": [24] * 30, "new": [14], "gone": [24] * 28 + [9, 0]})
    machines = [machine("old"), machine("new"), machine("gone", runs=False)]

    outlook = expect(machines, books, {})
    ahead = forecast_sum(forecast_parts(outlook.machines, outlook.kinds, books.days, books).series, horizon=7)

    assert outlook.kinds == {"i-old": "steady", "i-new": "steady", "i-gone": "ended"}
    assert [round(day.mean) for day in ahead.days] == [48 * USD] * 7
    assert ahead.lo80 < ahead.total < ahead.hi80


def test_a_hole_in_the_metering_is_no_reading():
    books = ledger({"m": [10] * 30})
    hole = TODAY - timedelta(days=3)
    days = {"i-m": {day: used for day, used in books.days["i-m"].items() if day != hole}}
    unseen = DailyLedger(UTC_ZONE, TODAY, START, days, books.first_seen, books.metered - {hole})

    assert daily_history(["i-m"], days, unseen).values[-3] is None
    assert daily_history(["i-m"], days, books).values[-3] is not None


HOURS = st.lists(st.one_of(st.just(0.0), st.just(24.0), st.floats(0, 24)), max_size=30)


@settings(deadline=None, max_examples=examples(150))
@given(
    hours=st.dictionaries(st.sampled_from("abcd"), HOURS, max_size=4),
    running=st.sets(st.sampled_from("abcde")),
    rate=st.integers(0, 10**9),
    passed=st.floats(0, 1),
    charged=st.integers(0, 10**12),
    horizon=st.integers(1, 31),
)
def test_any_history_gives_finite_amounts_in_order(hours, running, rate, passed, charged, horizon):
    books = ledger(hours)
    machines = [machine(name, runs=name in running, rate=rate) for name in "abcde"]

    outlook = expect(machines, books, {})
    taken = forecast_parts(outlook.machines, outlook.kinds, books.days, books)
    whole = bounded_outlook(taken.series, charged, horizon=horizon, passed=passed, own={})

    assert math.isfinite(whole.total)
    assert whole.total >= charged * (1 - 1e-9)
    if whole.lo80 is not None:
        assert charged * (1 - 1e-9) <= whole.lo80 <= whole.hi80
        assert whole.lo80 <= whole.total * (1 + 1e-9) + 1
    assert all(day.mean >= 0 for day in whole.days)
    usual = {each.id: each.variable for each in outlook.machines}
    assert all(each.micros_per_day > 0 for each in cost_drivers(machines, outlook.kinds, {}, usual))
    assert all(abs(each.micros) <= 24 * 10**9 for each in past_changes(machines, outlook.kinds, books))
