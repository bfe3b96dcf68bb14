"""Each thing is told once a month, the gravest alone; and a day is unusual only far outside its own interval."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.money.budgets import BudgetStanding, gravest_news, reached_marks
from bot.domain.money.forecast import DailyHistory
from bot.domain.money.forecast.report import Range
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.scope import Scope
from bot.domain.money.unusual import (
    LEAST_HISTORY_DAYS,
    UnusualAnswer,
    UnusualDay,
    is_news,
    judge_unusual,
    machines_behind,
)
from store.records import json_text, of_json_text

TEAM = Scope("team", "nlp")
MONTH = date(2026, 11, 1)


def standing(spent, expected=None, chance=None, budget=100):
    return BudgetStanding(TEAM, MONTH, budget, spent, Range(expected) if expected is not None else None, chance)


def test_a_budget_is_reached_at_its_percentages_and_never_a_micro_dollar_early():
    assert reached_marks(standing(79)) == ()
    assert reached_marks(standing(80)) == ("warn",)
    assert reached_marks(standing(99)) == ("warn",)
    assert reached_marks(standing(100)) == ("full", "warn")


def test_a_forecast_counts_from_an_even_chance_on():
    assert reached_marks(standing(1, 101, 0.49)) == ()
    assert reached_marks(standing(1, 101, 0.5)) == ("forecast",)
    assert reached_marks(standing(1, 101)) == (), "without an interval nobody can say how likely it is"


def test_a_budget_of_nothing_is_spent_with_the_first_micro_dollar():
    assert reached_marks(standing(0, budget=0)) == ()
    assert reached_marks(standing(1, budget=0)) == ("full", "warn")


def test_a_forecast_over_it_is_still_told_after_eighty_percent_but_not_after_all():
    assert gravest_news(("warn", "forecast"), frozenset({"warn"})) == "forecast"
    assert gravest_news(("full", "warn", "forecast"), frozenset({"full"})) is None


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 200), st.floats(0, 1)), max_size=40))
def test_a_month_has_three_messages_at_most_and_none_twice(days):
    known: frozenset[str] = frozenset()
    told = []
    for spent, expected, chance in days:
        reached = reached_marks(standing(spent, expected, chance))
        mark = gravest_news(reached, known)
        known |= set(reached)
        told += [mark] if mark else []

    assert len(told) == len(set(told)) <= 3
    assert "full" not in told[:-1], "after the last word there is none"


def test_a_standing_survives_the_store():
    kept = BudgetStanding(TEAM, MONTH, 100, 80, Range(90, 85, 95), 0.1, date(2026, 11, 28), asks=True)

    assert of_json_text(BudgetStanding, json_text(kept)) == kept


def day_after(values, micros, least=100 * MICROS_PER_USD):
    past = DailyHistory(date(2026, 10, 1), tuple(float(value) for value in values))
    return judge_unusual(TEAM, past, past.end + timedelta(days=1), micros, least=least)


def test_a_day_ten_times_as_dear_is_unusual_and_a_little_more_is_not():
    steady = [1_000 * MICROS_PER_USD] * 30

    assert day_after(steady, 10_000 * MICROS_PER_USD) is not None
    assert day_after(steady, 1_200 * MICROS_PER_USD) is None


def test_small_money_is_never_unusual():
    assert day_after([MICROS_PER_USD] * 30, 90 * MICROS_PER_USD) is None


def test_with_two_weeks_or_less_nothing_is_unusual():
    assert day_after([1_000 * MICROS_PER_USD] * (LEAST_HISTORY_DAYS - 1), 90_000 * MICROS_PER_USD) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=20, max_size=60), st.integers(0, 20_000))
def test_an_unusual_day_is_always_beyond_its_bound_and_its_least(values, micros):
    found = day_after([value * MICROS_PER_USD for value in values], micros * MICROS_PER_USD)

    if found is not None:
        assert found.micros > found.bound_micros
        assert found.micros - found.expected_micros >= 100 * MICROS_PER_USD


def test_the_machines_behind_it_are_those_that_cost_more_than_they_do():
    found = machines_behind({"a": 900, "b": 500, "c": 10, "d": 51}, {"a": 100, "b": 500, "d": 50}, {"a": "train-1"})

    assert [(each.name, each.micros, each.usual_micros) for each in found] == [("train-1", 900, 100)]


def test_a_new_height_is_told_once_a_week_unless_it_goes_higher_still():
    first = UnusualDay(TEAM, date(2026, 11, 2), 1_000, 100, 200)

    assert is_news(first, None)
    assert not is_news(UnusualDay(TEAM, date(2026, 11, 3), 1_100, 100, 200), first)
    assert is_news(UnusualDay(TEAM, date(2026, 11, 3), 1_300, 100, 200), first)
    assert is_news(UnusualDay(TEAM, date(2026, 11, 10), 1_000, 100, 200), first)


@pytest.mark.parametrize(
    ("is_expected", "days", "micros", "told"),
    [
        (True, 30, 1_250, False),
        (True, 90, 1_000, False),
        (True, 91, 1_000, True),
        (True, 30, 1_251, True),
        (False, 1, 900, True),
        (False, 30, 900, True),
    ],
)
def test_what_people_said_of_a_day_decides_of_days_like_it(is_expected, days, micros, told):
    first = UnusualDay(TEAM, date(2026, 11, 2), 1_000, 100, 200)
    said = UnusualAnswer(TEAM.text, first.day, is_expected, 1_000, "U0ADA0001", 0)
    later = UnusualDay(TEAM, first.day + timedelta(days=days), micros, 100, 200)

    assert is_news(later, first, [said]) is told
