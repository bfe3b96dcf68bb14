"""What a forecast is made from: the ledger's days, the machines, and what is known of the days ahead."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.acting.actions import Action, SeenFacts
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import HOUR_MS
from bot.domain.days import NO_MACHINE_TIME, ONE_DAY, MachineMs, day_length, day_start, local_day
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.money.accuracy import quantiles_by_horizon
from bot.domain.money.forecast import Quantiles
from bot.domain.money.forecast.expected import Expectation, Expected, expect
from bot.domain.money.forecast.known_changes import FAR_MS, KnownAhead, run_plan
from bot.domain.money.forecast.known_spend import DailyLedger, RentedMachine, RunKind, UsedDay, UsedDays, run_kind
from bot.domain.money.forecast.report import IdleNights
from bot.domain.money.forecast.run_plans import RunPlan
from bot.domain.money.scope import TOTAL, Scope
from bot.domain.money.source_reads import SourceReads, days_known, days_read_of
from bot.domain.spans import TimeSpan
from bot.services.acting.hours import hours_of, still_counts
from bot.services.context import Context
from bot.services.money import ledger as ledger_service
from store.acting import actions, makings
from store.acting import hours as stored_hours
from store.acting import rule_stops as stored_rule_stops
from store.acting import snooze as stored_snooze
from store.machines import listings
from store.money import accuracy as stored_accuracy
from store.money import ledger as stored_ledger
from store.money import spend
from store.money.spend import DaySpend
from store.sharing import bookings as stored_bookings
from store.sql import Row

_NO_LIMIT = -1
START_SLACK_MS = HOUR_MS
"""A machine that started no longer than this before its claim began was started for it."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is known, by instance id, with the machines that are still to be launched."""

    facts: Mapping[str, KnownAhead]
    coming: tuple[RentedMachine, ...]
    open_ended: Mapping[str, int]
    """Machines whose last claim ends then, but that ran before it and may run on."""
    stoppable: frozenset[str] = frozenset()
    """Those that a stop would save something of, and that may be stopped."""


def foresee(ctx: Context, now: int) -> Foreseen:
    """Everything known now of the days ahead."""
    db = ctx.store.reading()
    facts: dict[str, KnownAhead] = {}
    open_ended: dict[str, int] = {}
    stoppable: set[str] = set()
    own, snoozed, booked = stored_hours.own_hours(db), stored_snooze.active(db, now), _booked(db)
    timed = {action.made_id: action for action in makings.makings_over(db, now + FAR_MS, now + FAR_MS)}
    for listing in listings.listings_page(db, FleetFilter(provider="ec2"), limit=_NO_LIMIT):
        each, rule = listing.instance.id, own.get(listing.instance.id)
        rule = rule if rule is not None and still_counts(ctx, listing, rule) else None
        if ctx.exemption(listing.instance) or ctx.protects(listing.instance) or listing.instance.paid_anyway:
            facts[each] = KnownAhead(booked=tuple(booked.get(each, ())))
            continue
        ends_at = _end(ctx, listing, timed.get(each))
        if ends_at is None and listing.running and listing.claims:
            open_ended[each] = listing.claims[0].until_at
        stoppable.add(each)
        facts[each] = KnownAhead(
            ends_at=ends_at,
            ends="claim_ends" if listing.claims else "time_over",
            hours=hours_of(ctx, listing, rule),
            hours_since=rule.set_at if rule else None,
            held_until=_held(listing, snoozed.get(each)),
            booked=tuple(booked.get(each, ())),
        )
    for parking in stored_rule_stops.open_ones(db):
        known = facts.get(parking.instance_id)
        if parking.rule == "idle" and parking.acts_at > now and known is not None and known.held_until is None:
            facts[parking.instance_id] = replace(known, parked_at=parking.acts_at)
    coming = _decided(db, facts, now)
    return Foreseen(facts, tuple(coming), open_ended, frozenset(stoppable))


def _booked(db: Database) -> dict[str, list[TimeSpan]]:
    found: dict[str, list[TimeSpan]] = {}
    for slot in stored_bookings.slots_ahead(db):
        found.setdefault(slot.instance_id, []).append((slot.from_at, slot.until_at))
    return found


def _held(listing: Listing, snooze: Snooze | None) -> int | None:
    until = [claim.until_at for claim in listing.claims] + ([snooze.until_at] if snooze else [])
    return max(until, default=None)


