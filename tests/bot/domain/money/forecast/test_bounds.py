"""A range never ends below what is spent, nor beyond what a machine costs around the clock."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.money.forecast.bounds import bounded_outlook, most_per_day, range_of, still_to_come
from bot.domain.money.forecast.expected import expect, forecast_parts
from bot.domain.money.forecast.known_spend import DailyLedger, RentedMachine
from tests.bot.domain.money.test_expected import MACHINES, company
from tests.examples import examples

USD = 1_000_000


@settings(deadline=None, max_examples=examples(60))
@given(told=MACHINES, passed=st.floats(0, 1), horizon=st.integers(1, 90), spent=st.integers(0, 10**12))
def test_no_machines_range_ends_beyond_its_rate_or_below_what_is_spent(told, passed, horizon, spent):
    machines, ledger = company(told)
    found = expect(machines, ledger, {})

    for machine in machines:
        own = [each for each in found.machines if each.id == machine.id]
        days = {each: made for each, made in ledger.days.items() if each == machine.id}
        most = most_per_day([machine], ledger, horizon)
        series = forecast_parts(own, found.kinds, days, ledger).series
        whole = bounded_outlook(series, spent, horizon=horizon, passed=passed, own={}, most=most)
        expected = spent + sum(sum(each.rest(horizon, passed)) for each in own)

        made = range_of(expected, whole)

        ends = (made.lo95_micros, made.lo_micros, made.micros, made.hi_micros, made.hi95_micros)
        known = [each for each in ends if each is not None]
        assert known == sorted(known)
        assert spent <= known[0]
        if most is not None:
            assert known[-1] <= spent + still_to_come(most, passed) + 1
            assert whole.total <= spent + still_to_come(most, passed) + 1
            assert all(day.hi95 is None or day.hi95 <= top for day, top in zip(whole.days, most, strict=True))


def test_around_the_clock_is_as_long_as_the_days_are():
    autumn = DailyLedger(ZoneInfo("Europe/Berlin"), date(2026, 10, 24), date(2026, 10, 24), {}, {}, frozenset())
    serve = RentedMachine("i-1", "serve", "g5.xlarge", "nlp", USD, None, runs=True)
    gone, dear = (RentedMachine("i-2", "x", "x", "", rate, None, runs=False, gone=rate == 9) for rate in (9, None))

    assert most_per_day([serve, gone], autumn, 3) == (24 * USD, 25 * USD, 24 * USD)
    assert most_per_day([serve, dear], autumn, 3) is None
    assert still_to_come((24 * USD, 25 * USD), 0.5) == 37 * USD
    (expected,) = expect([serve], autumn, {}).machines
    assert expected.rest(2, 0.0) == (49 * USD, 0)


def test_what_is_gone_costs_nothing_more():
    machines, ledger = company([("nlp", "g5.xlarge", USD, False, True, [5.0, 24.0, 1.0] * 13)])
    series = forecast_parts((), {}, ledger.days, ledger).series

    whole = bounded_outlook(series, 7 * USD, horizon=9, passed=0.3, own={}, most=most_per_day(machines, ledger, 9))

    assert (whole.lo95, whole.total, whole.hi95) == pytest.approx((7 * USD,) * 3)
