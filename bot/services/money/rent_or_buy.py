"""`/cost rent-or-buy`: measured use from the ledger, prices from settings or the question, weighed per type."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.billing import prices
from bot.billing.rent_or_buy import RentOrBuyQuestion, weigh
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import MachineHours, local_day
from bot.domain.money.ownership import HOURS_PER_MONTH, PartName, Upkeep, micros_of_usd, upkeep_parts
from bot.domain.money.pricebook import Priced
from bot.domain.money.rent_or_buy import (
    ENOUGH_DAYS,
    Advice,
    Demand,
    GivenFigures,
    MeasuredUse,
    OtherUse,
    RentOrBuyAnswer,
    ServerUpkeep,
    Terms,
)
from bot.domain.money.scope import Scope
from bot.domain.spans import TimeSpan, merged_spans, without_holes
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.csv_lines import csv_line, safe
from bot.services.money import ledger, rates
from bot.services.money.ledger_export import exact_usd
from bot.settings import Settings
from bot.settings.money import ServerSettings
from store.machines import listings
from store.money import spend

USE_DAYS = 90
"""How far measured use looks back at most."""
LEAST_HOURS = 24


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the ledger knows of the use of a type."""

    demand: Demand
    without_idle: Demand | None
    """None where no idle time is known."""
    recent: Demand | None
    """The last `ENOUGH_DAYS` alone; None where no more than those are measured."""
    rent: int
    """The mean rate paid; 0 where no price was known."""


def advise(ctx: Context, scope: Scope, given: GivenFigures, *, kind: str = "") -> RentOrBuyAnswer:
    """Weigh what ran within a scope, or one type of it. Raises Refused, saying what is missing and how to give it."""
    only = kind or (scope.key if scope.kind == "type" else "")
    kinds = [only] if only else _types(ctx, scope)
    if not kinds:
        raise Refused(f"Nothing was rented {_of(scope)}in the last {USE_DAYS} days, so there is nothing to compare.")
    if len(kinds) > 1 and (given.price_usd or given.hours_per_month or given.rent_usd_per_hour):
        raise Refused(f"The same figure for {len(kinds)} types? Name one type: {', '.join(kinds[:5])}.")
    known = [each for each in kinds if given.price_usd is not None or each in ctx.settings.buy.servers]
    if not known:
        raise NoPrice(kinds[0])
    answers = tuple(_of_type(ctx, scope, each, given) for each in known)
    return RentOrBuyAnswer(scope, answers, tuple(each for each in kinds if each not in known))


def is_known_type(ctx: Context, kind: str) -> bool:
    """Whether this is an instance type: with a list price, with a price to buy, or one there is."""
    return kind in prices.MICROS_PER_HOUR or kind in ctx.settings.buy.servers or kind in queries.types(ctx)


def supposed(settings: Settings, kind: str, given: GivenFigures, rented: Priced | None) -> Advice:
    """Weigh hours that were given instead of measured ones; needs no ledger. Raises Refused."""
    rent, source = _list_rent(kind, given, rented)
    hours = given.hours_per_month or Decimal(0)
    demand = Demand.steady(MachineHours(hours))
    used = MeasuredUse(demand.hours_per_month, demand.peak, None, source)
    return weigh(_question(settings, Scope("type", kind), kind, given, demand=demand, used=used, rent=rent))


def _of_type(ctx: Context, scope: Scope, kind: str, given: GivenFigures) -> Advice:
    if given.hours_per_month is not None:
        return supposed(ctx.settings, kind, given, _rented(ctx, kind))
    seen = _measured(ctx, scope, kind)
    days = seen.demand.window_hours // 24
    rent, source = seen.rent, f"mean of what was paid, {days} day{'' if days == 1 else 's'}"
    if given.rent_usd_per_hour is not None or not rent:
        rent, source = _list_rent(kind, given, _rented(ctx, kind))
    used = MeasuredUse(seen.demand.hours_per_month, seen.demand.peak, days, source)
    asked_about = _question(ctx.settings, scope, kind, given, demand=seen.demand, used=used, rent=rent)
    return weigh(replace(asked_about, without_idle=seen.without_idle, recent=seen.recent))


def _question(
    settings: Settings, scope: Scope, kind: str, given: GivenFigures, *, demand: Demand, used: MeasuredUse, rent: int
) -> RentOrBuyQuestion:
    server = settings.buy.servers.get(kind)
    price, source = _price(server, given)
    if price is None:
        raise NoPrice(kind)
    upkeep = _upkeep(settings, server, given)
    parts = upkeep_parts(upkeep)
    terms = _terms(settings, server, given, price=price, rent=rent, hourly=sum(part.micros_per_hour for part in parts))
    known = {part.name for part in parts}
    every: tuple[PartName, ...] = ("power", "hosting", "staff")
    kept = ServerUpkeep(source, parts, tuple(name for name in every if name not in known))
    return RentOrBuyQuestion(scope, kind, demand, terms, used, kept)


