"""A forecast held against a budget: how likely it is exceeded, and from which day."""

import math
from datetime import date

from bot.domain.money.forecast.records import Forecast


def chance_over(forecast: Forecast, budget: float) -> float | None:
    """The chance, 0 to 1, that the total exceeds the budget; None where the forecast has no interval.

    Read off the same quantiles as the interval, straight between them; beyond the 95 % bounds the chance fades at the
    pace of the last two, so it never reaches 0 or 1 while anything is uncertain.
    """
    lo95, lo80, hi80, hi95 = forecast.lo95, forecast.lo80, forecast.hi80, forecast.hi95
    if budget < forecast.billed:
        return 1.0
    if lo95 is None or lo80 is None or hi80 is None or hi95 is None:
        return None
    if hi95 <= lo95:
        return float(forecast.total > budget)
    if budget < lo95:
        return 1 - 0.025 * _fade(lo95 - budget, lo80 - lo95)
    if budget >= hi95:
        return 0.025 * _fade(budget - hi95, hi95 - hi80)
    known = ((lo95, 0.975), (lo80, 0.9), (forecast.total, 0.5), (hi80, 0.1), (hi95, 0.025))
    left = max(i for i in range(4) if known[i][0] <= budget)
    (low, more), (high, less) = known[left], known[left + 1]
    return more + (less - more) * (budget - low) / (high - low)


def _fade(beyond: float, step: float) -> float:
    """From 1 at the bound downwards: a quarter per `step`, as from 10 to 2.5 % between the two bounds."""
    return 0.0 if step <= 0 else math.exp(-min(beyond / step, 100.0) * math.log(4))


def first_day_over(forecast: Forecast, budget: float) -> date | None:
    """The first day ahead at whose end the expected spend, with what is billed, exceeds the budget; None if never."""
    spent = forecast.billed
    for day in forecast.days:
        spent += day.mean
        if spent > budget:
            return day.date
    return None
