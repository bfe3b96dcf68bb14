"""Savings, worked out from what happened: stops that were done, claims given back, machines taken instead of others.

Run it every hour, or more often. An hour is worked out once it is over and the machine's provider was read after it,
so the ledger knows of every run in it; what is written then stands. Every saving has a subject that the ledger can
contradict, and an hour in which nobody looked, so that it could not, is none.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.acting.hours import next_edge
from bot.domain.clock import DAY_MS, HOUR_MS, WEEK_MS
from bot.domain.days import local_day
from bot.domain.machines.listing import FleetFilter
from bot.domain.machines.sources import until
from bot.domain.money.savings import (
    EVIDENCE_WEEKS,
    LONGEST_STOP_MS,
    WEEKS_LOOKED_BACK,
    Savings,
    Stopped,
    saved_by_sharing,
    saved_by_stop,
)
from bot.domain.money.source_reads import SourceReads
from bot.domain.spans import TimeSpan, without_holes
from bot.services.acting import hours as hours_service
from bot.services.context import Context
from bot.services.csv_lines import csv_line, safe
from bot.services.machines import sources
from bot.services.money import ledger, rates
from bot.services.money.ledger import span_of
from bot.services.money.ledger_export import exact_usd
from store.acting import hours as stored_hours
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.money import savings as stored_savings
from store.money.savings import SavingSource
from store.sql import Row

PAID_ANYWAY = "What it ran in is paid whether it runs or not."
SOON_MS = DAY_MS
"""A claim given back so long before a stop is what the stop followed from."""


def work_out_savings(ctx: Context) -> None:
    """Write the savings of all hours that are over."""
    db = ctx.store.reading()
    stops, shared = stored_savings.open_stops(db), stored_savings.open_sharing(db)
    watches = ledger.reads_by_source(db) if stops or shared else {}
    for row in stops:
        _of_stop(ctx, row, watches.get(row["source"]))
    for row in shared:
        _of_sharing(ctx, row, watches)


def savings_of(ctx: Context, first: date, last: date) -> Savings:
    """What was saved from one day to another, both counted, in the zone of [digest]."""
    db = ctx.store.reading()
    start, end = span_of(first, last, ctx.settings.digest.timezone)
    found = stored_savings.between(db, start, end)
    idle, rented = (
        listings.fleet_totals(db, FleetFilter(stop_saves=True)),
        listings.fleet_totals(db, FleetFilter(provider="ec2")),
    )
    anyway = rented.waste_micros - idle.waste_micros
    commitments = rates.book_without_reads(ctx.settings, ctx.clock()).committed()
    return Savings(
        first=first,
        last=last,
        today=today(ctx),
        found=tuple(found),
        wasted_micros_per_hour=idle.waste_micros,
        idle=idle.idle,
        anyway_micros_per_hour=anyway,
        wasted_exact=listings.wastes_exactly(db),
        commitments=commitments,
        silent=until(sources.unread_sources(ctx), end, ctx.clock()),
        timezone=ctx.settings.digest.timezone,
        made_at=ctx.clock(),
    )


def today(ctx: Context) -> date:
    """The day it is in the zone of [digest]."""
    return local_day(ctx.clock(), ZoneInfo(ctx.settings.digest.timezone))


def _known_until(db: Database, source: str, now: int) -> int:
    """The end of the last clock hour of which the ledger knows every run."""
    return min(now, stored_fleet.ok_at(db, source) or 0) // HOUR_MS * HOUR_MS


def _of_stop(ctx: Context, row: Row, watch: SourceReads | None) -> None:
    until = _known_until(ctx.store.reading(), row["source"], ctx.clock())
    if until < row["finished_at"] or until <= (row["worked_out"] or 0):
        return
    with ctx.store.writing() as db:
        run = stored_savings.run_before(db, row["instance_id"], row["finished_at"])
        if run is None:
            return
        if row["paid_anyway"]:
            paid_anyway = SavingSource(
                id=row["id"],
                subject=row["instance_id"],
                name=row["name"],
                team=run["team"],
                counterfactual=PAID_ANYWAY,
                until_at=until,
                over=True,
                exact=bool(run["exact"]),
            )
            stored_savings.keep_saved(db, paid_anyway, ())
            return
        # each hour once: from where this stop, or whatever saved on the machine before, was worked out to
        stop = _standstill(ctx, db, row, run)
        end = min(stop.until_at, stop.from_at + LONGEST_STOP_MS)
        start = max(stop.from_at, row["worked_out"] or 0, stored_savings.saved_until(db, row["instance_id"]))
        stood_still = row["gone_at"] is None and row["launched_at"] == row["launched_last"]
        spans = [(start, until)] if stood_still else _read(watch, start, until, ctx.clock())
        pieces = [each for span in spans for each in saved_by_stop(stop, *span)]
        made = SavingSource(
            id=row["id"],
            subject=row["instance_id"],
            name=row["name"],
            team=run["team"],
            counterfactual=_otherwise(stop),
            until_at=max(start, min(until, end)),
            over=end <= until,
            exact=bool(run["exact"]),
        )
        stored_savings.keep_saved(db, made, pieces)


def _standstill(ctx: Context, db: Database, row: Row, run: Row) -> Stopped:
    instance_id, began = row["instance_id"], run["until_at"]
    caps = (
        stored_savings.next_run(db, instance_id, began),
        stored_savings.claimed_next(db, instance_id, began),
        row["gone_at"],
        _next_window(ctx, db, instance_id, began),
    )
    first = began - EVIDENCE_WEEKS * WEEK_MS
    return Stopped(
        from_at=began,
        until_at=max(began, min((cap for cap in caps if cap is not None), default=began + LONGEST_STOP_MS)),
        rate_micros=run["rate_micros"],
        ran_ms=stored_savings.ran_by_hour(db, instance_id, first, began),
        spared_ms=stored_savings.spared_by_hour(db, instance_id, first, began),
        known_from=stored_savings.first_run(db, instance_id) or began,
        claimed_until=stored_savings.given_back(db, instance_id, began, SOON_MS),
    )


def _next_window(ctx: Context, db: Database, instance_id: str, at: int) -> int | None:
    listing = listings.by_id(db, instance_id)
    hours = hours_service.hours_of(ctx, listing, stored_hours.own_hours(db).get(instance_id)) if listing else None
    edge = next_edge(hours, at) if hours else None
    if hours is not None and edge is not None and not edge.on:
        edge = next_edge(hours, edge.at)
    return edge.at if edge else None


def _otherwise(stop: Stopped) -> str:
    usual = (
        f"It would have run as in the same hours of the {WEEKS_LOOKED_BACK} weeks before, at most for the share "
        f"of the last {EVIDENCE_WEEKS} weeks in which it really ran then."
    )
    held = "Its claim would have kept it running, as long again as it was held. After that:"
    return f"{held} {usual}" if stop.claimed_until else usual


def _of_sharing(ctx: Context, row: Row, watches: Mapping[str, SourceReads]) -> None:
    now = ctx.clock()
    subject = _subject(ctx, ctx.store.reading(), row)
    until = _known_until(ctx.store.reading(), subject.source, now) if subject.source else now
    if until <= (row["worked_out"] or row["from_at"]):
        return
    with ctx.store.writing() as db:
        end = min(each for each in (row["until_at"], row["ended_at"]) if each is not None)
        start = max(row["from_at"], row["worked_out"] or 0, stored_savings.saved_until(db, subject.key))
        spans = _read(watches.get(subject.source), start, min(until, end), now)
        ran = _ran(db, subject.instances, start // HOUR_MS * HOUR_MS, until)
        pieces = [each for span in spans for each in saved_by_sharing(row["micros_per_hour"], span, ran)]
        source = SavingSource(
            id=row["id"],
            subject=subject.key,
            name=subject.name,
            team=row["team"],
            counterfactual=row["counterfactual"],
            until_at=max(start, min(until, end)),
            over=end <= until or not subject.source,
            exact=subject.exact,
        )
        stored_savings.keep_saved(db, source, pieces)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What was not used: the ledger has each of its hours in which it ran after all."""

    key: str
    name: str
    source: str
    """Where it would have run; empty where nobody can say, so that nothing counts as saved."""
    instances: tuple[str, ...]
    exact: bool


