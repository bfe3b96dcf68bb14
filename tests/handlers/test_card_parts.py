"""What cards say of budgets: before, at and beyond the end of one."""

import pytest

from bot.domain.acting.actions import Action, OverBudget, StartFacts
from bot.domain.clock import HOUR_MS
from bot.domain.money.rates import MICROS_PER_USD
from handlers.blocks.acting import card_parts as card_parts_blocks


@pytest.mark.parametrize(
    ("spent", "rate", "said"),
    [
        (900, 50, "The company has spent $900 of its $1,000 budget this month."),
        (950, 50, "The company has spent $950 of its $1,000 budget this month."),
        (960, 50, "This takes the company $10.00 over its budget this month ($960 of $1,000 spent)."),
        (1_000, 50, "This takes the company $50.00 over its budget this month ($1,000 of $1,000 spent)."),
        (2_593, 50, "The company is already $1,593 over its budget this month ($2,593 of $1,000); this adds $50.00."),
        (1_200, None, "The company is already $200 over its budget this month ($1,200 of $1,000)."),
        (900, None, "The company has spent $900 of its $1,000 budget this month."),
    ],
)
def test_a_budget_that_is_over_already_is_not_taken_over(spent, rate, said):
    micros = None if rate is None else rate * MICROS_PER_USD
    others = (OverBudget("the company", spent * MICROS_PER_USD, 1_000 * MICROS_PER_USD),)
    facts = StartFacts(name="train-7", type="p4d.24xlarge", region="us-east-1", rate_micros=micros, over=others)
    action = Action("a", "start", "i-1", None, "U0ADA", "nlp", "pending", 0, 0, facts, length=HOUR_MS)

    assert card_parts_blocks.budget_line(action) == said
