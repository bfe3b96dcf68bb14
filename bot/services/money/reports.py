"""`/cost report` and `/cost idle`: sums of the ledger over days of the zone of [digest], and the same as CSV."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain import parts
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY, local_day
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.sources import until
from bot.domain.money.reports import IdleNow, LedgerSum, ReportBy, ReportRow, SpendReport, Spent
from bot.services.context import Context
from bot.services.csv_lines import csv_line, safe
from bot.services.machines import sources
from bot.services.machines.fleet import OWNED_SOURCE
from bot.services.money import ledger
from bot.services.money.ledger_export import exact_usd
from store.acting import snooze as stored_snooze
from store.machines import listings
from store.money import spend

_NO_LIMIT = -1
COLUMNS = (
    *("kind", "usd", "busy_usd", "idle_usd", "unknown_usd"),
    *("gpu_hours", "idle_gpu_hours", "unpriced_gpu_hours", "estimated_usd"),
)


def spend_report(ctx: Context, by: ReportBy, first: date, last: date) -> SpendReport:
    """What the days from one to another cost, both counted; days to come are left out."""
    now, zone = ctx.clock(), ZoneInfo(ctx.settings.digest.timezone)
    today = local_day(now, zone)
    db = ctx.store.reading()
    charged = spend.begins(db)
    reads = ledger.reads_by_source(db, charged)
    began = {source: watch.begins for source, watch in reads.items()}
    begins, owned_begins = (
        None if instant is None else local_day(instant, zone)
        for instant in (min(began.values(), default=None), charged.get(OWNED_SOURCE))
    )
    start, end = ledger.span_of(first, last, zone.key)
    running = ledger.running_sums(ctx, by, start, end)
    rows = _rows([*ledger.charged_sums(ctx, by, first, last), *running])
    before, before_exact = _before(
        ctx, first, min(last, today), [at for source, at in began.items() if source in charged]
    )
    return SpendReport(
        first=first,
        last=last,
        today=today,
        by=by,
        rows=tuple(sorted(rows, key=lambda row: (-row.rented.micros, -row.owned.micros, row.name))),
        made_at=now,
        timezone=zone.key,
        before_micros=before,
        before_exact=before_exact,
        running_micros=sum(each.micros for each in running if each.provider != "owned"),
        begins=begins,
        owned_begins=owned_begins,
        silent=until(sources.unread_sources(ctx), end, now),
    )


def made_idle_report(ctx: Context, by: ReportBy, first: date, last: date) -> SpendReport:
    """The same days, what idled most first, with the machines that idle now."""
    found = spend_report(ctx, by, first, last)
    order = sorted(found.rows, key=lambda row: (-row.rented.idle_micros, -row.owned.idle_gpu_ms, row.name))
    return replace(found, rows=tuple(order), idle_now=idle_now(ctx) if last >= found.today else ())


def idle_now(ctx: Context) -> tuple[IdleNow, ...]:
    """What idles at this moment, most wasteful first; exempt machines and snoozed ones too, as they cost the same."""
    found = []
    snoozed = stored_snooze.active(ctx.store.reading(), ctx.clock())
    for state in ("idle", "partial"):
        for listing in listings.listings_page(ctx.store.reading(), FleetFilter(state=state), limit=_NO_LIMIT):
            verdict, instance = listing.verdict, listing.instance
            if verdict is None or verdict.since is None:
                continue
            found.append(
                IdleNow(
                    instance.id,
                    instance.name,
                    instance.provider,
                    verdict.state,
                    verdict.since,
                    tuple(claim.holder for claim in listing.claims),
                    listing.waste_micros,
                    verdict.idle_gpus or instance.gpu_count,
                    _kept(ctx, listing, snoozed.get(instance.id)),
                    listing.rate is None or listing.rate.exact,
                    instance.paid_anyway,
                )
            )
    return tuple(sorted(found, key=lambda each: (each.provider == "owned", -each.waste_micros, each.name)))


def _kept(ctx: Context, listing: Listing, snooze: Snooze | None) -> str:
    exemption = ctx.exemption(listing.instance)
    if exemption is not None:
        return f"exempt: {exemption.reason}"
    if listing.drain is not None:
        return f"{parts.person(listing.drain.who)} drains it"
    return f"{parts.person(snooze.who)} keeps it" if snooze else ""


def _rows(sums: list[LedgerSum]) -> list[ReportRow]:
    names: dict[str, str] = {}
    found: dict[str, dict[bool, Spent]] = {}
    for each in sums:
        names.setdefault(each.key, each.name)
        spent, kinds, is_owned = Spent.of(each), found.setdefault(each.key, {}), each.provider == "owned"
        kinds[is_owned] = kinds[is_owned] + spent if is_owned in kinds else spent
    return [
        ReportRow(key, names[key], kinds.get(False, ledger.NOTHING_SPENT), kinds.get(True, ledger.NOTHING_SPENT))
        for key, kinds in found.items()
    ]


def _before(ctx: Context, first: date, last: date, began: list[int]) -> tuple[int | None, bool]:
    """What as many days before came to, and whether all at exact rates; None unless all that cost now was seen then."""
    since, zone = first - (last - first + ONE_DAY), ZoneInfo(ctx.settings.digest.timezone)
    if not began or local_day(max(began), zone) > since:
        return None, True
    found = [each for each in ledger.charged_sums(ctx, "team", since, first - ONE_DAY) if each.provider != "owned"]
    return sum(each.micros for each in found), not any(each.estimated_micros for each in found)


def csv(report: SpendReport) -> Iterator[str]:
    """The rows as CSV, the header included; amounts are exact, and no cell is a formula."""
    yield csv_line((report.by, *(("instance_id",) if report.by == "instance" else ()), *COLUMNS))
    for row in report.rows:
        for kind, spent in (("rented", row.rented), ("owned", row.owned)):
            if spent.gpu_ms or spent.micros:
                named = (row.name, row.key) if report.by == "instance" else (row.name,)
                money = (spent.micros, spent.busy_micros, spent.idle_micros, spent.unknown_micros)
                times = (f"{ms / HOUR_MS:.3f}" for ms in (spent.gpu_ms, spent.idle_gpu_ms, spent.unpriced_gpu_ms))
                yield csv_line(
                    (
                        *(safe(part) for part in named),
                        kind,
                        *map(exact_usd, money),
                        *times,
                        exact_usd(spent.estimated_micros),
                    )
                )
