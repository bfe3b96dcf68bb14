"""A shape of the week, where the last weeks prove one: what a weekday costs as a share of an ordinary day.

A shape that chance could have made would do more harm than good, so it counts only where each week is foretold by the
others: their median shape must miss it by less than half of what a flat week misses it by.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median

WEEKS = 8
LEAST_WEEKS = 6
"""Of the last eight: a week that cost nothing has no shape."""
PROOF = 0.5
LEAST_EXPLAINED = 0.15
"""A day that is less of an ordinary one than this says nothing of an ordinary one's level."""
FLAT = (1.0,) * 7

WeekShape = tuple[float, ...]
"""By weekday from Monday on; seven shares with a mean of 1."""


def week_shape(values: Sequence[float], last: date) -> WeekShape:
    """The shape of the week, from days of which the last is `last`; FLAT where none is proved."""
    weeks = [values[len(values) - 7 * n : len(values) - 7 * (n - 1)] for n in range(1, WEEKS + 1)]
    shares = [
        [day / total for day in week]
        for week in weeks
        if len(week) == 7 and min(week) >= 0 and (total := sum(week)) > 0
    ]
    if len(values) < 7 * WEEKS or len(shares) < LEAST_WEEKS:
        return FLAT
    foretold = [_median_week(shares[:number] + shares[number + 1 :]) for number in range(len(shares))]
    missed = sum(_apart(week, guess) for week, guess in zip(shares, foretold, strict=True))
    missed_flat = sum(_apart(week, [1 / 7] * 7) for week in shares)
    if missed >= PROOF * missed_flat:
        return FLAT
    by_place = [7 * share for share in _median_week(shares)]
    first = (last - timedelta(days=6)).weekday()
    return tuple(by_place[(weekday - first) % 7] for weekday in range(7))


def _median_week(shares: Sequence[Sequence[float]]) -> list[float]:
    """The median share of each day, so that the week adds up to one."""
    days = [median(day) for day in zip(*shares, strict=True)]
    total = sum(days)
    return [day / total for day in days] if total > 0 else [1 / 7] * 7


def _apart(week: Sequence[float], guess: Sequence[float]) -> float:
    return sum(abs(day - told) for day, told in zip(week, guess, strict=True))


def without_shape(values: Sequence[float], last: date, shape: WeekShape) -> list[float]:
    """The days as if each were an ordinary one; those that say nothing of one are left out."""
    first = last.toordinal() - len(values) + 1
    shares = [shape[date.fromordinal(max(1, first + number)).weekday()] for number in range(len(values))]
    return [value / share for value, share in zip(values, shares, strict=True) if share >= LEAST_EXPLAINED]