def _subject(ctx: Context, db: Database, row: Row) -> _Subject:
    """A machine; for a launch that was not made: whatever of that type the same people have had launched since."""
    named = row["instead_of"]
    other = stored_fleet.by_id(db, named)
    if other is not None:
        return _Subject(named, other["name"], other["source"], (named,), bool(other["rate_exact"]))
    template = ctx.settings.templates.get(named)
    if template is None:
        return _Subject(row["id"], named, "", (), exact=False)
    team = ctx.roster().team_of(row["person"])
    made = stored_savings.first_run_since(db, template.type, row["from_at"], team=team, requester=row["person"])
    made = [each for each in made if each != row["taken_id"]]
    return _Subject(row["id"], named, template.source, tuple(made), _is_exact(ctx, db, named))


def _ran(db: Database, instances: Iterable[str], start: int, end: int) -> dict[int, int]:
    """Milliseconds that any of them ran, by clock hour."""
    found: Counter[int] = Counter()
    for each in instances:
        found.update(stored_savings.ran_by_hour(db, each, start, end))
    return found


def _read(watch: SourceReads | None, start: int, end: int, now: int) -> list[TimeSpan]:
    """The time in which its runs would have been seen: no other can be told to have been saved."""
    if watch is None or start >= end:
        return []
    return without_holes([(start, end)], watch.unread(start, end, now))


def _is_exact(ctx: Context, db: Database, template: str) -> bool:
    """Whether the rate of what would have been launched is; of a template that is gone nobody can say so."""
    known = ctx.settings.templates.get(template)
    rate = rates.rented_rate(ctx, db, known.like()) if known else None
    return rate is not None and rate.exact


def savings_lines(savings: Savings) -> Iterator[str]:
    """A line per source and way, the header included; the amounts add up to the sum of the answer."""
    yield csv_line(("machine", "team", "by", "hours_not_run", "usd", "otherwise", "estimate"))
    for saved in savings.found:
        name, team, otherwise = (safe(text) for text in (saved.name, saved.team, saved.counterfactual))
        amounts = f"{saved.saved_ms / HOUR_MS:.3f}", exact_usd(saved.micros)
        yield csv_line((name, team, saved.kind, *amounts, otherwise, "no" if saved.exact else "yes"))
