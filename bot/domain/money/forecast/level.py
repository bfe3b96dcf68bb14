"""The spend of an ordinary day from its history: it follows steps quickly, ignores spikes, and has no trend."""

import math
from collections.abc import Sequence
from itertools import accumulate
from statistics import median

ALPHAS = tuple(i / 20 for i in range(20, 0, -1))
"""From quick to slow: on a tie the quicker one wins, so a step in a flat series is followed at once."""
AHEAD = (1, 7, 14, 30)
RECENT = 28
SHORT = 10
"""Below this many days the mean is as good as anything."""


def level(values: Sequence[float]) -> float:
    """The level in the values' unit, never below zero; 0 for no values.

    From ten days on: the median of two exponential smoothings (alpha chosen for the next day, alpha chosen for the
    means of the next 1, 7, 14 and 30 days) and of the median of the last 28 days.
    """
    if not values:
        return 0.0
    if len(values) < SHORT:
        return max(0.0, sum(values) / len(values))
    recent = values[-RECENT:]
    if len(recent) == RECENT and min(recent) == max(recent):
        return max(0.0, recent[-1])  # steady for four weeks: no remnant of older days, so a dead team costs nothing
    smooth = {alpha: _smoothed(values, alpha) for alpha in ALPHAS}
    quick = _best(smooth, {1: _means_ahead(values, 1)})
    lasting = _best(smooth, {k: _means_ahead(values, k) for k in AHEAD if len(values) >= k + 2})
    return max(0.0, median((quick, lasting, median(recent))))


def _smoothed(values: Sequence[float], alpha: float) -> list[float]:
    """Simple exponential smoothing, started at the first value: the level after each day."""
    return list(accumulate(values, lambda level, value: level + alpha * (value - level)))


def _means_ahead(values: Sequence[float], k: int) -> list[float]:
    """For each day that has k days after it, their mean."""
    return [sum(values[i + 1 : i + 1 + k]) / k for i in range(len(values) - k)]


def _best(smooth: dict[float, list[float]], targets: dict[int, list[float]]) -> float:
    """The last level under the alpha whose levels came closest to the targets (root mean squares, added up)."""
    least, chosen = math.inf, 0.0
    for levels in smooth.values():
        error = sum(math.dist(levels[: len(means)], means) / math.sqrt(len(means)) for means in targets.values())
        if error < least * (1 - 1e-9):
            least, chosen = error, levels[-1]
    return chosen
