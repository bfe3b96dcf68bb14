"""The provider's bill: read when that is due, as some looks cost money, and told beside our ledger, also as CSV."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import groupby
from typing import cast, get_args
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.billing.bill import Bill
from bot.domain import clock
from bot.domain.days import NO_MACHINE_TIME, ONE_DAY, MachineMs
from bot.domain.machines import tags
from bot.domain.machines.sources import until
from bot.domain.money.bill import BillDimension, BillLine, BillLook, is_estimate, utc_day
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.reconciliation import (
    BillReason,
    BillReport,
    ComparedDay,
    ComparedSum,
    MeteredMachine,
    ReconciledDay,
    reconcile,
    unseen_machines,
)
from bot.errors import Refused, ValetError, answering
from bot.services.context import Context
from bot.services.csv_lines import csv_line, safe
from bot.services.machines import sources
from bot.services.money import ledger
from bot.services.money.ledger_export import exact_usd, iso
from store.money import bill as stored_bill
from store.money import ledger as stored_ledger
from store.money import spend
from store.sql import Row

JITTER_MS = 10 * clock.MINUTE_MS
"""A job that is this early is on time."""
RETRY_MS = clock.HOUR_MS
SETTLES_MS = 2 * clock.DAY_MS
"""So long an export that has become shorter is taken for one that is still arriving."""
KEEP_LOOKS_MS = 90 * clock.DAY_MS


def fetch_bill(ctx: Context, bill: Bill) -> bool:
    """Look at the bill if a look is due; whether one was made. A failure is kept as the sentence that people see."""
    now = ctx.clock()
    _count_charges(ctx)
    if not _is_due(ctx, bill, now):
        return False
    since = (utc_day(now) - ctx.settings.bill.lookback_days * ONE_DAY).replace(day=1)  # half a month would look cheap
    try:
        with answering(bill.name):
            look = bill.look(since, now, partial(_spend, ctx, bill.name))
        _refuse_shorter(ctx, look, now)
    except ValetError as error:
        with ctx.store.writing() as db:
            stored_bill.note_failed_look(
                db, bill.name, ctx.settings.bill.path or ctx.settings.bill.table, now, str(error)
            )
        return True
    with ctx.store.writing() as db:
        stored_bill.keep_look(db, replace(look, lines=_with_teams(look.lines, ctx.settings.teams)), now)
        stored_bill.prune(db, now - KEEP_LOOKS_MS)
    return True


def _with_teams(lines: Sequence[BillLine], teams: Collection[str]) -> tuple[BillLine, ...]:
    """The lines under the teams of the settings, however their tags are spelt: the ledger has them so, too."""
    known = {team: tags.name_meant(team, teams) for team in {line.team for line in lines} if team}
    return tuple(replace(line, team=known[line.team]) if line.team else line for line in lines)


def _refuse_shorter(ctx: Context, look: BillLook, now: int) -> None:
    """Raises Refused where a month ends days before what was read of it lately: an export arrives file by file.

    After two days it counts as it is: whoever has it may have taken something back.
    """
    if look.first != date.min:
        return  # it was asked for days, and has what there is of them
    known = stored_bill.last_usage_days(ctx.store.reading(), look.source, look.place, now - SETTLES_MS)
    for period, last in known.items():
        days = [line.day for line in look.lines if line.period == period and line.kind == "usage"]
        if days and max(days) < last:
            raise Refused(
                f"{look.place} has {period} only up to {max(days):%d %b}, and had it up to {last:%d %b}: it is still "
                "arriving, or something is missing. What was read before stands"
            )


def _is_due(ctx: Context, bill: Bill, now: int) -> bool:
    db = ctx.store.reading()
    good, bad = stored_bill.newest_look(db, bill.name, ok=True), stored_bill.newest_look(db, bill.name, ok=False)
    if bad is not None and 0 <= now - bad.looked_at < RETRY_MS - JITTER_MS:
        return False
    if good is None:
        return True
    try:
        with answering(bill.name):
            seal = bill.seal()
    except ValetError:
        return True  # the look will say why
    if seal:
        return seal != good.seal
    return not 0 <= now - good.looked_at < clock.DAY_MS // ctx.settings.bill.looks_per_day - JITTER_MS


def _spend(ctx: Context, source: str) -> None:
    """Count a request before it is made, so that no crash can make it free. Raises Refused beyond the most a day."""
    most = ctx.settings.bill.requests_per_day
    with ctx.store.writing() as db:
        if not stored_bill.count_request(db, source, utc_day(ctx.clock()), most):
            raise Refused(f"{most} paid requests were made today (UTC), the most that bill.requests_per_day allows.")


def _count_charges(ctx: Context) -> None:
    """Carry our ledger on by the days of the bill."""
    done = False
    while not done:
        with ctx.store.writing() as db:
            done = stored_bill.catch_up_metered(db)


MOST_SILENT_NAMED = 2
SOURCES = {"cost-explorer": "Cost Explorer", "focus": "FOCUS files", "athena": "FOCUS by Athena"}
"""What the sources of the settings call themselves."""

UTC_ZONE = ZoneInfo("UTC")
"""Of the days of a bill."""


def source_name(ctx: Context) -> str:
    """The source that is set up. Raises Refused where none is."""
    chosen = ctx.settings.bill.source
    if not chosen:
        raise Refused(
            "No bill is set up, so there is only our own ledger. An admin can name one under `[bill]` in valet.toml: "
            'source = "cost-explorer", "focus" or "athena".'
        )
    return SOURCES[chosen]


def bill_report(ctx: Context, first: date, last: date) -> BillReport:
    """The bill of some days beside our ledger. Raises Refused where there is nothing to tell, and says why."""
    source = source_name(ctx)
    db, now = ctx.store.reading(), ctx.clock()
    today = utc_day(now)
    last = min(last, today)
    read = _read(db, source)
    begins = stored_bill.bill_begins(db)
    if begins is not None and last < begins:
        raise Refused(
            f"The bill is known from {begins.day} {begins:%B %Y} on. How far back a look goes is `bill.lookback_days` "
            "in the settings."
        )
    billed = {each.day: each for each in stored_bill.billed_days(db, first, last)}
    days = _days(db, first, last, now)
    reconciled = [each.reconciled for each in days if each.reconciled is not None]
    teams = _beside(db, "team", first, last, days)
    failed = stored_bill.newest_look(db, source, ok=False)
    since = failed if failed is not None and failed.looked_at > read.looked_at else None
    return BillReport(
        first=first,
        last=last,
        today=today,
        days=tuple(each.shown for each in days),
        services=_services(db, first, last, days),
        teams=teams,
        types=_beside(db, "type", first, last, days),
        unseen=unseen_machines(reconciled),
        source=source,
        place=read.place,
        looked_at=read.looked_at,
        as_of=min((each.as_of for each in billed.values()), default=read.as_of or read.looked_at),
        begins=begins,
        notes=(*read.notes, *_untagged(ctx, teams), *_corrections(db, first, last), *_silences(ctx, last, now)),
        error=since.error if since else "",
        error_at=since.looked_at if since else None,
    )


def _silences(ctx: Context, last: date, now: int) -> Iterator[str]:
    """What our meters lack while a source is silent."""
    end = int(datetime.combine(last + ONE_DAY, time(), UTC).timestamp() * 1000)
    for each in until(sources.unread_sources(ctx), end, now)[:MOST_SILENT_NAMED]:
        if each.since is None:
            yield f"{each.name} was never read, so our meters have nothing of it."
        else:
            when = datetime.fromtimestamp(each.since / 1000, UTC)
            read = f"{each.name} was last read on {when.day} {when:%b} at {when:%H:%M} UTC"
            yield f"{read}: what its machines cost since is not on our meters yet."


def _untagged(ctx: Context, teams: Sequence[ComparedSum]) -> tuple[str, ...]:
    """What to do where no charge names a team, though our machines do."""
    if any(team.name and team.billed_micros for team in teams) or not any(team.name for team in teams):
        return ()
    tag = ctx.settings.bill.team_tag or ctx.settings.actions.team_tag
    return (f'No charge carries the tag "{tag}": AWS bills by tags only that are switched on as cost allocation tags.',)


def _corrections(db: Database, first: date, last: date) -> tuple[str, ...]:
    """What later invoices take back or add on days of months that were not read."""
    micros = stored_bill.corrections_alone(db, first, last)
    if not micros:
        return ()
    sign = "-" if micros < 0 else ""
    amount = f"{sign}${abs(micros) / MICROS_PER_USD:,.2f}"
    return (f"Left out: {amount} of corrections to months whose own bill was not read.",)


def _read(db: Database, source: str) -> stored_bill.Read:
    """The newest good look. Raises Refused where there is none."""
    read = stored_bill.newest_look(db, source, ok=True)
    if read is not None:
        return read
    failed = stored_bill.newest_look(db, source, ok=False)
    if failed is not None:
        when = datetime.fromtimestamp(failed.looked_at / 1000, UTC)
        raise Refused(f"The bill could not be read ({source}, {when:%H:%M} UTC): {failed.error.rstrip('.')}.")
    raise Refused(f"The bill has not been read yet ({source}). The first look comes within the hour.")


@dataclass(frozen=True, slots=True)
class _Day:
    """A day, and what stands behind it."""

    shown: ComparedDay
    metered: tuple[MeteredMachine, ...]
    reconciled: ReconciledDay | None


def _days(db: Database, first: date, last: date, now: int) -> list[_Day]:
    """Every day of the span, compared where both sides have it."""
    today = utc_day(now)
    billed = {each.day: each for each in stored_bill.billed_days(db, first, last)}
    found = stored_bill.comparable_lines(db, first, last)
    lines = {day: tuple(some) for day, some in groupby(found, key=lambda line: line.day)}
    ours = _metered(db, first, last, now)
    begins = _whole_from(db)
    looked_at = ledger.days_known_in(db, first, last, UTC_ZONE, now)
    made = []
    for number in range((last - first).days + 1):
        day = first + number * ONE_DAY
        there, metered = billed.get(day), tuple(ours.get(day, ()))
        known = begins is not None and day >= begins and (day in ours or day in looked_at)
        estimate = is_estimate(day, there.as_of if there else now) or day >= today
        both = there is not None and known
        reconciled = reconcile(day, lines.get(day, ()), metered, estimate=estimate) if both else None
        shown = ComparedDay(
            day,
            there.billed_micros if there else None,
            sum(machine.micros for machine in metered) if known else None,
            estimate,
            _reasons(reconciled, there.billed_micros) if reconciled and there else {},
        )
        made.append(_Day(shown, metered, reconciled))
    return made


def _reasons(reconciled: ReconciledDay, billed: int) -> dict[BillReason, int]:
    """What one cut has over another, roundings for the most, so that the reasons add up to what is shown."""
    rest = billed - reconciled.billed_micros
    other = reconciled.reasons.get("other", 0) + rest
    return {why: micros for why, micros in {**reconciled.reasons, "other": other}.items() if micros}


def _whole_from(db: Database) -> date | None:
    """The first UTC day that our ledger has rented machines of from its beginning on."""
    begins = ledger.rented_begins(db)
    if begins is None:
        return None
    return utc_day(begins) + (ONE_DAY if begins % clock.DAY_MS else 0 * ONE_DAY)


def _metered(db: Database, first: date, last: date, now: int) -> dict[date, list[MeteredMachine]]:
    """Our ledger by day; what is not charged yet counts for the day its meter has come to."""
    found: dict[date, list[MeteredMachine]] = {}
    for each in stored_bill.metered_machines(db, first, last):
        found.setdefault(each.day, []).append(each)
    known = {row["id"]: row for row in spend.machines_ever(db)}
    for meter in stored_ledger.rented_meters(db):
        day, row = utc_day(meter.from_at), known[meter.instance_id]
        if not first <= day <= last:
            continue
        ran = MachineMs(meter.until_at - meter.from_at)
        unpriced = NO_MACHINE_TIME if meter.rate_micros else ran
        metered = MeteredMachine(
            day=day,
            instance_id=meter.instance_id,
            name=row["name"],
            type=row["type"],
            team=meter.team,
            micros=meter.micros,
            running_ms=ran,
            unpriced_ms=unpriced,
        )
        found.setdefault(day, []).append(metered)
    return found


def _services(db: Database, first: date, last: date, days: Sequence[_Day]) -> tuple[ComparedSum, ...]:
    billed = _summed(stored_bill.sums(db, "service", first, last), days)
    return _ranked(ComparedSum(name, micros) for name, micros in billed.items())


def _beside(db: Database, by: BillDimension, first: date, last: date, days: Sequence[_Day]) -> tuple[ComparedSum, ...]:
    """Teams or types, with what our ledger has of them on the days that both sides have."""
    billed = _summed(stored_bill.sums(db, by, first, last), days)
    ours: dict[str, int] = {}
    for day in days:
        for each in day.metered if day.reconciled else ():
            name = each.team if by == "team" else each.type
            ours[name] = ours.get(name, 0) + each.micros
    return _ranked(ComparedSum(name, billed.get(name, 0), ours.get(name, 0)) for name in billed.keys() | ours.keys())


def _summed(found: Iterable[Row], days: Sequence[_Day]) -> dict[str, int]:
    """Over the days that are compared; where none is, over all that are billed."""
    compared = {day.shown.day.isoformat() for day in days if day.reconciled}
    summed: dict[str, int] = {}
    for row in found:
        if not compared or row["day"] in compared:
            summed[row["name"]] = summed.get(row["name"], 0) + row["billed_micros"]
    return summed


def _ranked(parts: Iterable[ComparedSum]) -> tuple[ComparedSum, ...]:
    return tuple(sorted(parts, key=lambda each: (-each.billed_micros, -(each.metered_micros or 0), each.name)))


BILL_REASONS: tuple[BillReason, ...] = get_args(BillReason)


def by_day(report: BillReport) -> Iterator[str]:
    """A line per day that either side knows, header included; the reasons add up to the difference."""
    names = ("day", "billed_usd", "metered_usd", "difference_usd", *(f"{why}_usd" for why in BILL_REASONS))
    yield csv_line((*names, "estimate", "source", "as_of"))
    compared = {day.day for day in report.compared}
    for day in report.days:
        if day.billed_micros is None and day.metered_micros is None:
            continue
        both = day.day in compared
        reasons = [exact_usd(day.reasons.get(why, 0)) if both else "" for why in BILL_REASONS]
        yield csv_line(
            (
                day.day.isoformat(),
                "" if day.billed_micros is None else exact_usd(day.billed_micros),
                "" if day.metered_micros is None else exact_usd(day.metered_micros),
                exact_usd(sum(day.reasons.values())) if both else "",
                *reasons,
                "yes" if day.estimate else "no",
                safe(report.source),
                iso(report.as_of) or "",
            )
        )


def by_dimension(ctx: Context, by: str, report: BillReport) -> Iterator[str]:
    """A line per day and account, service and so on. Raises Refused where the source does not tell them apart."""
    chosen, db = cast("BillDimension", by), ctx.store.reading()
    days = {each.day: each for each in stored_bill.billed_days(db, report.first, report.last)}
    found = stored_bill.sums(db, chosen, report.first, report.last)
    if days and not found:
        raise Refused(f"The source of the bill ({report.source}) does not split it by {by}; a FOCUS export does.")
    yield csv_line(("day", by, "billed_usd", "estimate", "source", "as_of"))
    for row in found:
        day = days[date.fromisoformat(row["day"])]
        estimate = "yes" if is_estimate(day.day, day.as_of) else "no"
        told = (row["day"], safe(row["name"]), exact_usd(row["billed_micros"]), estimate, safe(day.source))
        yield csv_line((*told, iso(day.as_of) or ""))
