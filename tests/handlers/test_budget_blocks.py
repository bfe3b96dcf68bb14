"""Whatever teams and machines are called, what is said of budgets and savings is fit to send."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.forecast.report import Range
from bot.domain.money.savings import Saved, Savings
from bot.domain.money.scope import Scope
from bot.domain.money.unusual import MachineBehind, UnusualAnswer, UnusualDay
from handlers.blocks.money import budgets as budgets_blocks
from handlers.blocks.money import savings as savings_blocks
from handlers.blocks.parts import size
from tests.handlers.pieces import TEXTS, objections

MONTH = date(2026, 11, 1)
BIG = 10**15


def standing(text: str) -> BudgetStanding:
    expected = Range(BIG, BIG // 2, 2 * BIG)
    return BudgetStanding(
        Scope("team", text[:60] or "x"), MONTH, BIG // 3, BIG // 2, expected, 0.993, date(2026, 11, 30)
    )


def saved(text: str) -> Savings:
    kinds = ("stopped", "released", "shared")
    found = tuple(Saved(f"s{n}", text, text, kinds[n % 3], text, 10**9, 10**12) for n in range(40))
    return Savings(MONTH, date(2026, 11, 30), date(2026, 11, 23), found, BIG, 9)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("mark", ["forecast", "warn", "full"])
def test_what_a_channel_hears_of_a_budget_is_fit_to_send(text, mark):
    now = standing(text)

    for each in (now, replace(now, expected=None, chance_over=None, over_on=None), replace(now, scope=Scope())):
        assert objections(budgets_blocks.budget_told(each, mark)) == []
        assert objections(budgets_blocks.one_budget(each)) == []
        assert objections(budgets_blocks.budget_counted(each, "C0GPUS001")) == []


@pytest.mark.parametrize("text", TEXTS)
def test_many_budgets_are_fit_to_send(text):
    many = [replace(standing(text), scope=Scope("team", f"{number}{text[:50]}")) for number in range(200)]

    shown = budgets_blocks.all_budgets(many)

    assert objections(shown) == []
    assert size(shown.blocks) < 9_000
    for kind in ("team", "type", "instance", "total"):
        assert objections(budgets_blocks.no_budget("/cost", Scope(kind, text, text))) == []
    assert (
        objections(budgets_blocks.all_budgets(many[:1], [text] * 9))
        == objections(budgets_blocks.all_budgets([], [text]))
        == []
    )


@pytest.mark.parametrize("text", TEXTS)
def test_an_unusual_day_is_fit_to_send(text):
    behind = tuple(MachineBehind(f"i-{number}", text or "i", BIG, number * BIG // 9) for number in range(3))

    told = UnusualDay(Scope("team", text[:60]), MONTH, BIG, BIG, BIG, behind)
    answers = [UnusualAnswer("team:nlp", MONTH, is_expected, BIG, "U0ADA0001", 0) for is_expected in (True, False)]
    for answer in (None, *answers):
        assert objections(budgets_blocks.unusual(told, answer)) == []
    assert objections(budgets_blocks.unusual(UnusualDay(Scope(), MONTH, BIG, BIG, BIG))) == []


@pytest.mark.parametrize("text", TEXTS)
def test_savings_are_fit_to_send_and_tell_how_many_are_not_shown(text):
    told = saved(text)

    shown = savings_blocks.savings(told)

    assert objections(shown) == []
    assert objections(savings_blocks.savings_counted(told)) == []
    assert "20 smaller ones" in str(shown.blocks)
    assert objections(savings_blocks.savings(replace(told, found=(), wasted_micros_per_hour=0))) == []
    assert objections(savings_blocks.savings(replace(told, first=date(2026, 1, 1), last=date(2026, 12, 31)))) == []
