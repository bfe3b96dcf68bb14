"""What cards say of budgets: before, at and beyond the end of one."""

import pytest

from bot.domain.acting.actions import Action, OverBudget, StartFacts
from bot.domain.clock import HOUR_MS
from bot.domain.money.rates import MICROS_PER_USD
from handlers.blocks.acting import card_parts as card_parts_blocks


@pytest.mark.parametrize(
    ("spent", "rate", "said"),
    [
        (900, 50, "$900 of $1,000 spent this month"),
        (950, 50, "$950 of $1,000 spent this month"),
        (960, 50, "$960 of $1,000 spent this month; this takes it over, to $1,010"),
        (1_000, 50, "$1,000 of $1,000 spent this month; this takes it over, to $1,050"),
        (1_200, 50, "$1,200 of $1,000 spent this month; it is over already, and this takes it to $1,250"),
        (1_200, None, "$1,200 of $1,000 spent this month; it is over already"),
        (900, None, "$900 of $1,000 spent this month"),
    ],
)
def test_a_budget_that_is_over_already_is_not_taken_over(spent, rate, said):
    micros = None if rate is None else rate * MICROS_PER_USD
    others = (OverBudget("the company", spent * MICROS_PER_USD, 1_000 * MICROS_PER_USD),)
    facts = StartFacts(name="train-7", type="p4d.24xlarge", region="us-east-1", rate_micros=micros, over=others)
    action = Action("a", "start", "i-1", None, "U0ADA", "nlp", "pending", 0, 0, facts, length=HOUR_MS)

    assert card_parts_blocks.budget(action) == f"Budget of the company: {said}."
