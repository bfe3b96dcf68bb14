"""Measures forecasts: scores those that were kept once their days are over, and asks AWS for a second opinion."""

import logging
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from bot.billing.bill import Bill
from bot.billing.cost_explorer import CostExplorer
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import ONE_DAY, day_start, local_day, month_end
from bot.domain.money.accuracy import (
    HORIZON_DAYS,
    LEAST_DAYS_TO_COME,
    ForecastRecord,
    Horizon,
    Score,
    SecondOpinion,
    forecast_record,
    quantiles_by_horizon,
)
from bot.domain.money.bill import utc_day
from bot.domain.money.forecast.report import ForecastReport, Range
from bot.domain.money.scope import Scope
from bot.errors import Refused, ValetError, answering
from bot.services.context import Context
from bot.services.money.forecast_inputs import LOOK_BACK_DAYS, ForecastInputs, days_metered, gather_inputs, rows_of
from store.money import accuracy as stored_accuracy
from store.money import bill as stored_bill

SETTLED_MS = 2 * HOUR_MS
"""So long after midnight every charge of a day is written."""
KEEP_FORECASTS_MS = 130 * DAY_MS
"""A forecast's content is kept until its 90 days are over, and then some."""
HORIZONS: tuple[Horizon, ...] = ("7d", "30d", "90d", "month")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The record of a scope, and of all teams together where it is asked for everything."""

    scope: Scope
    records: tuple[ForecastRecord, ...]
    teams: tuple[ForecastRecord, ...]
    first_made: int | None
    """When the oldest forecast was made that is not forgotten; None without any."""
    own: tuple[int, ...]
    """Horizons whose ranges follow from the company's own record, days."""


def score_due(ctx: Context) -> None:
    """Score what is due; run it every hour, or more often."""
    zone, now = ZoneInfo(ctx.settings.digest.timezone), ctx.clock()
    today = local_day(now - SETTLED_MS, zone)
    db, oldest = ctx.store.reading(), now - LOOK_BACK_DAYS * DAY_MS
    due = [
        (horizon, *each)
        for horizon in HORIZONS
        for each in stored_accuracy.unscored(db, horizon, oldest, _over_before(horizon, today, zone))
    ]
    inputs = gather_inputs(ctx) if due else None
    found = [_scored(horizon, scope, made_at, report, inputs) for horizon, scope, made_at, report in due if inputs]
    with ctx.store.writing() as db:
        stored_accuracy.add(db, found)
        stored_accuracy.prune_forecasts(db, now - KEEP_FORECASTS_MS)


def _over_before(horizon: Horizon, today: date, zone: ZoneInfo) -> int:
    """Forecasts made before this instant are of days that are over."""
    if horizon == "month":
        return day_start(today.replace(day=1), zone)
    return day_start(today - (HORIZON_DAYS[horizon] - 1) * ONE_DAY, zone)


def _scored(horizon: Horizon, scope: str, made_at: int, report: ForecastReport | None, inputs: ForecastInputs) -> Score:
    if report is None:
        return Score(scope, made_at, horizon, 0)  # nothing can be told of it, and it is not tried again
    said, last = _said(report, horizon)
    first = report.today if horizon != "month" else report.today.replace(day=1)
    late = horizon == "month" and (last - report.today).days + 1 < LEAST_DAYS_TO_COME
    came = None if late else _came(report.scope, first, last, inputs)
    return Score(
        scope=scope,
        made_at=made_at,
        horizon=horizon,
        expected_micros=said.micros,
        lo80_micros=said.lo_micros,
        hi80_micros=said.hi_micros,
        lo95_micros=said.lo95_micros,
        hi95_micros=said.hi95_micros,
        spread_micros=said.spread_micros,
        actual_micros=came,
    )


def _said(report: ForecastReport, horizon: Horizon) -> tuple[Range, date]:
    if horizon == "month":
        return report.month, month_end(report.today)
    return report.next(HORIZON_DAYS[horizon]), report.today + (HORIZON_DAYS[horizon] - 1) * ONE_DAY


def _came(scope: Scope, first: date, last: date, inputs: ForecastInputs) -> int | None:
    """What the days came to; None where on one of them nobody looked."""
    days = [first + number * ONE_DAY for number in range((last - first).days + 1)]
    if not days_metered(scope, inputs).issuperset(days):
        return None
    return sum(row.micros for row in rows_of(scope, inputs) if first <= row.day <= last)


def accuracy_of(ctx: Context, scope: Scope) -> Accuracy:
    """The record of a scope's forecasts."""
    db = ctx.store.reading()
    found = [each for each in stored_accuracy.scores_of(db, scope.text) if each.scope == scope.text]
    teams = stored_accuracy.scores_of(db, "team:") if scope.kind == "total" else []
    return Accuracy(
        scope,
        tuple(forecast_record(found, horizon) for horizon in HORIZONS),
        tuple(forecast_record(teams, horizon) for horizon in HORIZONS) if teams else (),
        stored_accuracy.first_made(db, scope.text),
        tuple(quantiles_by_horizon(stored_accuracy.scores_of(db, ""))),
    )


log = logging.getLogger(__name__)
NO_REQUEST_LEFT = (
    "The bill itself needs all the requests that bill.requests_per_day allows; raise it, or lower looks_per_day."
)


def ask_second_opinion(ctx: Context, bill: Bill) -> None:
    """Ask, if the bill is Cost Explorer's and this UTC day has not been asked; a failure is kept for the day, too."""
    now, settings = ctx.clock(), ctx.settings.bill
    today, db = utc_day(now), ctx.store.reading()
    # the bill itself comes first: without one there is no history that AWS could tell anything from
    if (
        not isinstance(bill, CostExplorer)
        or stored_accuracy.was_asked(db, today)
        or not stored_bill.newest_look(db, bill.name, ok=True)
    ):
        return
    if not settings.leaves_one:
        with ctx.store.writing() as db:
            stored_accuracy.opinion_failed(db, today, now, NO_REQUEST_LEFT)
        log.warning("AWS is not asked for its forecast: %s", NO_REQUEST_LEFT)
        return

    def spend() -> None:
        with ctx.store.writing() as db:
            if not stored_bill.count_request(db, bill.name, today, settings.requests_per_day):
                raise Refused("No more paid requests are allowed today.")

    try:
        with answering(bill.name):
            found = bill.rest_of_month(now, spend)
    except ValetError as error:
        with ctx.store.writing() as db:
            stored_accuracy.opinion_failed(db, today, now, str(error))
        return
    with ctx.store.writing() as db:
        stored_accuracy.keep_opinion(db, today, found)


def second_opinion(ctx: Context) -> SecondOpinion | None:
    """What AWS expects of the rest of this month, if it was asked in it and today or yesterday."""
    found, today = stored_accuracy.newest_opinion(ctx.store.reading()), utc_day(ctx.clock())
    if found is None or found.last < today or (today - found.first).days > 1:
        return None
    return found