def _end(ctx: Context, listing: Listing, launch: Action | None) -> int | None:
    """When something ends its run: its last claim, where it was started for that or its team stops what idles."""
    if not listing.running:
        return None
    idle_stop = ctx.settings.idle_stop(listing.team)
    if listing.claims:
        last = listing.claims[0].until_at
        if idle_stop is not None:
            return last + idle_stop
        first = min(claim.from_at for claim in listing.claims)
        return last if (listing.instance.launched_at or 0) >= first - START_SLACK_MS else None
    if launch is None or launch.length is None:
        return None
    return (launch.ordered_at or launch.executing_at or launch.created_at) + launch.length


def _decided(db: Database, facts: dict[str, KnownAhead], now: int) -> list[RentedMachine]:
    """Notes actions that somebody has said yes to; gives the machines that will come of launches and clones."""
    coming = []
    for action in (*actions.in_state(db, "approved"), *actions.in_state(db, "executing")):
        stops = isinstance(action.facts, SeenFacts) and not action.facts.paid_anyway
        if stops and action.instance_id in facts:
            facts[action.instance_id] = replace(facts[action.instance_id], stopping=True)
        if action.kind != "stop" and not action.made_id and action.length:
            wanted = (now, now + action.length)
            if action.kind == "start":
                known = facts.get(action.instance_id, KnownAhead())
                facts[action.instance_id] = replace(known, wanted=wanted)
                continue
            made = f"action/{action.id}"
            rate = action.facts.rate_micros
            coming.append(
                RentedMachine(made, action.facts.name, action.facts.type, action.team, rate, None, runs=False)
            )
            facts[made] = KnownAhead(wanted=wanted, launching=True)
    return coming


LOOK_BACK_DAYS = 365


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """Everything read for reports of one moment."""

    now: int
    zone: ZoneInfo
    ledger: DailyLedger
    rows: tuple[DaySpend, ...]
    """Today included."""
    machines: tuple[RentedMachine, ...]
    owned: tuple[RentedMachine, ...]
    """Owned ones that run."""
    foreseen: Foreseen
    kinds: Mapping[str, RunKind]
    """What machines are by their past alone, by id."""
    plans: Mapping[str, RunPlan]
    """By id; machines of which nothing is known beyond their past have none."""
    outlook: Expectation
    own: Mapping[int, Quantiles]
    """Quantiles of the company's own scored totals, by horizon, where there are enough."""
    begins: Mapping[str, int]
    """When each source of rented machines was first read."""

    @property
    def passed(self) -> float:
        """The share of today that is over."""
        today = self.ledger.today
        return min(1.0, (self.now - day_start(today, self.zone)) / day_length(today, self.zone))


def gather_inputs(ctx: Context) -> ForecastInputs:
    """Everything read for reports of this moment."""
    now, zone = ctx.clock(), ZoneInfo(ctx.settings.digest.timezone)
    today = local_day(now, zone)
    ledger_service.catch_up_spend(ctx)
    db = ctx.store.reading()
    rows = (*spend.per_day(db, today - LOOK_BACK_DAYS * ONE_DAY), *_open(db, zone))
    machines, foreseen = spend.machines_ever(db), foresee(ctx, now)
    rented = (*(_machine(row) for row in machines if row["provider"] == "ec2"), *foreseen.coming)
    sources = {row["id"]: row["source"] for row in machines}
    watches = ledger_service.reads_by_source(db)
    awake = {row.day for row in rows} | {local_day(at, zone) for at in stored_ledger.forecasts_made(db, TOTAL.text)}
    ledger = _ledger(rows, zone, now, watches, sources, awake)
    kinds = {machine.id: run_kind(machine, ledger) for machine in rented}
    plans = {
        each.id: made
        for each in rented
        if each.id in foreseen.facts
        and (made := run_plan(each, kinds[each.id], foreseen.facts[each.id], ledger, now)) is not None
    }
    return ForecastInputs(
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
        own=quantiles_by_horizon(stored_accuracy.scores_of(db, "")),
        begins={source: watch.begins for source, watch in watches.items()},
    )


def _open(db: Database, zone: ZoneInfo) -> Iterator[DaySpend]:
    """What meters show that is not charged yet, on the day that it will be charged to."""
    for meter in stored_ledger.rented_meters(db):
        ran = MachineMs(meter.until_at - meter.from_at)
        yield DaySpend(local_day(meter.from_at, zone), meter.instance_id, meter.team, meter.micros, ran)


