"""What the whole company means to spend, and when to say so."""

from decimal import Decimal

from pydantic import Field

from bot.settings.values import Budget, Table, Usd


class BudgetSettings(Table):
    """[budget]"""

    usd: Budget | None = Field(
        default=None, description="Budget of the whole company per calendar month, USD; none: the sum of the teams'"
    )
    warn_percent: int = Field(default=80, ge=10, le=99, description="Share of a budget at which its channel is told")
    unusual_usd: Usd = Field(
        default=Decimal(100), description="A day is unusual only if it cost so much more than expected, USD"
    )
