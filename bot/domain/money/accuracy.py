"""The record of our forecasts: how far off they were, how often their ranges held, and AWS's second opinion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

from bot.domain.clock import DAY_MS
from bot.domain.money.forecast import Quantiles, own_quantiles

Horizon = Literal["7d", "30d", "90d", "month"]
HORIZON_DAYS: dict[Horizon, int] = {"7d": 7, "30d": 30, "90d": 90}
LEAST_DAYS_TO_COME = 10
"""A month is scored where at least so many of its days were still to come: near its end anybody is right."""
FEW_SCORES = 10
"""With fewer scored forecasts a record says little."""


@dataclass(frozen=True, slots=True)
class Score:
    """One forecast and what came."""

    scope: str
    made_at: int
    horizon: Horizon
    expected_micros: int
    lo80_micros: int | None = None
    hi80_micros: int | None = None
    lo95_micros: int | None = None
    hi95_micros: int | None = None
    spread_micros: int | None = None
    actual_micros: int | None = None
    """None where it can't be told: nobody looked on some of the days."""

    @property
    def error(self) -> float | None:
        """How far off, of what came; None where nothing came or nobody knows."""
        if not self.actual_micros:
            return None
        return (self.expected_micros - self.actual_micros) / self.actual_micros


@dataclass(frozen=True, slots=True)
class RangeRecord:
    """How often a range held."""

    right: int
    of: int


@dataclass(frozen=True, slots=True)
class ForecastRecord:
    """The forecasts of one horizon."""

    horizon: Horizon
    scored: int
    median_error: float | None
    """Of what came, whichever way; None where nothing could be compared."""
    lean: float | None
    """The median with its sign: above 0 they were too high."""
    in80: RangeRecord
    in95: RangeRecord

    @property
    def is_few(self) -> bool:
        """Too few to say much."""
        return self.scored < FEW_SCORES


def forecast_record(scores: Sequence[Score], horizon: Horizon) -> ForecastRecord:
    """The record of one horizon; forecasts that can't be compared are left out."""
    chosen = [score for score in scores if score.horizon == horizon and score.actual_micros is not None]
    errors = [score.error for score in chosen if score.error is not None]
    return ForecastRecord(
        horizon,
        len(chosen),
        median(map(abs, errors)) if errors else None,
        median(errors) if errors else None,
        _held([(score.lo80_micros, score.hi80_micros, score.actual_micros) for score in chosen]),
        _held([(score.lo95_micros, score.hi95_micros, score.actual_micros) for score in chosen]),
    )


def quantiles_by_horizon(scores: Sequence[Score]) -> dict[int, Quantiles]:
    """The company's own quantiles, by horizon, as far as there are enough scores; single machines are no groups."""
    found = {}
    for horizon, days in HORIZON_DAYS.items():
        groups: dict[str, list[tuple[int, float]]] = {}
        for score in scores:
            known = score.actual_micros is not None and score.spread_micros
            if score.horizon == horizon and known and not score.scope.startswith("instance:"):
                error = ((score.actual_micros or 0) - score.expected_micros) / (score.spread_micros or 1)
                groups.setdefault(score.scope, []).append((score.made_at // DAY_MS, error))
        quantiles = own_quantiles(groups, days)
        if quantiles is not None:
            found[days] = quantiles
    return found


def _held(ranges: Sequence[tuple[int | None, int | None, int | None]]) -> RangeRecord:
    known = [(low, high, came) for low, high, came in ranges if None not in (low, high, came)]
    return RangeRecord(sum((low or 0) <= (came or 0) <= (high or 0) for low, high, came in known), len(known))


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """For all machines of EC2, on the bill's terms; AWS knows nothing of claims, bookings or on-hours."""

    first: date
    last: date
    """Days it is for, UTC, both counted."""
    asked_at: int
    micros: int
    lo80_micros: int | None = None
    hi80_micros: int | None = None
