"""Between what a forecast can lie: never below what is spent already, nor beyond what a machine can cost by its rate.

Teams, types and everything have no such upper end, as machines may be launched; what the machines there are would cost
around the clock is told beside them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.money.forecast import Forecast, Quantiles, SpendSeries, forecast_sum, month_total
from bot.domain.money.forecast.known_spend import DailyLedger, RentedMachine
from bot.domain.money.forecast.report import Range

LEARNED_FROM = 60
"""With shorter histories ranges are wider by the table, so they tell nothing of the table's last row."""


def most_per_day(machines: Sequence[RentedMachine], ledger: DailyLedger, days: int) -> tuple[int, ...] | None:
    """What machines can cost on so many days from today on, around the clock; None where a price is not known."""
    there = [machine for machine in machines if not machine.gone]
    if any(machine.rate_micros is None for machine in there):
        return None
    lengths = ledger.lengths(days)
    most = {length: sum(machine.micros_in(length) for machine in there) for length in set(lengths)}
    return tuple(most[length] for length in lengths)


def still_to_come(most: Sequence[int], passed: float) -> int:
    """What of it is still to come, where some share of today has passed."""
    return round(most[0] * (1 - passed)) + sum(most[1:]) if most else 0


def bounded_outlook(
    series: Sequence[SpendSeries],
    spent: int,
    *,
    horizon: int,
    passed: float,
    own: Mapping[int, Quantiles],
    most: Sequence[int] | None = None,
) -> Forecast:
    """What is spent up to now, and so many days from today on; `most` limits what each of them can cost."""
    whole = _whole(forecast_sum(series, horizon=horizon, own=own), spent, passed)
    return whole if most is None else _capped(whole, most[:horizon], passed)


def _whole(rest: Forecast, spent: int, passed: float) -> Forecast:
    """Spent up to now plus the rest, of which today is the first day: what has passed of it is not expected again."""
    gone = rest.days[0].mean * passed
    share = 1 - passed / len(rest.days)
    total = rest.total - gone

    def bound(amount: float | None) -> float | None:
        return None if amount is None else max(0.0, total + (amount - rest.total) * share)

    to_come = replace(
        rest,
        total=total,
        lo80=bound(rest.lo80),
        hi80=bound(rest.hi80),
        lo95=bound(rest.lo95),
        hi95=bound(rest.hi95),
        days=(replace(rest.days[0], mean=rest.days[0].mean - gone), *rest.days[1:]),
    )
    return month_total(float(spent), to_come)


def _capped(whole: Forecast, most: Sequence[int], passed: float) -> Forecast:
    tops = [most[0] * (1 - passed), *map(float, most[1:])]
    highest = whole.billed + sum(tops)

    def cut(amount: float | None, top: float) -> float | None:
        return None if amount is None else min(amount, top)

    days = tuple(
        replace(
            day,
            mean=min(day.mean, top),
            lo80=cut(day.lo80, top),
            hi80=cut(day.hi80, top),
            lo95=cut(day.lo95, top),
            hi95=cut(day.hi95, top),
        )
        for day, top in zip(whole.days, tops, strict=True)
    )
    return replace(
        whole,
        total=min(whole.total, highest),
        lo80=cut(whole.lo80, highest),
        hi80=cut(whole.hi80, highest),
        lo95=cut(whole.lo95, highest),
        hi95=cut(whole.hi95, highest),
        days=days,
    )


def range_of(micros: int, whole: Forecast) -> Range:
    """The sum of its machines, within the bounds of their sum."""
    spread = whole.spread if whole.known_days >= LEARNED_FROM else None
    low, high, low95, high95 = (whole_micros(each) for each in (whole.lo80, whole.hi80, whole.lo95, whole.hi95))
    lows = (None if each is None else min(each, micros) for each in (low, low95))
    highs = (None if each is None else max(each, micros) for each in (high, high95))
    (lo80, lo95), (hi80, hi95) = lows, highs
    return Range(micros, lo80, hi80, lo95, hi95, whole_micros(spread))


def whole_micros(amount: float | None) -> int | None:
    """Rounded, where there is one."""
    return None if amount is None else round(amount)
