"""The forecast: the level of an ordinary day times days, plus what is known to change, with bounds and trust."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from statistics import median

from bot.domain.money.forecast.guard import Repaired, repair
from bot.domain.money.forecast.interval import (
    Quantiles,
    bounds,
    quantiles,
    quantiles_of_day,
    spread_of_day,
    spread_of_total,
    trust,
)
from bot.domain.money.forecast.records import Change, DailyHistory, Forecast, ForecastDay, SpendSeries, within_reach
from bot.domain.money.forecast.weekdays import FLAT, WeekShape, week_shape, without_shape

LEAST_KNOWN_DAYS = 3
"""With fewer days of history only what runs now says anything."""
FAR_DAYS = 60
"""Beyond this many days ahead a forecast is a planning range."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One series made ready: its level, its days without holes up to the common end, and the days ahead."""

    base: float
    values: tuple[float, ...]
    known: int
    means: tuple[float, ...]
    notes: tuple[str, ...]
    shape: WeekShape


def forecast(
    history: DailyHistory, *, horizon: int, changes: Sequence[Change] = (), run_rate: float | None = None
) -> Forecast:
    """Forecast the `horizon` days after the history's last one.

    A change dated inside the history is one already made: the days before it are moved by it, so the level is right
    from its first full day on. `run_rate` is the cost per day of what runs now, used below three days of history.
    Raises ValueError when `horizon` is negative.
    """
    return forecast_sum((SpendSeries(history, tuple(changes), run_rate),), horizon=horizon)


def forecast_sum(parts: Sequence[SpendSeries], *, horizon: int, own: Mapping[int, Quantiles] | None = None) -> Forecast:
    """Forecast a sum of series: forecasts are added, bounds are made anew from the summed days.

    The parts always add up to the sum, and its interval is narrower than theirs together. A part that begins later
    counts as zero before. `own` has quantiles of scored totals by horizon, see `interval.own_quantiles`.
    Raises ValueError when `horizon` is negative or the histories end on different days.
    """
    if horizon < 0:
        raise ValueError(f"a horizon of {horizon} days: expected 0 or more")
    ends = {part.history.end for part in parts}
    if len(ends) != 1:
        raise ValueError(f"histories of a sum end on the same day; got {len(ends)} different ends")
    made = [_made_ready(part, horizon) for part in parts]
    changes = {change for part in parts for change in part.changes if change.date <= _after(min(ends), horizon)}
    outlook = _bounded(made, min(ends), horizon, own or {})
    return replace(outlook, changes=tuple(sorted(changes, key=lambda change: (change.date, change.why, change.delta))))


def month_total(billed_so_far: float, rest: Forecast) -> Forecast:
    """What is billed plus the forecast of the rest: billed days are certain, so only the rest has a range."""

    def moved(amount: float | None) -> float | None:
        return None if amount is None else within_reach(amount + billed_so_far)

    return replace(
        rest,
        total=within_reach(rest.total + billed_so_far),
        lo80=moved(rest.lo80),
        hi80=moved(rest.hi80),
        lo95=moved(rest.lo95),
        hi95=moved(rest.hi95),
        billed=within_reach(rest.billed + billed_so_far),
    )


def ordinary_day(history: DailyHistory, run_rate: float | None = None) -> tuple[float, WeekShape]:
    """What an ordinary day costs, and what share of it each weekday does, where the last weeks prove a shape."""
    ready = _made_ready(SpendSeries(history, (), run_rate), 0)
    return ready.base, ready.shape