def _price(server: ServerSettings | None, given: GivenFigures) -> tuple[Decimal | None, str]:
    if given.price_usd is not None:
        return given.price_usd, "as asked"
    return (server.usd, server.source) if server else (None, "")


def _terms(
    settings: Settings, server: ServerSettings | None, given: GivenFigures, *, price: Decimal, rent: int, hourly: int
) -> Terms:
    buy = settings.buy
    years = given.life_years or buy.life_years
    rate = buy.discount_percent if given.rate_percent is None else given.rate_percent
    tax = buy.tax_percent if given.tax_percent is None else given.tax_percent
    return Terms(
        price_micros=micros_of_usd(price),
        rent_micros_per_hour=rent,
        upkeep_micros_per_month=hourly * HOURS_PER_MONTH,
        life_months=int((years * 12).to_integral_value(ROUND_HALF_UP)),
        residual_percent=buy.residual_percent if given.residual_percent is None else given.residual_percent,
        yearly_rate=rate / 100,
        tax=tax / 100,
        replaces=given.replaces or (server.replaces if server else 1),
    )


def _upkeep(settings: Settings, server: ServerSettings | None, given: GivenFigures) -> Upkeep:
    owned = settings.owned
    watts, hosting, staff = given.watts, given.hosting_usd_per_month, given.staff_usd_per_month
    if server is not None:
        watts = server.watts if watts is None else watts
        hosting = server.hosting_usd_per_month if hosting is None else hosting
        staff = server.staff_usd_per_month if staff is None else staff
    return Upkeep(
        watts=watts,
        pue=owned.pue,
        usd_per_kwh=owned.usd_per_kwh if given.usd_per_kwh is None else given.usd_per_kwh,
        hosting_usd_per_month=owned.hosting_usd_per_month if hosting is None else hosting,
        staff_usd_per_month=owned.staff_usd_per_month if staff is None else staff,
    )


def _measured(ctx: Context, scope: Scope, kind: str) -> _Measured:
    """What ran while every place where it runs was read: days without any count, days on which nobody looked don't."""
    db, end = ctx.store.reading(), ctx.clock() // HOUR_MS * HOUR_MS
    start = end - USE_DAYS * DAY_MS
    places = spend.sources_of_type(db, scope, kind, start, end)
    holes = _holes(ctx, db, places, start, end)
    hours = _hours(start, end, holes)
    if hours < LEAST_HOURS:
        where = "yet" if len(places) < 2 else f"yet of all {len(places)} places where it runs"
        raise Refused(
            f"Only {hours} h are metered {where}. Wait a day, or {_give('hours', '500', 'add')} for the hours a month."
        )
    demand = Demand(hours, tuple(spend.at_once(db, scope, kind, start, end, holes=holes)))
    if not demand.peak:
        raise Refused(
            f"No {kind} ran {_of(scope)}in the last {hours // 24} days. {_give('hours', '500')} for the hours a month."
        )
    busy = Demand(hours, tuple(spend.at_once(db, scope, kind, start, end, holes=holes, without_idle=True)))
    since = end - ENOUGH_DAYS * DAY_MS
    lately = Demand(_hours(since, end, holes), tuple(spend.at_once(db, scope, kind, since, end, holes=holes)))
    recent = lately if hours > lately.window_hours >= LEAST_HOURS else None
    micros_paid, priced_ms = spend.paid(db, scope, kind, start, end)
    rent = round(Decimal(micros_paid) * HOUR_MS / priced_ms) if priced_ms else 0
    return _Measured(demand, busy if busy != demand else None, recent, rent)


