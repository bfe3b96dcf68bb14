"""Days that are missing, absurd or only half billed: repaired before the level is sought, and said."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from bot.domain.money.forecast.records import Change, DailyHistory, within_reach

LONGEST_DAYS = 365
"""Days of history that are looked at; the error table holds for histories of up to a year."""
PARTIAL_SHARE = 0.6
"""A last day under this share of the week's median is taken for half billed, unless low days are usual."""
LOW_DAYS = 28
"""Low days among so many are usual: weekends, or machines that come and go."""
SURGE_TIMES = 10.0
"""A last day over this many times the week's median waits for a second day to confirm it."""
ABSURD_OVER_MAX = 1_000.0
ABSURD_OVER_MEDIAN = 10_000.0
ALONE_TIMES = 100.0
"""An absurd day stands alone: at least this many times each of its neighbours, unlike a burst of real work."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A history fit for use. The last `open_days` of the span are not in `values`: missing or not to be trusted."""

    values: tuple[float, ...]
    open_days: int
    known: int
    """Days really read, among `values`."""
    notes: tuple[str, ...]


def repair(history: DailyHistory, changes: Iterable[Change] = ()) -> Repaired:
    """Fill holes, leave out absurd days, drop a doubtful last day; earlier days are moved by `changes` already made."""
    readings = [_reading(value) for value in history.values[-LONGEST_DAYS:]]
    start = history.end - timedelta(days=len(readings) - 1)
    odd, notes = ([], []) if history.is_certain else _odd_days(readings, start)
    for i in odd:
        readings[i] = None
    filled, holes = _fill(readings)
    if holes > len(odd):
        notes.append(f"{_days(holes - len(odd))} without a reading, filled in from the days around.")
    open_days = _trailing(readings)
    values = _as_if_always(filled, history.end - timedelta(days=open_days), changes)
    known = sum(value is not None for value in readings)
    doubt = None if history.is_certain else _doubt_last(values, history.end - timedelta(days=open_days))
    if doubt:
        values, open_days, known = values[:-1], open_days + 1, known - 1
        notes.append(doubt)
    return Repaired(tuple(values), open_days, known, tuple(notes))


def _reading(value: float | None) -> float | None:
    return within_reach(value) if value is not None and math.isfinite(value) else None


def _trailing(readings: Sequence[float | None]) -> int:
    return next((i for i, value in enumerate(reversed(readings)) if value is not None), len(readings))


def _odd_days(readings: Sequence[float | None], start: date) -> tuple[list[int], list[str]]:
    odd, notes = [], []
    for i in range(len(readings) - 1):
        why = _absurd(readings, i) or _lone_zero(readings, i)
        if why:
            odd.append(i)
            notes.append(f"{_named(start + timedelta(days=i))} {why}.")
    return odd, notes


def _around(readings: Sequence[float | None], i: int, reach: int) -> list[float]:
    near = (*readings[max(0, i - reach) : i], *readings[i + 1 : i + 1 + reach])
    return [abs(value) for value in near if value is not None]


def _absurd(readings: Sequence[float | None], i: int) -> str | None:
    value = abs(readings[i] or 0.0)
    if value == 0 or any(value <= ALONE_TIMES * beside for beside in _around(readings, i, 1)):
        return None
    others = [other for other in _around(readings, i, 30) if other > 0]
    if len(others) < 3:
        return None
    usual = median(others)
    if value <= min(ABSURD_OVER_MAX * max(others), ABSURD_OVER_MEDIAN * usual):
        return None
    return f"is {_times(value, usual)} times the days around it: taken for a mistake and left out"


def _times(value: float, usual: float) -> str:
    times = value / max(usual, value / 1e9)
    return "over a hundred million" if times > 1e8 else f"{times:,.0f}"


def _lone_zero(readings: Sequence[float | None], i: int) -> str | None:
    if readings[i] != 0:
        return None
    near = _around(readings, i, 7)
    # Eight of fourteen: both sides have spoken. A weekly pause has another zero seven days off and is left as it is.
    if len(near) < 8 or min(near) == 0 or i == 0:
        return None
    return "reads zero amid daily spend: taken for a missing bill and filled in"


def _fill(readings: Sequence[float | None]) -> tuple[list[float], int]:
    """The span from the first to the last reading without holes, and how many holes there were."""
    known = [i for i, value in enumerate(readings) if value is not None]
    filled: list[float] = []
    holes = 0
    for i, after in pairwise(known):
        value, gap = readings[i] or 0.0, after - i - 1
        filled += [value, *[value / 2 + (readings[after] or 0.0) / 2] * gap]
        holes += gap
    filled += [readings[i] or 0.0 for i in known[-1:]]
    return filled, holes


def _as_if_always(values: list[float], end: date, changes: Iterable[Change]) -> list[float]:
    """Move the days before each change already made, as if it had always been so: the level is right at once."""
    made = [change for change in changes if change.date <= end]
    for change in made:
        before = len(values) - 1 - (end - change.date).days
        delta = within_reach(change.delta)
        for i in range(max(0, before)):
            values[i] = within_reach(max(values[i] + delta, min(values[i], 0.0)))
    return values


def _doubt_last(values: Sequence[float], last: date) -> str | None:
    if len(values) < 4:
        return None
    usual, yardstick = median(values[-8:-1]), "week's median"
    lowest = PARTIAL_SHARE * usual
    if usual <= 0:  # an idle week measures nothing, so the highest day ever does
        usual, yardstick, lowest = max(values[:-1]), "highest day before", -math.inf
    if usual <= 0 or lowest <= values[-1] <= SURGE_TIMES * usual:
        return None
    if values[-1] < lowest and _was_as_low(values, values[-1] / usual):
        return None
    share = values[-1] / usual
    seen = f"{share * 100:.0f} % of" if share < 1 else f"{_times(values[-1], usual)} times"
    return f"{_named(last)} is {seen} the {yardstick}: perhaps not its final bill, so left out for now."


def _was_as_low(values: Sequence[float], share: float) -> bool:
    """Whether a day of the last four weeks was as low beside the week before it."""
    for number in range(max(7, len(values) - 1 - LOW_DAYS), len(values) - 1):
        usual = median(values[number - 7 : number])
        if usual > 0 and values[number] <= share * usual:
            return True
    return False


def _named(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
