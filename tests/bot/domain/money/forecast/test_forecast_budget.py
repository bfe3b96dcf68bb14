from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money.forecast import DailyHistory, chance_over, first_day_over, forecast, month_total

MONDAY = date(2026, 3, 2)
STEADY = DailyHistory(MONDAY, (100.0,) * 60)
OUTLOOK = forecast(STEADY, horizon=30)


@pytest.mark.parametrize(
    ("bound", "chance"), [("lo95", 0.975), ("lo80", 0.9), ("total", 0.5), ("hi80", 0.1), ("hi95", 0.025)]
)
def test_the_chance_meets_the_bounds(bound, chance):
    assert chance_over(OUTLOOK, getattr(OUTLOOK, bound)) == pytest.approx(chance)


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_a_larger_budget_is_never_likelier_to_be_exceeded(one, other):
    less, more = sorted((one, other))

    assert 1 >= chance_over(OUTLOOK, less) >= chance_over(OUTLOOK, more) >= 0


def test_far_above_the_range_a_small_chance_is_left():
    assert 0 < chance_over(OUTLOOK, 2 * OUTLOOK.hi95) < 0.025


def test_what_is_billed_is_certainly_exceeded():
    whole = month_total(5_000.0, OUTLOOK)

    assert chance_over(whole, 4_999) == 1
    assert chance_over(whole, 5_000 + OUTLOOK.hi80) == pytest.approx(0.1)


def test_a_month_that_is_over_is_over_budget_or_not():
    whole = month_total(3_000.0, forecast(STEADY, horizon=0))

    assert chance_over(whole, 3_000) == 0
    assert chance_over(whole, 2_999) == 1


def test_without_a_range_the_chance_is_unknown():
    assert chance_over(forecast(DailyHistory(MONDAY, ()), horizon=30, run_rate=10.0), 200) is None


def test_the_first_day_over_budget_counts_what_is_billed():
    whole = month_total(1_000.0, OUTLOOK)

    assert first_day_over(whole, 1_250) == STEADY.end + timedelta(days=3)
    assert first_day_over(whole, 4_000) is None
