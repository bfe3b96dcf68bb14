"""Bounds made on totals: a spread from the history, times quantiles of the errors that real totals had.

Adding daily bounds would be three times too wide and independent days far too narrow, since a launch moves every
later day at once. So the errors of whole totals were collected over many series, each divided by its spread.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from bot.domain.money.forecast.records import Trust

Quantiles = tuple[float, float, float, float]
"""At 2.5, 10, 90 and 97.5 %."""

BY_HISTORY: dict[int, Quantiles] = {
    7: (-5.0, -1.3, 2.4, 9.0),
    14: (-3.5, -1.0, 1.2, 4.0),
    30: (-2.5, -0.56, 0.85, 3.0),
    60: (-2.5, -0.42, 0.75, 3.0),
}
"""Days of history -> quantiles of 30-day totals; 60 stands for 60 and more."""
BY_HORIZON: dict[int, Quantiles] = {
    7: (-1.5, -0.40, 0.45, 2.5),
    30: (-2.5, -0.42, 0.75, 3.0),
    90: (-5.0, -1.3, 1.8, 12.0),
}
"""Days ahead -> quantiles with 60 and more days of history."""
SPREAD_DAYS = 30
"""Pace and spread are those of the last month: a range that remembers longer is a third wider and covers no more."""
BANDS: tuple[tuple[float, Trust], ...] = ((0.25, "firm"), (0.7, "fair"), (1.2, "weak"))
"""Highest rho of each trust; the median errors of 30-day totals were 0, then 6 to 13, then 29 %, and 86 % beyond."""


def quantiles(known_days: int, horizon: int, own: Mapping[int, Quantiles] | None = None) -> Quantiles:
    """The table between its entries, along the logarithms of history and horizon; `own` goes before BY_HORIZON.

    Histories shorter than a week go on widening at the pace of the last two entries; horizons beyond the table use
    its edge. How a short history widens was measured at 30 days ahead and is taken to hold for the others.
    """
    short = _along(BY_HISTORY, min(max(known_days, 1), 60))
    ahead = _along({**BY_HORIZON, **(own or {})}, min(max(horizon, 7), 90))
    full = BY_HISTORY[60]
    widened = [a * s / f for a, s, f in zip(ahead, short, full, strict=True)]
    return widened[0], widened[1], widened[2], widened[3]


def _along(table: dict[int, Quantiles], at: int) -> Quantiles:
    knots = sorted(table)
    right = min(max(bisect_right(knots, at), 1), len(knots) - 1)
    low, high = knots[right - 1], knots[right]
    share = math.log(at / low) / math.log(high / low)
    between = [a + share * (b - a) for a, b in zip(table[low], table[high], strict=True)]
    return between[0], between[1], between[2], between[3]


def spread_of_total(values: Sequence[float], total: float, horizon: int) -> float:
    """S of a total: a tenth of the forecast and of the last 30 days' pace, plus how much weeks differ."""
    pace = horizon * abs(_mean(values[-SPREAD_DAYS:]))
    recent = values[-SPREAD_DAYS:]
    weeks = [sum(recent[i : i + 7]) / 7 for i in range(len(recent) - 6)]
    return 0.1 * (abs(total) + pace) + horizon * _deviation(weeks)


def spread_of_day(values: Sequence[float], mean: float) -> float:
    """S of a single day: as of a total, but by how much days differ, since nothing averages out."""
    return 0.1 * (abs(mean) + abs(_mean(values[-SPREAD_DAYS:]))) + _deviation(values[-SPREAD_DAYS:])


def quantiles_of_day(known_days: int, h: int) -> Quantiles:
    """Quantiles of the day `h` ahead: it lies as far off as the middle of a total of twice as many days."""
    return quantiles(known_days, 2 * h)


def bounds(amount: float, spread: float, at: Quantiles) -> Quantiles:
    """lo95, lo80, hi80, hi95 around an amount, none below zero."""
    lo95, lo80, hi80, hi95 = (max(0.0, amount + q * spread) for q in at)
    return lo95, lo80, hi80, hi95


def trust(rho: float, known_days: int) -> Trust:
    """How far a total with this spread by total can be trusted; under ten days of history never more than fair."""
    for highest, word in BANDS:
        if rho <= highest:
            return "fair" if word == "firm" and known_days < 10 else word
    return "range-only"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _deviation(values: Sequence[float]) -> float:
    """Population standard deviation; 0 for no values. `math.dist` neither overflows nor underflows."""
    return math.dist(values, [_mean(values)] * len(values)) / math.sqrt(len(values)) if values else 0.0


LEAST_TOTALS = 100
LEAST_GROUPS = 10
FLOOR = 0.25
"""Of the shipped quantiles, so much stays: what has not happened to a company yet still may."""
AT = (0.025, 0.10, 0.90, 0.975)

Scored = tuple[int, float]
"""The day a total begins, as a number, and its error by its spread: what came less what was expected."""


def own_quantiles(groups: Mapping[str, Sequence[Scored]], horizon: int) -> Quantiles | None:
    """Quantiles of the scored totals of this many days; None while there are too few."""
    kept = {name: apart for name, scored in groups.items() if (apart := _apart(scored, horizon))}
    if len(kept) < LEAST_GROUPS or sum(map(len, kept.values())) < LEAST_TOTALS:
        return None
    weighed = sorted((error, 1 / len(errors)) for errors in kept.values() for error in errors)
    lo95, lo80, hi80, hi95 = (_at(weighed, share * len(kept)) for share in AT)
    low95, low80, high80, high95 = (FLOOR * each for each in quantiles(60, horizon))
    return min(lo95, low95), min(lo80, low80), max(hi80, high80), max(hi95, high95)


def _apart(scored: Sequence[Scored], horizon: int) -> list[float]:
    """The errors of totals that share no day, from the oldest on."""
    found: list[float] = []
    free_from: int | None = None
    for day, error in sorted(scored):
        if free_from is None or day >= free_from:
            found.append(error)
            free_from = day + horizon
    return found


def _at(weighed: Sequence[tuple[float, float]], weight: float) -> float:
    """The error up to which this much weight lies."""
    passed = 0.0
    for error, own in weighed:
        passed += own
        if passed >= weight:
            return error
    return weighed[-1][0]