def _machine(row: Row) -> RentedMachine:
    fields = {name: row[name] for name in ("id", "name", "type", "team", "rate_micros", "launched_at", "stopped_at")}
    return RentedMachine(**fields, runs=bool(row["runs"]), gone=bool(row["gone"]))


def _ledger(
    rows: Sequence[DaySpend],
    zone: ZoneInfo,
    now: int,
    watches: Mapping[str, SourceReads],
    sources: Mapping[str, str],
    awake: Collection[date],
) -> DailyLedger:
    today = first = local_day(now, zone)
    if watches:
        begins = min(watch.begins for watch in watches.values())
        first = max(local_day(begins, zone), today - LOOK_BACK_DAYS * ONE_DAY)
        if day_start(first, zone) < begins:  # it was metered in part only
            first += ONE_DAY
    first = min(first, today)
    seen: dict[str, date] = {}
    for row in rows:
        seen.setdefault(row.instance_id, row.day)
    wanted = [first + n * ONE_DAY for n in range((today - first).days)]
    watched = {each: days_read_of(watch, wanted, zone, now, awake) for each, watch in watches.items()}
    days = used_days(rows, first, today)
    ran: dict[str, set[date]] = {}
    for each, used in days.items():
        ran.setdefault(sources[each], set()).update(used)
    metered = days_known([each.with_read(ran.get(source, ())) for source, each in watched.items()])
    return DailyLedger(zone, today, first, days, seen, metered, sources, watched)


def used_days(rows: Iterable[DaySpend], first: date, today: date) -> UsedDays:
    """Complete days by instance; a machine that changed its team within a day has two rows of it."""
    found: dict[str, dict[date, UsedDay]] = {}
    for day, instance_id, _, micros, running_ms in rows:
        if not first <= day < today:
            continue
        days = found.setdefault(instance_id, {})
        before = days.get(day)
        so_far = UsedDay(0, NO_MACHINE_TIME) if before is None else before
        days[day] = UsedDay(so_far.micros + micros, MachineMs(so_far.running_ms + running_ms))
    return found


def rows_of(scope: Scope, inputs: ForecastInputs) -> Sequence[DaySpend]:
    """What a scope was charged per day."""
    if scope.kind == "total":
        return inputs.rows
    if scope.kind == "type":
        ids = {machine.id for machine in inputs.machines if machine.type == scope.key}
        return [row for row in inputs.rows if row.instance_id in ids]
    if scope.kind == "team":
        return [row for row in inputs.rows if row.team == scope.key]
    return [row for row in inputs.rows if row.instance_id == scope.key]


def days_metered(scope: Scope, inputs: ForecastInputs) -> frozenset[date]:
    """The days through which everything of a scope was looked at, its machines that are gone included."""
    ids = {row.instance_id for row in rows_of(scope, inputs)}
    return inputs.ledger.metered if scope.kind == "total" else inputs.ledger.metered_of(ids)


def is_in(scope: Scope, machine: RentedMachine | Expected) -> bool:
    """Whether a machine, or what is expected of one, belongs to a scope now."""
    return {"team": machine.team, "type": machine.type, "instance": machine.id, "total": ""}[scope.kind] == scope.key


NIGHT_FROM, NIGHT_TO = time(20), time(8)
"""A night, in the zone of [digest]."""
NIGHTS = 28


def idle_nights(ctx: Context, inputs: ForecastInputs) -> tuple[IdleNights, ...]:
    """The machines that run on and on, and may be stopped, with such nights; the dearest first."""
    found: dict[str, list[int]] = {}
    may_stop = inputs.foreseen.stoppable
    for number in range(1, NIGHTS + 1):
        evening = inputs.ledger.today - number * ONE_DAY
        start = datetime.combine(evening, NIGHT_FROM, inputs.zone).timestamp()
        end = datetime.combine(evening + ONE_DAY, NIGHT_TO, inputs.zone).timestamp()
        if end * 1000 > inputs.now:
            continue  # it is not over
        for each, micros in spend.idle_all_along(ctx.store.reading(), int(start * 1000), int(end * 1000)).items():
            found.setdefault(each, []).append(micros)
    made = [
        IdleNights(machine.id, machine.name, len(found[machine.id]), sum(found[machine.id]))
        for machine in inputs.machines
        if machine.id in found and machine.id in may_stop and inputs.outlook.kinds[machine.id] == "steady"
    ]
    return tuple(sorted(made, key=lambda each: (-each.micros, each.name)))
