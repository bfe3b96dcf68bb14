"""The books a forecast is made from: the ledger's days, the machines there are, and what is known to come."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import day_length, day_start, local_day
from bot.domain.money.accuracy import own
from bot.domain.money.expected import Expected, Outlook, expect
from bot.domain.money.forecast import Quantiles
from bot.domain.money.foresight import plan
from bot.domain.money.plans import Plan
from bot.domain.money.report import Scope
from bot.domain.money.spending import DAY, Days, Kind, Ledger, Machine, Used, kind
from bot.domain.money.watching import Watch, days_known, watched_days
from bot.domain.times import NO_MACHINE_TIME, MachineMs
from bot.services.desk import Desk
from bot.services.money import watching
from bot.services.money.foreseeing import Foreseen, foresee
from store.money import ledger as charges
from store.money import scores, spend
from store.money.spend import DaySpend
from store.sql import Row

LOOK_BACK = 365


@dataclass(frozen=True, slots=True)
class Books:
    """Everything read for reports of one moment."""

    now: int
    zone: ZoneInfo
    ledger: Ledger
    rows: tuple[DaySpend, ...]
    """Today included."""
    machines: tuple[Machine, ...]
    owned: tuple[Machine, ...]
    """Owned ones that run."""
    foreseen: Foreseen
    kinds: Mapping[str, Kind]
    """What machines are by their past alone, by id."""
    plans: Mapping[str, Plan]
    """By id; machines of which nothing is known beyond their past have none."""
    outlook: Outlook
    own: Mapping[int, Quantiles]
    """Quantiles of the company's own scored totals, by horizon, where there are enough."""
    begins: Mapping[str, int]
    """When each source of rented machines was first read."""

    @property
    def passed(self) -> float:
        """The share of today that is over."""
        today = self.ledger.today
        return min(1.0, (self.now - day_start(today, self.zone)) / day_length(today, self.zone))


def open_books(desk: Desk) -> Books:
    """Everything read for reports of this moment."""
    now, zone = desk.clock(), ZoneInfo(desk.settings.digest.timezone)
    today = local_day(now, zone)
    catch_up(desk)
    db = desk.store.reading()
    rows = (*spend.per_day(db, today - LOOK_BACK * DAY), *_open(db, zone))
    machines, foreseen = spend.machines(db), foresee(desk, now)
    rented = (*(_machine(row) for row in machines if row["provider"] == "ec2"), *foreseen.coming)
    sources = {row["id"]: row["source"] for row in machines}
    watches = watching.watches(db)
    awake = {row.day for row in rows} | {local_day(at, zone) for at in charges.forecasts_made(db, Scope().text)}
    ledger = _ledger(rows, zone, now, watches, sources, awake)
    kinds = {each.id: kind(each, ledger) for each in rented}
    plans = {
        each.id: made
        for each in rented
        if each.id in foreseen.facts
        and (made := plan(each, kinds[each.id], foreseen.facts[each.id], ledger, now)) is not None
    }
    return Books(
        now=now,
        zone=zone,
        ledger=ledger,
        rows=rows,
        machines=rented,
        owned=tuple(_machine(row) for row in machines if row["provider"] == "owned" and row["runs"]),
        foreseen=foreseen,
        kinds=kinds,
        plans=plans,
        outlook=expect(rented, ledger, {each: made.shares(today, zone, now) for each, made in plans.items()}),
        own=own(scores.of(db, "")),
        begins={source: watch.begins for source, watch in watches.items()},
    )


def catch_up(desk: Desk) -> None:
    """Bring the sums per local day up to the last charge."""
    done = False
    while not done:
        with desk.store.writing() as db:
            done = spend.catch_up(db, desk.settings.digest.timezone)


def _open(db: Database, zone: ZoneInfo) -> Iterator[DaySpend]:
    """What meters show that is not charged yet, on the day that it will be charged to."""
    for meter in charges.rented_meters(db):
        ran = MachineMs(meter.until_at - meter.from_at)
        yield DaySpend(local_day(meter.from_at, zone), meter.instance_id, meter.team, meter.micros, ran)


def _machine(row: Row) -> Machine:
    fields = {name: row[name] for name in ("id", "name", "type", "team", "rate_micros", "launched_at", "stopped_at")}
    return Machine(**fields, runs=bool(row["runs"]), gone=bool(row["gone"]))


def _ledger(
    rows: Sequence[DaySpend],
    zone: ZoneInfo,
    now: int,
    watches: Mapping[str, Watch],
    sources: Mapping[str, str],
    awake: Collection[date],
) -> Ledger:
    today = first = local_day(now, zone)
    if watches:
        begins = min(watch.begins for watch in watches.values())
        first = max(local_day(begins, zone), today - LOOK_BACK * DAY)
        if day_start(first, zone) < begins:  # it was metered in part only
            first += DAY
    first = min(first, today)
    seen: dict[str, date] = {}
    for row in rows:
        seen.setdefault(row.instance_id, row.day)
    wanted = [first + n * DAY for n in range((today - first).days)]
    watched = {each: watched_days(watch, wanted, zone, now, awake) for each, watch in watches.items()}
    days = days_of(rows, first, today)
    ran: dict[str, set[date]] = {}
    for each, used in days.items():
        ran.setdefault(sources[each], set()).update(used)
    metered = days_known([each.with_read(ran.get(source, ())) for source, each in watched.items()])
    return Ledger(zone, today, first, days, seen, metered, sources, watched)


def days_of(rows: Iterable[DaySpend], first: date, today: date) -> Days:
    """Complete days by instance; a machine that changed its team within a day has two rows of it."""
    found: dict[str, dict[date, Used]] = {}
    for day, instance_id, _, micros, running_ms in rows:
        if not first <= day < today:
            continue
        days = found.setdefault(instance_id, {})
        before = days.get(day)
        so_far = Used(0, NO_MACHINE_TIME) if before is None else before
        days[day] = Used(so_far.micros + micros, MachineMs(so_far.running_ms + running_ms))
    return found


def rows_of(scope: Scope, books: Books) -> Sequence[DaySpend]:
    """What a scope was charged per day."""
    if scope.kind == "total":
        return books.rows
    if scope.kind == "type":
        ids = {machine.id for machine in books.machines if machine.type == scope.key}
        return [row for row in books.rows if row.instance_id in ids]
    if scope.kind == "team":
        return [row for row in books.rows if row.team == scope.key]
    return [row for row in books.rows if row.instance_id == scope.key]


def metered(scope: Scope, books: Books) -> frozenset[date]:
    """The days through which everything of a scope was looked at, its machines that are gone included."""
    ids = {row.instance_id for row in rows_of(scope, books)}
    return books.ledger.metered if scope.kind == "total" else books.ledger.metered_of(ids)


def is_in(scope: Scope, machine: Machine | Expected) -> bool:
    """Whether a machine, or what is expected of one, belongs to a scope now."""
    return {"team": machine.team, "type": machine.type, "instance": machine.id, "total": ""}[scope.kind] == scope.key