def _made_ready(part: SpendSeries, horizon: int) -> _Part:
    end, plain = part.history.end, repair(part.history)
    made = [change for change in part.changes if change.date <= end]
    settled = repair(part.history, made) if made else plain
    shape = _shape_of(part, settled, end)
    base, notes = _level_of(settled, end, shape) if part.level is None else part.level, settled.notes
    if plain.known < LEAST_KNOWN_DAYS:
        base = base if part.run_rate is None else max(0.0, within_reach(part.run_rate))
        source = "what runs now" if part.run_rate is not None else "the days there are"
        notes = (*notes, f"Only {plain.known} of the {LEAST_KNOWN_DAYS} days a range needs: taken from {source}.")
    prefix = f"{part.name}: " if part.name else ""
    level = _level_of(plain, end, shape) if plain.open_days else 0.0
    unread = [level * _share(shape, end, -number) for number in range(plain.open_days)][::-1]
    return _Part(
        base=base,
        # The spread is of what was seen: a step that we can explain was still a step, and another may come.
        values=(*plain.values, *unread),
        known=plain.known,
        means=_means(base, part, horizon, shape),
        notes=tuple(prefix + note for note in notes),
        shape=shape,
    )


def _shape_of(part: SpendSeries, settled: Repaired, end: date) -> WeekShape:
    """The shape of its week: given beside a level that was sought elsewhere, else sought in its days."""
    if part.level is not None:
        return part.shape
    return week_shape(settled.values, end - timedelta(days=settled.open_days))


def _level_of(repaired: Repaired, end: date, shape: WeekShape) -> float:
    return spend_level(without_shape(repaired.values, end - timedelta(days=repaired.open_days), shape))


def _share(shape: WeekShape, end: date, h: int) -> float:
    """What share of an ordinary day the `h`th day after the end is."""
    return shape[_after(end, h).weekday()]


def _means(base: float, part: SpendSeries, horizon: int, shape: WeekShape) -> tuple[float, ...]:
    end = part.history.end
    moves = [0.0] * horizon
    for change in part.changes:
        first = (change.date - end).days - 1
        if 0 <= first < horizon:
            moves[first] = within_reach(moves[first] + within_reach(change.delta))
    means, moved = [], 0.0
    for h, move in enumerate(moves, 1):
        moved = within_reach(moved + move)
        means.append(max(0.0, within_reach(base * _share(shape, end, h) + moved)))
    return tuple(means)


def _bounded(parts: Sequence[_Part], end: date, horizon: int, own: Mapping[int, Quantiles]) -> Forecast:
    means = [sum(column) for column in zip(*(part.means for part in parts), strict=True)]
    notes = tuple(note for part in parts for note in part.notes)
    known = max(part.known for part in parts)
    if known < LEAST_KNOWN_DAYS:
        days = tuple(ForecastDay(h, _after(end, h), mean, None, None, None, None) for h, mean in enumerate(means, 1))
        return Forecast(sum(means), None, None, None, None, days, "run-rate", notes)
    values, base = _summed([part.values for part in parts]), sum(part.base for part in parts)
    spread = spread_of_total(values, base * horizon, horizon)
    total_bounds = bounds(sum(means), spread, quantiles(known, horizon, own))
    per_day = spread_of_total(values, base, 1)
    rho = 0.0 if per_day == 0 else min(per_day / base if base > 0 else float("inf"), 1e6)
    if horizon > FAR_DAYS:
        notes = (*notes, f"{horizon} days ahead is a planning range, not a forecast.")
    shape = week_shape(values, end) if any(part.shape != FLAT for part in parts) else FLAT
    of_day = spread_of_day(without_shape(values, end, shape), base)
    days = _days(means, [of_day * _share(shape, end, h) for h in range(1, horizon + 1)], known, end)
    lo95, lo80, hi80, hi95 = total_bounds
    sure = trust(rho, known)
    return Forecast(sum(means), lo80, hi80, lo95, hi95, days, sure, notes, rho, spread=spread, known_days=known)


def _days(means: Sequence[float], spreads: Sequence[float], known: int, end: date) -> tuple[ForecastDay, ...]:
    days = []
    for h, (mean, spread) in enumerate(zip(means, spreads, strict=True), 1):
        lo95, lo80, hi80, hi95 = bounds(mean, spread, quantiles_of_day(known, h))
        days.append(ForecastDay(h, _after(end, h), mean, lo80, hi80, lo95, hi95))
    return tuple(days)


