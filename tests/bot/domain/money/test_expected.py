"""Whichever way a forecast is told apart, its parts add up to it: to the micro-dollar, whatever the machines did."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS
from bot.domain.money.forecast import forecast_sum
from bot.domain.money.forecast.expected import Expected, expect, forecast_parts
from bot.domain.money.forecast.known_spend import DailyLedger, RentedMachine, UsedDay
from bot.domain.money.forecast.pieces import Charged, named_pieces, pieces, pooled_pieces, shortened_pieces
from tests.examples import examples

USD = 1_000_000
TODAY = date(2026, 11, 23)
DAYS = 40
START = TODAY - timedelta(days=DAYS)

HOURS = st.lists(st.one_of(st.just(0.0), st.just(24.0), st.floats(0, 24)), min_size=1, max_size=DAYS)
MACHINES = st.lists(
    st.tuples(
        st.sampled_from(["nlp", "vision", ""]),
        st.sampled_from(["p4d.24xlarge", "g5.xlarge"]),
        st.one_of(st.none(), st.integers(0, 10**8)),
        st.booleans(),
        st.booleans(),
        HOURS,
    ),
    max_size=7,
)


def company(told) -> tuple[list[RentedMachine], DailyLedger]:
    """Machines by team, type, rate, whether they run or are gone, and the hours they ran up to yesterday."""
    machines, days = [], {}
    for number, (team, type_, rate, runs, gone, hours) in enumerate(told):
        machines.append(
            RentedMachine(f"i-{number}", f"m{number}", type_, team, rate, None, runs and not gone, None, gone)
        )
        days[f"i-{number}"] = {
            TODAY - timedelta(days=len(hours) - n): UsedDay(int(long * (rate or 0)), int(long * HOUR_MS))
            for n, long in enumerate(hours)
            if long
        }
    days = {each: found for each, found in days.items() if found}
    metered = frozenset(START + timedelta(days=n) for n in range(DAYS))
    seen = {each: min(found) for each, found in days.items()}
    return machines, DailyLedger(ZoneInfo("UTC"), TODAY, START, days, seen, metered)


@settings(deadline=None, max_examples=examples(60))
@given(told=MACHINES, passed=st.floats(0, 1), rest=st.integers(0, 31), charged=st.lists(st.integers(0, 10**12)))
def test_teams_types_and_machines_all_add_up_to_the_same(told, passed, rest, charged):
    machines, ledger = company(told)
    outlook = expect(machines, ledger, {})
    so_far = {machine.id: Charged(micros, micros // 7) for machine, micros in zip(machines, charged, strict=False)}
    ways = {"id": lambda each: each.id, "team": lambda each: each.team, "type": lambda each: each.type}

    sums = {}
    for way, key in ways.items():
        by: dict[str, Charged] = {}
        for machine in machines:
            before, own = by.get(key(machine), Charged()), so_far.get(machine.id, Charged())
            by[key(machine)] = Charged(before.month + own.month, before.today + own.today)
        found = pieces(by, outlook.machines, key, rest=rest, passed=passed)
        for told_so in (
            found,
            pooled_pieces(found, [each.key for each in found[1:]]),
            shortened_pieces(found, 2),
            named_pieces(found, {}),
        ):
            months, ahead = sum(each.month_micros for each in told_so), [sum(each.next_micros) for each in told_so]
            sums[way, len(told_so)] = (sum(each.charged_micros for each in told_so), months, sum(ahead))

    assert len(set(sums.values())) <= 1
    for machine in machines:
        own = [each for each in outlook.machines if each.id == machine.id]
        assert len(own) <= 1
        if machine.gone:
            assert own == [] or outlook.kinds[machine.id] == "steady"
        if own and machine.rate_micros is not None:
            assert sum(own[0].rest(30, 0.0)) <= 30 * machine.micros_per_day


def used(team, hours, *, type_="g5.xlarge", gone=False):
    return (team, type_, USD, False, gone, hours)


def test_a_level_is_sought_once_per_team_and_shared_out_by_what_machines_cost_lately():
    machines, ledger = company([used("nlp", [10.0, 0.0] * 20), used("nlp", [0.0, 10.0] * 20)])

    found = {each.id: each.variable for each in expect(machines, ledger, {}).machines}

    assert found == {"i-0": 5 * USD, "i-1": 5 * USD}, "each alone has no level, together they cost 10 USD a day"


def test_what_is_gone_will_be_followed_by_others_like_it():
    machines, ledger = company([used("nlp", [10.0] * 40, gone=True), used("nlp", [10.0] * 40)])

    by_id = {each.id: each for each in expect(machines, ledger, {}).machines}

    assert set(by_id) == {"", "i-1"}
    assert (by_id[""].team, by_id[""].type) == ("nlp", "g5.xlarge")
    assert by_id[""].variable == by_id["i-1"].variable == 10 * USD


def test_teams_too_uneven_to_tell_anything_of_alone_have_one_level_together():
    machines, ledger = company(
        [used(f"team{n}", [24.0 if (day - n) % 16 == 0 else 0.0 for day in range(40)]) for n in range(16)]
    )

    outlook = expect(machines, ledger, {})

    assert len(outlook.uneven) >= 10
    together = [each for each in outlook.machines if each.team in outlook.uneven]
    assert {each.team for each in together} == outlook.uneven
    assert sum(each.variable for each in together) == pytest.approx(len(outlook.uneven) * 24 / 16 * USD, rel=0.35)


def test_no_machine_is_expected_to_cost_more_than_its_rate():
    short = Expected("i-1", "m", "nlp", "g5.xlarge", variable=24 * USD)

    assert short.rest(2, 0.5) == (0, 36 * USD)
    assert short.rest(0, 0.5) == (0, 0)
    assert short.rest(7, 0.0) == (0, 7 * 24 * USD)


def test_machines_that_rest_on_weekends_are_expected_to():
    """In `/cost forecast` as in `valet forecast`, and the days add up to what is said of the rest of the month."""
    long = 84
    days = {
        "i-0": {
            day: UsedDay(240 * USD, 24 * HOUR_MS)
            for n in range(long)
            if (day := TODAY - timedelta(days=long - n)).weekday() < 5
        }
    }
    metered = frozenset(TODAY - timedelta(days=n) for n in range(1, long + 1))
    ledger = DailyLedger(ZoneInfo("UTC"), TODAY, min(metered), days, {"i-0": min(metered)}, metered)
    machines = [RentedMachine("i-0", "m0", "g5.xlarge", "nlp", 10 * USD, None, False, None, False)]

    [cost] = expect(machines, ledger, {}).machines
    parts = forecast_parts([cost], {"i-0": "variable"}, days, ledger)
    outlook = forecast_sum(parts.series, horizon=14)

    assert [round(day.mean / USD) for day in outlook.days[:7]] == [240] * 5 + [0] * 2
    assert cost.rest(14, 0.0) == (0, pytest.approx(outlook.total, abs=20))