def _holes(ctx: Context, db: Database, places: Collection[str], start: int, end: int) -> tuple[TimeSpan, ...]:
    """The whole hours in which some of the places was not read; of every place where the type ran in none."""
    known = ledger.reads_by_source(db)
    watched = [each for source, each in known.items() if source in places or not places]
    unread = ledger.unread_spans(watched, start, end, ctx.clock()) if watched else ((start, end),)
    return merged_spans((since // HOUR_MS * HOUR_MS, -(-until // HOUR_MS) * HOUR_MS) for since, until in unread)


def _hours(start: int, end: int, holes: Iterable[TimeSpan]) -> int:
    return sum(until - since for since, until in without_holes([(start, end)], holes)) // HOUR_MS


def _list_rent(kind: str, given: GivenFigures, rented: Priced | None) -> tuple[int, str]:
    """The rate as asked, else what renting costs. Raises Refused."""
    if given.rent_usd_per_hour is not None:
        return micros_of_usd(given.rent_usd_per_hour), "as asked"
    if rented is None:
        raise Refused(f"What does an hour of {kind} cost to rent? I know no price of it. {_give('rent', '21.90')}.")
    return rented.rate.micros_per_hour, rented.rate.source


def _rented(ctx: Context, kind: str) -> Priced | None:
    """What it costs on demand where it is used, or may be launched, if that is known exactly; else at home."""
    db = ctx.store.reading()
    used = [source for source, each in sorted(listings.rented_places(db)) if each == kind]
    used += [template.source for template in ctx.settings.templates.values() if template.type == kind]
    return rates.on_demand_price(rates.price_book(ctx, db), kind, used)


def _types(ctx: Context, scope: Scope) -> list[str]:
    ledger.catch_up_spend(ctx)
    since = local_day(ctx.clock(), ZoneInfo(ctx.settings.digest.timezone)) - timedelta(days=USE_DAYS)
    return list(dict.fromkeys(row["type"] for row in spend.by_type(ctx.store.reading(), scope, since)))


def _of(scope: Scope) -> str:
    name = scope.label or scope.key
    return {"team": f"by team {name} ", "instance": f"as {name} "}.get(scope.kind, "")


class NoPrice(Refused):
    """Nobody has said what a server like this type costs."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"What does a server like {kind} cost? I know what renting costs, but prices to buy are quotes. "
            f'{_give("price", "150000")}, with yours, or set `[buy.servers."{kind}"]` in valet.toml.'
        )
        self.kind = kind


def _give(key: str, example: str, verb: str = "Add") -> str:
    return f"{verb} `{key}:{example}` (on the command line `--{key} {example}`)"


NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
LISTS_LEFT_OUT = frozenset({"paid_so_far", "sensitivity", "use_of_each_percent"})
"""Lists, which are no cells of one line."""

OTHER_USES = frozenset({"without_idle_hours", "as_in_the_last_14_days"})
"""What has two figures, or none."""


def advice_lines(answer: RentOrBuyAnswer) -> Iterator[str]:
    """A line per type that was weighed, the header included; what is not known is empty."""
    rows = [dict(_flat(advice_record(advice))) for advice in answer.answers]
    yield csv_line(list(rows[0]))
    for row in rows:
        yield csv_line(list(row.values()))


def _flat(nested: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """{"server": {"price_usd": "1"}} as server_price_usd."""
    for name, value in nested.items():
        if name in LISTS_LEFT_OUT:
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}_")
        elif value is None and name in OTHER_USES:
            yield from _flat(dict.fromkeys(("hours_per_month", "saving_usd")), f"{before}{name}_")
        else:
            yield f"{before}{name}", _cell(value)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    told = " and ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return told if NUMBER.fullmatch(told) else safe(told)


def advice_record(advice: Advice) -> dict[str, Any]:
    """Money as exact decimal text; null for what there is none of."""
    choices = {"rent": advice.rent, "best": advice.best, "buy_all": advice.everything, "weighed": advice.weighed}
    return {
        "type": advice.type,
        "scope": advice.scope.text,
        **_taken(advice),
        "choices": {name: {"servers": each.servers, "npv_usd": exact_usd(each.npv)} for name, each in choices.items()},
        "saving_usd": exact_usd(advice.saving),
        "break_even_percent": round(advice.break_even * 100, 2),
        "use_of_each_percent": [round(use * 100, 2) for use in advice.uses],
        "payback_month": advice.payback,
        "discounted_payback_month": advice.discounted_payback,
        "irr_percent": None if advice.irr is None else round(advice.irr * 100, 2),
        "too_early": advice.too_early,
        "without_idle_hours": _at(advice.parked),
        "as_in_the_last_14_days": _at(advice.recent),
        "paid_so_far": [
            {"month": month, "rent_all_usd": exact_usd(rent), "weighed_usd": exact_usd(buy)}
            for month, rent, buy in advice.paid
        ],
        "sensitivity": [
            {"what": swing.what, swing.low_label: exact_usd(swing.low), swing.high_label: exact_usd(swing.high)}
            for swing in advice.swings
        ],
    }


def _at(then: OtherUse | None) -> dict[str, str] | None:
    if then is None:
        return None
    return {"hours_per_month": f"{then.hours_per_month:.3f}", "saving_usd": exact_usd(then.saving)}


def _taken(advice: Advice) -> dict[str, Any]:
    """What the answer rests on."""
    terms, used, kept = advice.terms, advice.used, advice.kept
    return {
        "use": {
            "hours_per_month": f"{used.hours_per_month:.3f}",
            "peak": used.peak,
            "measured_days": used.days,
            "rent_usd_per_hour": exact_usd(terms.rent_micros_per_hour),
            "rent_source": used.rent_source,
        },
        "server": {
            "price_usd": exact_usd(terms.price_micros),
            "price_source": kept.price_source,
            "replaces": terms.replaces,
            "life_months": terms.life_months,
            "residual_percent": f"{terms.residual_percent:f}",
            "upkeep_usd_per_month": exact_usd(terms.upkeep_micros_per_month),
            "left_out": list(kept.missing),
        },
        "discount_rate_percent": f"{(terms.yearly_rate * 100).normalize():f}",
        "tax_percent": f"{(terms.tax * 100).normalize():f}",
    }