def _summed(parts: Sequence[Sequence[float]]) -> list[float]:
    """Day by day from the common end backwards; a part that begins later adds nothing before."""
    longest = max(len(part) for part in parts)
    padded = [[0.0] * (longest - len(part)) + list(part) for part in parts]
    return [sum(column) for column in zip(*padded, strict=True)]


def _after(end: date, h: int) -> date:
    """The day `h` days after `end`; the calendar's last day where it would run out."""
    return date.fromordinal(min(end.toordinal() + h, date.max.toordinal()))


ALPHAS = tuple(i / 20 for i in range(20, 0, -1))
"""From quick to slow: on a tie the quicker one wins, so a step in a flat series is followed at once."""
AHEAD_DAYS = (1, 7, 14, 30)
SPAN_DAYS = (7, 14, 30)
RECENT_DAYS = 28
PACE_DAYS = 14
SHORT_DAYS = 10
"""Below this many days the mean is as good as anything."""


def spend_level(values: Sequence[float]) -> float:
    """The level in the values' unit, never below zero; 0 for no values.

    From four weeks on the median of five that single bursts don't carry: exponential smoothing with the alpha that
    squared errors of the means ahead choose, and with that of absolute errors; the median of 28 days, the mean of 14,
    and the last day, by which a step is followed. From ten days on of three: two smoothings and a median.
    """
    if not values:
        return 0.0
    if len(values) < SHORT_DAYS:
        return max(0.0, sum(values) / len(values))
    recent = values[-RECENT_DAYS:]
    if len(recent) == RECENT_DAYS and min(recent) == max(recent):
        return max(0.0, recent[-1])  # steady for four weeks: no remnant of older days, so a dead team costs nothing
    smooth = {alpha: _smoothed(values, alpha) for alpha in ALPHAS}
    lasting = _best(smooth, _targets(values, AHEAD_DAYS), _by_squares)
    if len(values) < RECENT_DAYS:
        quick = _best(smooth, _targets(values, (1,)), _by_squares)
        return max(0.0, median((quick, lasting, median(recent))))
    steady = _best(smooth, _targets(values, SPAN_DAYS), _by_size)
    pace = sum(values[-PACE_DAYS:]) / PACE_DAYS
    return max(0.0, median((lasting, steady, median(recent), pace, values[-1])))


def _smoothed(values: Sequence[float], alpha: float) -> list[float]:
    """Simple exponential smoothing, started at the first value: the level after each day."""
    return list(accumulate(values, lambda level, value: level + alpha * (value - level)))


def _targets(values: Sequence[float], spans: Sequence[int]) -> list[list[float]]:
    """For each span of days, the means of so many days after each day that has them."""
    sums = [0.0, *accumulate(values)]
    return [
        [(sums[i + 1 + k] - sums[i + 1]) / k for i in range(len(values) - k)] for k in spans if len(values) >= k + 2
    ]


def _best(
    smooth: Mapping[float, list[float]],
    targets: Sequence[Sequence[float]],
    error: Callable[[Sequence[float], Sequence[float]], float],
) -> float:
    """The last level under the alpha whose levels came closest to the targets; errors of the spans are added up."""
    least, chosen = math.inf, 0.0
    for levels in smooth.values():
        missed = sum(error(levels, means) for means in targets)
        if missed < least * (1 - 1e-9):
            least, chosen = missed, levels[-1]
    return chosen


def _by_squares(levels: Sequence[float], means: Sequence[float]) -> float:
    return math.dist(levels[: len(means)], means) / math.sqrt(len(means))


def _by_size(levels: Sequence[float], means: Sequence[float]) -> float:
    return sum(abs(level - mean) for level, mean in zip(levels, means, strict=False)) / len(means)
