"""`/cost bill` and `valet bill`: the bill from the store, beside our ledger. Nobody is asked for it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain import clock
from bot.domain.money.bill import DAY, Dimension, is_estimate, utc_day
from bot.domain.money.bill_report import Beside, BillReport, DayBeside, unseen_machines
from bot.domain.money.rates import USD
from bot.domain.money.reconciling import Metered, Reconciled, Why, reconcile
from bot.domain.silence import until
from bot.domain.times import NO_MACHINE_TIME, MachineMs
from bot.errors import Refused
from bot.services import silences
from bot.services.desk import Desk
from bot.services.money import watching
from store.money import bill as bills
from store.money import ledger, spend
from store.sql import Row

MOST_SILENT = 2
SOURCES = {"cost-explorer": "Cost Explorer", "focus": "FOCUS files", "athena": "FOCUS by Athena"}
"""What the sources of the settings call themselves."""

UTC_ZONE = ZoneInfo("UTC")
"""Of the days of a bill."""


def source_name(desk: Desk) -> str:
    """The source that is set up. Raises Refused where none is."""
    chosen = desk.settings.bill.source
    if not chosen:
        raise Refused(
            "No bill is set up, so there is only our own ledger. An admin can name one under `[bill]` in valet.toml: "
            'source = "cost-explorer", "focus" or "athena".'
        )
    return SOURCES[chosen]


def answer(desk: Desk, first: date, last: date) -> BillReport:
    """The bill of some days beside our ledger. Raises Refused where there is nothing to tell, and says why."""
    source = source_name(desk)
    db, now = desk.store.reading(), desk.clock()
    today = utc_day(now)
    last = min(last, today)
    read = _read(db, source)
    begins = bills.begins(db)
    if begins is not None and last < begins:
        raise Refused(
            f"The bill is known from {begins.day} {begins:%B %Y} on. How far back a look goes is `bill.lookback_days` "
            "in the settings."
        )
    billed = {each.day: each for each in bills.days(db, first, last)}
    days = _days(db, first, last, now)
    reconciled = [each.reconciled for each in days if each.reconciled is not None]
    teams = _beside(db, "team", first, last, days)
    failed = bills.newest(db, source, ok=False)
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
        notes=(*read.notes, *_untagged(desk, teams), *_corrections(db, first, last), *_silences(desk, last, now)),
        error=since.error if since else "",
        error_at=since.looked_at if since else None,
    )


def _silences(desk: Desk, last: date, now: int) -> Iterator[str]:
    """What our meters lack while a source is silent."""
    end = int(datetime.combine(last + DAY, time(), UTC).timestamp() * 1000)
    for each in until(silences.now(desk), end, now)[:MOST_SILENT]:
        if each.since is None:
            yield f"{each.name} was never read, so our meters have nothing of it."
        else:
            when = datetime.fromtimestamp(each.since / 1000, UTC)
            read = f"{each.name} was last read on {when.day} {when:%b} at {when:%H:%M} UTC"
            yield f"{read}: what its machines cost since is not on our meters yet."


def _untagged(desk: Desk, teams: Sequence[Beside]) -> tuple[str, ...]:
    """What to do where no charge names a team, though our machines do."""
    if any(each.name and each.billed_micros for each in teams) or not any(each.name for each in teams):
        return ()
    tag = desk.settings.bill.team_tag or desk.settings.actions.team_tag
    return (f'No charge carries the tag "{tag}": AWS bills by tags only that are switched on as cost allocation tags.',)


def _corrections(db: Database, first: date, last: date) -> tuple[str, ...]:
    """What later invoices take back or add on days of months that were not read."""
    micros = bills.corrections_alone(db, first, last)
    if not micros:
        return ()
    sign = "-" if micros < 0 else ""
    amount = f"{sign}${abs(micros) / USD:,.2f}"
    return (f"Left out: {amount} of corrections to months whose own bill was not read.",)


def _read(db: Database, source: str) -> bills.Read:
    """The newest good look. Raises Refused where there is none."""
    read = bills.newest(db, source, ok=True)
    if read is not None:
        return read
    failed = bills.newest(db, source, ok=False)
    if failed is not None:
        when = datetime.fromtimestamp(failed.looked_at / 1000, UTC)
        raise Refused(f"The bill could not be read ({source}, {when:%H:%M} UTC): {failed.error.rstrip('.')}.")
    raise Refused(f"The bill has not been read yet ({source}). The first look comes within the hour.")


@dataclass(frozen=True, slots=True)
class _Day:
    """A day, and what stands behind it."""

    shown: DayBeside
    metered: tuple[Metered, ...]
    reconciled: Reconciled | None


def _days(db: Database, first: date, last: date, now: int) -> list[_Day]:
    """Every day of the span, compared where both sides have it."""
    today = utc_day(now)
    billed = {each.day: each for each in bills.days(db, first, last)}
    found = bills.units(db, first, last)
    lines = {day: tuple(some) for day, some in groupby(found, key=lambda line: line.day)}
    ours = _metered(db, first, last, now)
    begins = _whole_from(db)
    looked_at = watching.days_known_in(db, first, last, UTC_ZONE, now)
    made = []
    for number in range((last - first).days + 1):
        day = first + number * DAY
        there, metered = billed.get(day), tuple(ours.get(day, ()))
        known = begins is not None and day >= begins and (day in ours or day in looked_at)
        estimate = is_estimate(day, there.as_of if there else now) or day >= today
        both = there is not None and known
        reconciled = reconcile(day, lines.get(day, ()), metered, estimate=estimate) if both else None
        shown = DayBeside(
            day,
            there.billed_micros if there else None,
            sum(each.micros for each in metered) if known else None,
            estimate,
            _reasons(reconciled, there.billed_micros) if reconciled and there else {},
        )
        made.append(_Day(shown, metered, reconciled))
    return made


def _reasons(reconciled: Reconciled, billed: int) -> dict[Why, int]:
    """What one cut has over another, roundings for the most, so that the reasons add up to what is shown."""
    rest = billed - reconciled.billed_micros
    other = reconciled.reasons.get("other", 0) + rest
    return {why: micros for why, micros in {**reconciled.reasons, "other": other}.items() if micros}


def _whole_from(db: Database) -> date | None:
    """The first UTC day that our ledger has rented machines of from its beginning on."""
    begins = watching.begins(db)
    if begins is None:
        return None
    return utc_day(begins) + (DAY if begins % clock.DAY else 0 * DAY)


def _metered(db: Database, first: date, last: date, now: int) -> dict[date, list[Metered]]:
    """Our ledger by day; what is not charged yet counts for the day its meter has come to."""
    found: dict[date, list[Metered]] = {}
    for each in bills.metered(db, first, last):
        found.setdefault(each.day, []).append(each)
    known = {row["id"]: row for row in spend.machines(db)}
    for meter in ledger.rented_meters(db):
        day, row = utc_day(meter.from_at), known[meter.instance_id]
        if not first <= day <= last:
            continue
        ran = MachineMs(meter.until_at - meter.from_at)
        unpriced = NO_MACHINE_TIME if meter.rate_micros else ran
        metered = Metered(
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


def _services(db: Database, first: date, last: date, days: Sequence[_Day]) -> tuple[Beside, ...]:
    billed = _summed(bills.sums(db, "service", first, last), days)
    return _ranked(Beside(name, micros) for name, micros in billed.items())


def _beside(db: Database, by: Dimension, first: date, last: date, days: Sequence[_Day]) -> tuple[Beside, ...]:
    """Teams or types, with what our ledger has of them on the days that both sides have."""
    billed = _summed(bills.sums(db, by, first, last), days)
    ours: dict[str, int] = {}
    for day in days:
        for each in day.metered if day.reconciled else ():
            name = each.team if by == "team" else each.type
            ours[name] = ours.get(name, 0) + each.micros
    return _ranked(Beside(name, billed.get(name, 0), ours.get(name, 0)) for name in billed.keys() | ours.keys())


def _summed(found: Iterable[Row], days: Sequence[_Day]) -> dict[str, int]:
    """Over the days that are compared; where none is, over all that are billed."""
    compared = {day.shown.day.isoformat() for day in days if day.reconciled}
    summed: dict[str, int] = {}
    for row in found:
        if not compared or row["day"] in compared:
            summed[row["name"]] = summed.get(row["name"], 0) + row["billed_micros"]
    return summed


def _ranked(found: Iterable[Beside]) -> tuple[Beside, ...]:
    return tuple(sorted(found, key=lambda each: (-each.billed_micros, -(each.metered_micros or 0), each.name)))
