"""What a forecast is made from and what it says."""

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from bot.domain.money.forecast.weekdays import FLAT, WeekShape

Trust = Literal["firm", "fair", "weak", "range-only", "run-rate"]

LARGEST_AMOUNT = 1e280
"""Amounts beyond this are cut to it, so that sums and products of any of them stay finite."""


def within_reach(amount: float) -> float:
    """The amount, cut to plus or minus LARGEST."""
    return min(max(amount, -LARGEST_AMOUNT), LARGEST_AMOUNT)


@dataclass(frozen=True, slots=True)
class DailyHistory:
    """One value per complete day from `start` on. None is a day without a reading; nan and inf count as None.

    Today is not over, so it does not belong here: see `before`.
    """

    start: date
    values: tuple[float | None, ...]
    is_certain: bool = False
    """It was metered whole: no day is doubted. Days of a bill may be missing, mistaken or not final."""

    @property
    def end(self) -> date:
        """The last day; the day before `start` when there are no values."""
        return self.start + timedelta(days=len(self.values) - 1)

    def before(self, day: date) -> "DailyHistory":
        """The same history up to the day before `day`: pass today, whose spend is still growing."""
        return replace(self, values=self.values[: max(0, (day - self.start).days)])


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the daily level known beforehand or already made: a planned stop, a launch, a new rate.

    `delta` counts per day from `date` on (negative for a stop). Raises ValueError when it is nan or infinite.
    """

    date: date
    delta: float
    why: str = ""
    """For people: "p4d-7 launched"."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.delta):
            raise ValueError(f"a change of {self.delta} a day: expected a finite number")


@dataclass(frozen=True, slots=True)
class SpendSeries:
    """One part of a sum: its history, what is known to change, and what runs now."""

    history: DailyHistory
    changes: tuple[Change, ...] = ()
    run_rate: float | None = None
    """Cost per day of what runs now; used while there are fewer than three days of history."""
    name: str = ""
    """Set before its notes when given."""
    level: float | None = None
    """An ordinary day, where that was sought elsewhere; None: it is sought in the history."""
    shape: WeekShape = FLAT
    """What share of it each weekday is; counts beside a `level` only."""


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """One day ahead, `h` days after the last day of history. Its bounds are its own and don't add up to a total's."""

    h: int
    date: date
    mean: float
    lo80: float | None
    hi80: float | None
    lo95: float | None
    hi95: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The total over the horizon and its days. Bounds are None where the history is too short for any."""

    total: float
    lo80: float | None
    hi80: float | None
    lo95: float | None
    hi95: float | None
    days: tuple[ForecastDay, ...]
    trust: Trust
    """How far to trust the total: "range-only" means not predictable, show the range; "run-rate" has no range."""
    notes: tuple[str, ...] = ()
    """Sentences for people: what was repaired or left out."""
    rho: float | None = None
    """Spread by total, both without the known changes: the figure behind `trust`."""
    changes: tuple[Change, ...] = ()
    """The known changes that shaped it, by date."""
    spread: float | None = None
    """What the bounds are multiples of; None without bounds."""
    known_days: int = 0
    """Days of history that were really read, of the longest part."""
    billed: float = 0.0
    """The part of `total` that is billed already and certain."""
