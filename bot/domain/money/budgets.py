"""Budgets per calendar month: where one stands, and what its people must hear, each thing once a month."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.domain.money.forecast.report import Range
from bot.domain.money.scope import Scope

BudgetMark = Literal["forecast", "warn", "full"]
"""Expected to be exceeded; spent to the percentage that the settings name; spent."""
LIKELY_OVER = 0.5
"""Less likely than this, a forecast over the budget is not told."""


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """One budget in one month, micro-dollars, by our own metering of rented machines."""

    scope: Scope
    month: date
    """Its first day."""
    budget_micros: int
    spent_micros: int
    expected: Range | None = None
    """The whole month; None where nothing is known to expect."""
    chance_over: float | None = None
    over_on: date | None = None
    asks: bool = False
    """Starts and launches beyond it need somebody's yes."""
    warn_percent: int = 80
    timezone: str = "UTC"
    """Of the month; one for all budgets, reports and forecasts."""
    since: date | None = None
    """The first day that is counted, where that is not the month's first: nobody looked before."""
    is_estimated: bool = False
    """So much of what is spent is at estimated rates that it may change a decision."""

    @property
    def percent(self) -> int:
        """Spent so far, of the budget, rounded down: 100 means that it is spent."""
        return self.spent_micros * 100 // self.budget_micros if self.budget_micros else 100 * bool(self.spent_micros)


def reached_marks(standing: BudgetStanding) -> tuple[BudgetMark, ...]:
    """What has come about, the gravest first."""
    likely = standing.expected is not None and standing.expected.micros > standing.budget_micros
    reached: dict[BudgetMark, bool] = {
        "full": standing.percent >= 100,
        "warn": standing.percent >= standing.warn_percent,
        "forecast": likely and (standing.chance_over or 0) >= LIKELY_OVER,
    }
    return tuple(mark for mark, is_reached in reached.items() if is_reached)


def gravest_news(reached: tuple[BudgetMark, ...], known: frozenset[str]) -> BudgetMark | None:
    """The one thing to tell: the gravest that is new this month, unless the budget is known to be spent.

    Whatever is reached with it needs no message of its own, so all of it is to be noted.
    """
    return None if "full" in known else next((mark for mark in reached if mark not in known), None)
