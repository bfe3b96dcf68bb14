"""Whatever is known of a machine, it is counted once: never more than around the clock, never less than nothing."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.acting.hours import OnHours, parse_hours
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.money.forecast import forecast_sum
from bot.domain.money.forecast.expected import expect, forecast_parts
from bot.domain.money.forecast.known_changes import KnownAhead, planned_changes, run_plan
from bot.domain.money.forecast.known_spend import DailyLedger, RentedMachine, UsedDay, run_kind
from tests.examples import examples

USD = 1_000_000
TODAY = date(2026, 11, 23)
NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
WINDOWS = ("Mon-Fri 08:00-19:00", "Sat 10-14, Sun 22-06", "Mon-Sun 00-24")

INSTANTS = st.integers(NOW - 40 * DAY_MS, NOW + 120 * DAY_MS)
MAYBE = st.one_of(st.none(), INSTANTS)
SPANS = st.tuples(INSTANTS, st.integers(1, 20 * DAY_MS)).map(lambda span: (span[0], span[0] + span[1]))
ON_HOURS = st.builds(
    OnHours,
    st.sampled_from([parse_hours(each) for each in WINDOWS]),
    st.sampled_from(ZONES),
    st.frozensets(st.dates(TODAY, TODAY + timedelta(days=60)), max_size=5),
    st.booleans(),
)
FACTS = st.builds(
    KnownAhead,
    stopping=st.booleans(),
    parked_at=MAYBE,
    ends_at=MAYBE,
    ends=st.sampled_from(["claim_ends", "time_over"]),
    hours=st.one_of(st.none(), ON_HOURS),
    hours_since=MAYBE,
    held_until=st.one_of(st.none(), st.integers(NOW + 1, NOW + 7 * DAY_MS)),
    booked=st.lists(SPANS.filter(lambda span: span[0] > NOW), max_size=4).map(tuple),
    wanted=st.one_of(st.none(), st.integers(HOUR_MS, 10 * DAY_MS).map(lambda length: (NOW, NOW + length))),
    launching=st.booleans(),
)
PAST = st.one_of(
    st.just((24,) * 20),
    st.just((10,) * 20),
    st.just((24,) * 15 + (0,) * 5),
    st.lists(st.integers(0, 24), max_size=20).map(tuple),
)


def ledger_of(past, zone):
    days = {
        TODAY - timedelta(days=len(past) - number): UsedDay(hours * USD, hours * HOUR_MS)
        for number, hours in enumerate(past)
        if hours
    }
    first = TODAY - timedelta(days=len(past))
    seen = {"i": min(days)} if days else {}
    return DailyLedger(ZoneInfo(zone), TODAY, first, {"i": days} if days else {}, seen, frozenset(days))


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(250))
@given(facts=FACTS, past=PAST, runs=st.booleans(), zone=st.sampled_from(ZONES), launched=MAYBE)
def test_what_is_known_counts_once(facts, past, runs, zone, launched):
    books = ledger_of(past, zone)
    machine = RentedMachine("i", "m", "t", "nlp", USD, launched, runs)
    before = run_kind(machine, books)

    made = run_plan(machine, before, facts, books, NOW)
    shares = {} if made is None else {"i": made.shares(TODAY, books.zone, NOW)}
    expected = expect([machine], books, shares)
    taken = forecast_parts(expected.machines, expected.kinds, books.days, books)
    outlook = forecast_sum(taken.series, horizon=90)

    assert all(0 <= micros <= machine.micros_per_day for micros in taken.known_micros)
    assert expected.kinds == {"i": before if made is None else "planned"}
    assert math.isfinite(outlook.total)
    assert all(day.mean >= 0 for day in outlook.days)
    if made is not None:  # then nothing else is expected of it
        expected = sum(taken.known_micros)
        assert abs(outlook.total - expected) <= max(1e-6 * expected, 1_000)
    told = planned_changes([machine], {"i": before}, {} if made is None else {"i": made}, books)
    assert len(told) <= 1
    assert all(each.once or abs(each.micros) <= machine.micros_per_day for each in told)
