"""What the whole company means to spend, and when to say so."""

from decimal import Decimal

from pydantic import Field

from bot.settings.values import Budget, BudgetScope, Month, Table, Usd


class BudgetSettings(Table):
    """[budget]"""

    usd: Budget | None = Field(
        default=None, description="Budget of the whole company per calendar month, USD; none: the sum of the teams'"
    )
    warn_percent: int = Field(default=80, ge=10, le=99, description="Share of a budget at which its channel is told")
    unusual_usd: Usd = Field(
        default=Decimal(100), description="A day is unusual only if it cost so much more than expected, USD"
    )


class ScopedBudgetSettings(Table):
    """[[budgets]]"""

    scope: BudgetScope = Field(
        description="What it is for: `team nlp`, `type p4d.24xlarge`, `instance train-7`, or `total`"
    )
    usd: Budget = Field(description="Budget per calendar month, USD; before `budget_usd` and `usd` under [budget]")
    month: Month = Field(default="", description="The one month it is for, such as 2026-12; none: every month")

    @property
    def parts(self) -> tuple[str, str]:
        """Its kind and its name."""
        kind, _, name = self.scope.partition(" ")
        return kind, name


def twice(budgets: tuple[ScopedBudgetSettings, ...]) -> str:
    """The first scope that has two budgets for the same months; empty for none."""
    seen = set()
    for each in budgets:
        key = each.scope, each.month
        if key in seen:
            return f"{each.scope} {each.month}".strip()
        seen.add(key)
    return ""
