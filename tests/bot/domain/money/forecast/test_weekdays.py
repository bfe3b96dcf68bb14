"""Weekdays that cost nothing on weekends, and those that only seem to."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.money.forecast import DailyHistory, forecast, ordinary_day
from bot.domain.money.forecast.weekdays import FLAT, week_shape
from bot.domain.money.scope import Scope
from bot.domain.money.unusual import judge_unusual
from tests.examples import examples

MONDAY = date(2026, 3, 2)
WORKING_WEEK = [100.0] * 5 + [0.0] * 2
TWELVE_WEEKS = WORKING_WEEK * 12


def history(values):
    return DailyHistory(MONDAY, tuple(values))


@pytest.mark.parametrize("short", range(7))
def test_weekends_of_a_weekday_only_series_are_forecast_at_nothing(short):
    days = TWELVE_WEEKS[: len(TWELVE_WEEKS) - short]

    outlook = forecast(history(days), horizon=28)

    for day in outlook.days:
        assert day.mean == pytest.approx(0.0 if day.date.weekday() > 4 else 100.0)
    assert outlook.total == pytest.approx(2_000.0)
    assert {(day.lo95, day.hi95) for day in outlook.days if day.date.weekday() > 4} == {(0.0, 0.0)}


def test_a_shape_needs_eight_weeks():
    assert week_shape(WORKING_WEEK * 7, MONDAY - timedelta(days=1)) == FLAT
    assert week_shape(WORKING_WEEK * 8, MONDAY - timedelta(days=1)) == pytest.approx((1.4,) * 5 + (0.0,) * 2)


def test_a_burst_a_week_on_changing_days_is_no_shape():
    values = [0.0] * 84
    for week, day in enumerate((0, 3, 5, 1, 6, 2, 4, 0, 5, 3, 1, 6)):
        values[7 * week + day] = 700.0

    assert ordinary_day(history(values))[1] == FLAT


def test_a_week_off_does_not_hide_the_shape():
    values = [*WORKING_WEEK * 9, *[0.0] * 7, *WORKING_WEEK * 2]

    assert forecast(history(values), horizon=6).days[5].mean == 0.0


def test_a_saturday_that_costs_after_free_weekends_is_unusual():
    saturday = MONDAY + timedelta(days=84 + 5)
    past = history([each * 1e6 for each in [*TWELVE_WEEKS, *[100.0] * 5]])

    seen = judge_unusual(Scope(), past, saturday, 500_000_000, least=50_000_000)

    assert seen is not None
    assert (seen.expected_micros, seen.bound_micros) == (0, 0)


def test_a_monday_after_a_weekend_is_not_unusual():
    monday = MONDAY + timedelta(days=84)
    past = history([each * 1e6 for each in TWELVE_WEEKS])

    assert judge_unusual(Scope(), past, monday, 100_000_000, least=50_000_000) is None


@settings(max_examples=examples(60))
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e290, 1e290), st.sampled_from([0.0, 100.0, 5e-324])), max_size=200),
    st.integers(0, 40),
)
def test_whatever_the_days_the_parts_are_finite_and_in_order(values, horizon):
    outlook = forecast(history(values or [None]), horizon=horizon)

    for day in outlook.days:
        assert 0.0 <= day.mean < float("inf")
        if day.lo95 is not None:
            assert 0.0 <= day.lo95 <= day.lo80 <= day.hi80 <= day.hi95 < float("inf")


@settings(max_examples=examples(60))
@given(st.lists(st.sampled_from([0.0, 1.0, 50.0, 100.0]), min_size=7, max_size=7), st.integers(0, 6))
def test_a_week_that_repeats_is_forecast_as_it_was(week, left_out):
    values = (week * 10)[: 70 - left_out]

    outlook = forecast(history(values), horizon=14)

    if ordinary_day(history(values))[1] != FLAT:
        for day in outlook.days:
            assert day.mean == pytest.approx(week[day.date.weekday()], abs=16.0)
