"""The ledger and the fleet for other programs: CSV for spreadsheets, records for JSON. Only reads the store."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import day_start, month_end
from bot.domain.machines.listing import FleetFilter, FleetTotals, Listing
from bot.domain.machines.sources import until
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.reports import Spent
from bot.domain.money.splitting import share_out
from bot.domain.money.standing_costs import standing_cost
from bot.services import people
from bot.services.acting import dormant as dormant_service
from bot.services.context import Context
from bot.services.csv_lines import csv_line, safe
from bot.services.machines import sources
from bot.services.money import ledger, rates
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.money import ledger as stored_ledger
from store.money import old_days
from store.money.ledger import MachineSum
from store.sql import Row

COLUMNS = (
    *("hour", "instance_id", "name", "type", "provider", "team", "used_by", "holder", "use"),
    *("running_seconds", "gpu_seconds", "usd", "source", "estimate"),
)
_NO_LIMIT = -1


def month_span(first: date, timezone: str) -> tuple[int, int]:
    """When a month begins and ends in a zone."""
    zone = ZoneInfo(timezone)
    return day_start(first, zone), day_start(date.fromordinal(month_end(first).toordinal() + 1), zone)


def ledger_csv(ctx: Context, start: int, end: int) -> Iterator[str]:
    """The shares of charges from `start` up to `end` as lines of CSV, oldest first, header included.

    `hour` is the clock hour in UTC, `usd` an exact decimal; `estimate` is yes where the rate is not exact (another
    region's, of spot, or without a part); `source` says where it is from. A charge has a line for each holder and use,
    which add up to it; an hour in which team or rate changed, or a GPU fell idle, has several charges.
    """
    yield csv_line(COLUMNS)
    yield from _lines_of_old_days(ctx, start, end)
    for _, group in groupby(_shares(ctx, start, end), key=lambda row: row["charge_id"]):
        shares = list(group)
        ran = share_out(shares[0]["running_ms"], [row["gpu_ms"] for row in shares])
        for row, running_ms in zip(shares, ran, strict=True):
            hour = datetime.fromtimestamp(row["from_at"] // 3_600_000 * 3_600, UTC).strftime("%Y-%m-%dT%H:00:00Z")
            texts = [safe(row[name]) for name in COLUMNS[1:9]]
            priced = exact_usd(row["micros"]) if row["rate_micros"] else ""
            estimate = "no" if row["exact"] else "yes"
            yield csv_line(
                (
                    hour,
                    *texts,
                    exact_seconds(running_ms),
                    exact_seconds(row["gpu_ms"]),
                    priced,
                    safe(_source(row)),
                    estimate,
                )
            )


WHOLE_DAY = "the whole day: hours are kept for two years"


def _lines_of_old_days(ctx: Context, start: int, end: int) -> Iterator[str]:
    """Of hours that have become days: a line for each day, holder and use, in the place of its first hour."""
    db = ctx.store.reading()
    days = range(start, min(end, old_days.hours_begin(db) or start), DAY_MS)
    found = (row for at in days for row in old_days.shares_of_days(db, at, min(at + DAY_MS, end)))
    for _, group in groupby(found, key=lambda row: (row["starts_at"], row["instance_id"], row["team"])):
        shares = list(group)
        ran = share_out(sum(row["running_ms"] for row in shares), [row["gpu_ms"] for row in shares])
        for row, running_ms in zip(shares, ran, strict=True):
            begins = datetime.fromtimestamp(row["starts_at"] // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:00Z")
            texts = [safe(row[name]) for name in COLUMNS[1:9]]
            priced = exact_usd(row["micros"]) if row["micros"] or not row["unpriced_gpu_ms"] else ""
            times = exact_seconds(running_ms), exact_seconds(row["gpu_ms"])
            estimate = "yes" if row["estimated_micros"] else "no"
            yield csv_line((begins, *texts, *times, priced, WHOLE_DAY, estimate))


def _shares(ctx: Context, start: int, end: int) -> Iterator[Row]:
    """Day by day, so that a year does not have to fit into memory."""
    db = ctx.store.reading()
    for at in range(start, end, DAY_MS):
        yield from stored_ledger.shares_between(db, at, min(at + DAY_MS, end))


def _source(row: Row) -> str:
    if row["why"]:
        return f"correction: {row['why']}"
    if not row["rate_micros"]:
        return "no known price"
    if row["rate_now"] == row["rate_micros"]:
        return str(row["rate_source"])
    return f"the rate of that hour, USD {exact_usd(row['rate_micros'])}"


def exact_usd(micros: int) -> str:
    """Dollars as exact decimal text, six digits: 21.957642."""
    sign, amount = ("-", -micros) if micros < 0 else ("", micros)
    return f"{sign}{amount // MICROS_PER_USD}.{amount % MICROS_PER_USD:06d}"


def exact_seconds(ms: int) -> str:
    """Seconds as exact decimal text: 3600, or 12.5."""
    whole, rest = divmod(ms, 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)


def ledger_sums(ctx: Context, start: int, end: int) -> list[MachineSum]:
    """What each machine cost each team from `start` up to `end`, rented ones first, dearest first."""
    return stored_ledger.per_machine(ctx.store.reading(), start, end)


def remarks(ctx: Context, start: int, end: int) -> Iterator[str]:
    """What the ledger from `start` up to `end` lacks, and where it is cut, as sentences."""
    for each in until(sources.unread_sources(ctx), end, ctx.clock()):
        if each.since is None:
            yield f"{each.name} was never read, so nothing of it is in the ledger."
        else:
            yield f"{each.name} was last read at {iso(each.since)}: what its machines cost since is not charged yet."
    db = ctx.store.reading()
    for kind, begins in (("Rented", ledger.rented_begins(db)), ("Owned", ledger.owned_begins(db))):
        if begins is not None and start < begins < end:
            yield f"{kind} machines are counted from {iso(begins)} on: nobody looked before."
    hours = old_days.hours_begin(db)
    if hours is not None and start < hours:
        yield f"Hours before {iso(hours)} have become days: they are kept for two years, and their sums for good."
    if start <= ctx.clock() < end:
        yield "The running hour is not in it: it is charged once it is over."
    if start % HOUR_MS or end % HOUR_MS:
        zone = ctx.settings.digest.timezone
        yield f"Midnight in {zone} falls within an hour of UTC, which counts for the month it began in."


def everything(ctx: Context) -> tuple[list[Listing], FleetTotals]:
    """Every instance, most wasteful first, and the sums."""
    db = ctx.store.reading()
    return listings.listings_page(db, FleetFilter(), limit=_NO_LIMIT), listings.fleet_totals(db, FleetFilter())


def fleet_status(ctx: Context) -> dict[str, Any]:
    """The fleet for `valet status --json`: instants in ISO 8601 UTC, money as exact decimal text, null for unknown."""
    found, totals = everything(ctx)
    now, dormant = ctx.clock(), dormant_service.dormant(ctx)
    asleep, listed = (
        {asleep_one.listing.instance.id for asleep_one in dormant.found},
        rates.disk_and_address_prices(ctx.store.reading()),
    )
    day = ledger.spent_by_machine(ctx, ledger.day_before(now), now + 1)
    heard = [
        {"name": source.name, "read_at": iso(source.ok_at), "error": source.error or None}
        for source in stored_fleet.fleet_sources(ctx.store.reading())
    ]
    names = people.known(ctx)
    sums = {
        name: getattr(totals, name)
        for name in ("instances", "gpus", "running", "idle", "partial", "unpriced", "estimated")
    }
    return {
        "as_of": iso(now),
        "totals": {
            **sums,
            "usd_per_hour": exact_usd(totals.rate_micros),
            "wasted_usd_per_hour": exact_usd(totals.waste_micros),
            "owned_usd_per_hour": exact_usd(totals.owned_micros),
            "wasted_owned_usd_per_hour": exact_usd(totals.owned_waste_micros),
            "dormant": len(dormant.found),
            "dormant_usd_per_month": exact_usd(dormant.month_micros),
        },
        "sources": heard,
        "instances": [
            _record(each, names) | _unused(ctx, each, day) | _standing(each, listed, dormant=each.instance.id in asleep)
            for each in found
        ],
    }


def _unused(ctx: Context, listing: Listing, day: Mapping[str, Spent]) -> dict[str, Any]:
    """What it cost for nothing by the ledger: since it was judged idle, and in the last 24 hours."""
    spell = ledger.spent_since_idle(ctx, listing) if listing.rate else None
    spent = day.get(listing.instance.id)
    known = spent is not None and bool(spent.idle_micros or (listing.rate and not spent.unknown_micros))
    return {
        "unused_usd_since_judged_idle": exact_usd(spell.idle_micros) if spell else None,
        "unused_usd_24h": exact_usd(spent.idle_micros) if spent and known else None,
    }


def _standing(listing: Listing, listed: Mapping[tuple[str, str], int], *, dormant: bool) -> dict[str, Any]:
    """Of a machine that is stopped: since when, whether that is seen or only known at least, and what it costs."""
    still = listing.still
    kept = standing_cost(listing.instance, listed) if still and listing.instance.provider == "ec2" else None
    return {
        "stopped_since": iso(still.since) if still else None,
        "stopped_since_exact": still.exact if still else None,
        "stopped_usd_per_month": None if kept is None else exact_usd(kept.micros),
        "dormant": dormant,
    }


def _record(listing: Listing, names: Mapping[str, str]) -> dict[str, Any]:
    instance, verdict, rate = listing.instance, listing.verdict, listing.rate
    return {
        "id": instance.id,
        "name": instance.name,
        "provider": instance.provider,
        "source": instance.source,
        "type": instance.type,
        "gpu_model": instance.gpu_model,
        "gpus": instance.gpu_count,
        "team": listing.team or None,
        "state": listing.state,
        "since": iso(listing.since),
        "evidence": verdict.evidence if verdict else None,
        "idle_gpus": verdict.idle_gpus if verdict else None,
        "launched_at": iso(instance.launched_at),
        "usd_per_hour": exact_usd(rate.micros_per_hour) if rate else None,
        "usd_per_hour_exact": rate.exact if rate else None,
        "rate_source": rate.source if rate else None,
        "wasted_usd_per_hour": exact_usd(listing.waste_micros) if rate and listing.state != "unknown" else None,
        "claims": [
            {
                "holder": claim.holder,
                "name": names.get(claim.holder),
                "gpus": list(claim.gpus),
                "until": iso(claim.until_at),
                "note": claim.note,
            }
            for claim in listing.claims
        ],
    }


def iso(instant: int | None) -> str | None:
    """An instant in ISO 8601, UTC, to the second."""
    return None if instant is None else datetime.fromtimestamp(instant // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
