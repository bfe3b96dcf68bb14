"""What an agent delivers: counted once, placed in our own time, and kept per GPU."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance, plain_name
from bot.domain.machines.packing import Point
from bot.domain.machines.power import PowerFloor, learn_floor
from bot.domain.machines.readings import AgentReport, Delivery, Gpu, Minute, MinuteState, Push
from bot.domain.machines.streaks import FlatStreak, QuietMinutes, extend_flat_streak, minute_state, sign_of_work
from bot.domain.machines.verdict import IdleRule
from bot.errors import Impaired, UnknownToken
from bot.services.context import Context
from bot.services.money import owned_rates, rates
from store.acting import actions
from store.machines import agents, rollups
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings
from store.sql import Row

log = logging.getLogger(__name__)

CLOCK_AHEAD_MS = 3 * MINUTE_MS
"""A minute placed further ahead than this was placed by a clock that has been set back since."""
EC2_ID = re.compile(r"i-[0-9a-f]{8,17}", re.ASCII)


def receive(ctx: Context, push: Push, ip: str) -> int:
    """Take in one delivery; how many minutes were stored (0 when it was delivered before)."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        agents.note_seen(db, push.host, ip, now)
        stored, is_waited_for = _take_in(ctx, db, push, now)
    if is_waited_for:
        ctx.wake()
    return stored


def receive_group(ctx: Context, deliveries: Sequence[Delivery]) -> list[int | Exception]:
    """Take in deliveries in one transaction, in their order: the minutes stored of each, or what speaks against it.

    Whether each token still holds is looked at in that transaction. Where one of them breaks it, each is taken in
    alone, so that it costs the others nothing. Raises Impaired, in which case none was kept.
    """
    try:
        return _in_one(ctx, deliveries)
    except Impaired:
        raise
    except Exception:
        log.warning("One of %d deliveries can't be taken in; each goes alone.", len(deliveries), exc_info=True)
    return [_alone(ctx, delivery) for delivery in deliveries]


def _in_one(ctx: Context, deliveries: Sequence[Delivery]) -> list[int | Exception]:
    now, outcomes, wakes = ctx.clock(), list[int | Exception](), False
    with ctx.store.writing() as db:
        for delivery in deliveries:
            push = delivery.push
            if not agents.note_delivery(db, push.host, delivery.sha256, delivery.ip, now):
                outcomes.append(UnknownToken("The token is missing or unknown."))
                continue
            stored, is_waited_for = _take_in(ctx, db, push, now)
            outcomes.append(stored)
            wakes = wakes or is_waited_for
    if wakes:
        ctx.wake()
    return outcomes


def _alone(ctx: Context, delivery: Delivery) -> int | Exception:
    try:
        return _in_one(ctx, [delivery])[0]
    except Exception as error:  # noqa: BLE001 - the door tells it to who brought it, and the log
        return error


def _take_in(ctx: Context, db: Database, push: Push, now: int) -> tuple[int, bool]:
    """The minutes stored of a delivery, and whether something approved waits for what it tells."""
    if not stored_readings.is_first_delivery(db, push.host, push.boot_id, push.seq, now):
        return 0, False
    zero, tick_zero = _minute_zero(db, push, now)
    machine = stored_fleet.by_id(db, push.host)
    if not EC2_ID.fullmatch(push.host) and _appear(ctx, db, push, machine, zero):
        machine = stored_fleet.by_id(db, push.host)
    _keep_report(db, push, machine, now)
    rule = ctx.settings.rule_of(machine["team"] if machine else "")
    devices = _devices(db, push, machine, rule, now)
    _keep_minutes(db, push, devices, rule, zero=zero, tick_zero=tick_zero, now=now)
    return len(push.minutes), actions.is_waited_for(db, push.host)


def _keep_report(db: Database, push: Push, machine: Row | None, now: int) -> None:
    """Keep what the agent says of itself, and since when it sees fewer GPUs than there are."""
    before, seen = agents.report_of(db, push.host), len(push.gpus)
    fewer_since = before.fewer_since if before else None
    is_fewer = machine is not None and seen < machine["gpu_count"]
    fewer_since = (fewer_since or now) if is_fewer else None
    heard = AgentReport(
        host=push.host,
        reported_at=now,
        gpus_seen=seen,
        agent_version=push.agent_version,
        driver=push.driver,
        error=push.error or "",
        fewer_since=fewer_since,
    )
    agents.save_report(db, heard)


def _minute_zero(db: Database, push: Push, now: int) -> tuple[int, int]:
    """Where tick 0 is placed, by our clock at the first delivery of a boot; set anew when off by over 2 minutes.

    Rounded up, so that no minute is placed earlier than it was. When it has to be set anew, one of the clocks jumped:
    no quiet spell reaches back over that. With it the instant of tick 0 itself, by the promptest delivery: one comes
    right after a minute has ended, and the others tell no less by coming later.
    """
    at = now - push.tick_now * MINUTE_MS
    fresh = -(-now // MINUTE_MS) * MINUTE_MS - push.tick_now * MINUTE_MS
    kept = stored_readings.boot(db, push.host, push.boot_id)
    zero, quiet_from = (fresh, fresh) if kept is None else (kept["minute_zero"], kept["quiet_from"])
    before = kept["tick_zero"] if kept else None
    if abs(zero - fresh) > 2 * MINUTE_MS:
        zero, quiet_from, before = fresh, now, None
    tick_zero = at if before is None else min(at, before)
    stored_readings.save_boot(
        db, push.host, push.boot_id, zero=zero, tick_zero=tick_zero, quiet_from=quiet_from, now=now
    )
    return zero, tick_zero


def _keep_minutes(
    db: Database, push: Push, devices: Mapping[int, Row], rule: IdleRule, *, zero: int, tick_zero: int, now: int
) -> None:
    """Write the minutes, and carry the trace of every GPU on; one that is not over yet has not been seen to its end."""
    quiet_from = stored_readings.quiet_from(db, push.host, now + CLOCK_AHEAD_MS)
    for row in devices.values():
        _forget_untrue(row, quiet_from=quiet_from, now=now)
    gpus = {
        index: GpuProgress(row, rule, max(quiet_from, row["told_from"] or 0), push.started_tick)
        for index, row in devices.items()
    }
    points: dict[int, list[Point]] = {}
    for minute in sorted(push.minutes, key=lambda each: each.tick):
        at = zero + minute.tick * MINUTE_MS
        point, is_over = gpus[minute.gpu].take(minute, at), minute.tick < push.tick_now
        if is_over or point.state != "unknown":  # what is not over yet may tell of work, and must not veto the rest
            points.setdefault(at, []).append(point)
        if is_over and point.state != "unknown":
            gpus[minute.gpu].seen(tick_zero + (minute.tick + 1) * MINUTE_MS)
    merged = stored_readings.add(db, push.host, points)
    for at, told in points.items():
        before = merged.get(at, {})
        for point in told:
            gpus[point.gpu].mark(at, before.get(point.gpu, point.state))
    stored_readings.save_gpus(db, [each.row() for each in gpus.values()])
    rollups.mark_unrolled(db, push.host, points)


def _devices(db: Database, push: Push, machine: Row | None, rule: IdleRule, now: int) -> dict[int, Row]:
    """What is kept of the host's GPUs, by index, once devices that were taken out or swapped are forgotten.

    One that is merely not seen is not forgotten: it may work on. Nor is work of the hour: whoever holds a host's token
    can tell of other devices, and must not erase by that what the true ones were seen to do.
    """
    known = stored_readings.gpu_rows(db, push.host)
    left = _taken_out(push, machine, known, rule, now)
    if left:
        stored_readings.drop_gpus(db, push.host, left)
    rows = {index: row for index, row in known.items() if index not in left}
    told_from = now if known else None
    for gpu in push.gpus:
        row = rows.get(gpu.index)
        uuid = gpu.uuid or (row["uuid"] if row else "")
        if row is None:
            row = stored_readings.new_gpu(push.host, gpu) | {"told_from": told_from}
        elif row["uuid"] not in {"", uuid}:
            worked = {"last_active_at": row["last_active_at"], "active_by": row["active_by"]}
            row = stored_readings.new_gpu(push.host, gpu) | worked | {"told_from": told_from}
        rows[gpu.index] = row | {"uuid": uuid, "name": gpu.name, "memory_mib": gpu.memory_mib}
    for index in {minute.gpu for minute in push.minutes} - rows.keys():
        rows[index] = stored_readings.new_gpu(push.host, Gpu(index, "", "")) | {"told_from": told_from}
    return rows


def _taken_out(push: Push, machine: Row | None, known: Mapping[int, Row], rule: IdleRule, now: int) -> set[int]:
    """GPUs that are there no more: the host has as many as are told of, and these are none of them.

    Devices that came while others were there push none of those out, unless the machine was launched since.
    """
    listed = {gpu.index for gpu in push.gpus}
    if machine is None or not len(listed) >= machine["gpu_count"] > 0:
        return set()
    launched_at = (machine["launched_at"] or 0) if machine["provider"] != "owned" else 0
    unlisted = {index: each for index, each in known.items() if index not in listed}
    before = {index for index, each in unlisted.items() if (each["last_minute_at"] or 0) < launched_at}
    if any(index not in known or known[index]["told_from"] is not None for index in listed):
        return before
    worked_since = now - (rule.window_minutes + 1) * MINUTE_MS
    return before | {index for index, each in unlisted.items() if (each["last_active_at"] or 0) < worked_since}


def _forget_untrue(row: Row, *, quiet_from: int, now: int) -> None:
    """Take out of a trace what a reboot or a clock that was set back has made untrue."""
    if row["quiet_since"] is not None and row["quiet_since"] < quiet_from:
        row["quiet_since"] = None
    if (row["last_minute_at"] or 0) > now + CLOCK_AHEAD_MS:
        row |= {"last_minute_at": None, "last_known_at": None, "quiet_since": None, "flat_since": None}
        row |= {"quiet_head": None, "quiet_bits": b"", "seen_until": None}
        row["last_active_at"] = min(row["last_active_at"], now) if row["last_active_at"] else None


def _appear(ctx: Context, db: Database, push: Push, machine: Row | None, launched_at: int) -> bool:
    """An owned instance exists because its agent reports; whether anything of it is new."""
    known = stored_fleet.instance_of(machine) if machine else None
    host = ctx.settings.owned.hosts.get(push.host)
    instance = _owned(push, known, launched_at, told=host.gpus if host else None)
    instance = replace(instance, name=agents.given_name(db, push.host))
    if machine is not None and known == instance and machine["gone_at"] is None:
        return False
    stored_fleet.save(
        db,
        instance,
        team=rates.team_of_instance(ctx.settings, instance),
        rate=owned_rates.owned_rate(ctx, db, instance),
    )
    return True


def _owned(push: Push, known: Instance | None, launched_at: int, *, told: int | None) -> Instance:
    """The host as its agent tells of it; GPUs that it does not see have not left for that.

    `told` is how many the settings say there are, which goes before how many were seen before.
    """
    before = (known.gpu_count if known else 0) if told is None else told
    instance = Instance(
        id=push.host,
        name=push.host,
        provider="owned",
        source="owned",
        type="owned",
        state="running",
        launched_at=launched_at,
    )
    if not push.gpus and known:
        return replace(instance, gpu_model=known.gpu_model, gpu_count=before, gpu_memory_mib=known.gpu_memory_mib)
    first = push.gpus[0] if push.gpus else Gpu(0, "", "")
    return replace(
        instance,
        gpu_model=first.name.removeprefix("NVIDIA "),
        gpu_count=max(len(push.gpus), before),
        gpu_memory_mib=first.memory_mib or 0,
    )


class GpuProgress:
    """One GPU while a delivery is taken in: `take` every minute, `mark` what became of it, and write the `row`."""

    def __init__(self, row: Row, rule: IdleRule, quiet_from: int, started_tick: int) -> None:
        self._row, self._rule = row, rule
        self._quiet_from, self._started_tick = quiet_from, started_tick
        self._floor = self._kept_floor = PowerFloor.from_text(row["floor"])
        self._flat = _flat(row)
        self._quiet = QuietMinutes(row["quiet_head"], int.from_bytes(row["quiet_bits"], "little"))
        self._newest: Minute | None = None

    def take(self, minute: Minute, at: int) -> Point:
        """Judge a minute that began at `at`, and carry everything on by it."""
        held = None if minute.compute_processes is None else minute.compute_processes > 0
        floor_watts = None if held is None else self._floor.watts(at, held=held)
        state = minute_state(minute, self._rule, started_tick=self._started_tick, floor_watts=floor_watts)
        if state == "active" and at >= (self._row["last_active_at"] or 0):
            self._row["active_by"] = sign_of_work(minute, self._rule, floor_watts)
        self._follow(state, at)
        self._power(minute, state, at, held=held)
        if at >= (self._row["last_minute_at"] or 0):
            self._row["last_minute_at"] = at
            self._newest, self._row["floor_watts"] = minute, floor_watts
        return Point(
            gpu=minute.gpu,
            state=state,
            util_max=minute.util_max,
            util_mean=minute.util_mean,
            watts=minute.watts,
            memory_used_mib=minute.memory_used_mib,
            compute_processes=minute.compute_processes,
        )

    def mark(self, at: int, state: MinuteState) -> None:
        """Note whether a minute, by all that was told of it, was quiet."""
        self._quiet = self._quiet.marked(at, quiet=state == "quiet", window_minutes=self._rule.window_minutes)

    def seen(self, until: int) -> None:
        """It was seen, and what it did is known, up to this instant."""
        self._row["seen_until"] = max(until, self._row["seen_until"] or until)

    def row(self) -> Row:
        """All that is kept of it."""
        quiet, flat = self._quiet, self._flat
        row_floor = self._row["floor"] if self._floor is self._kept_floor else self._floor.to_text()
        bits = quiet.bits.to_bytes((quiet.bits.bit_length() + 7) // 8, "little")
        return (
            self._row
            | (_newest_shown(self._newest) if self._newest else {})
            | {
                "quiet_head": quiet.head,
                "quiet_bits": bits,
                "floor": row_floor,
                "flat_since": flat and flat.since,
                "flat_until": flat and flat.until,
                "flat_util": flat and flat.util_mean,
                "flat_memory_mib": flat and flat.memory_used_mib,
            }
        )

    def _follow(self, state: MinuteState, at: int) -> None:
        """Carry the spell on by one minute. Whatever comes late or twice can only make it look busier."""
        row = self._row
        if state == "active":
            row["last_active_at"] = max(at, row["last_active_at"] or at)
            if row["quiet_since"] is not None and row["quiet_since"] <= at:
                row["quiet_since"] = None
        elif state == "quiet" and at >= self._quiet_from and at > (row["last_active_at"] or 0):
            gap = (self._rule.gap_minutes + 1) * MINUTE_MS
            hole = row["last_known_at"] is not None and at - row["last_known_at"] > gap
            if row["quiet_since"] is None or hole:
                row["quiet_since"] = at
        if state != "unknown":
            row["last_known_at"] = max(at, row["last_known_at"] or at)

    def _power(self, minute: Minute, state: MinuteState, at: int, *, held: bool | None) -> None:
        """Learn the floor from minutes without any work, and see whether work looks like a keep-alive."""
        watts, near = minute.watts, False
        if watts is not None and held is not None:
            near = state == "active" and self._floor.near(at, watts, self._rule.veto_watts, held=held)
            if state == "quiet" and not minute.util_max:
                self._floor = learn_floor(self._floor, at, watts, held=held)
        self._flat = extend_flat_streak(self._flat, at, minute, suspect=near)


def _flat(row: Row) -> FlatStreak | None:
    if row["flat_since"] is None:
        return None
    return FlatStreak(row["flat_since"], row["flat_until"], row["flat_util"], row["flat_memory_mib"])


def _newest_shown(minute: Minute) -> Row:
    """What people are shown of a GPU: its newest minute."""
    largest = max(minute.processes, key=lambda each: each.memory_mib or 0, default=None)
    return {
        "util_max": minute.util_max,
        "watts": minute.watts,
        "memory_used_mib": minute.memory_used_mib,
        "compute_processes": minute.compute_processes,
        "process": plain_name(largest.name) if largest else "",
        "users": json.dumps(sorted({each.user for each in minute.processes} - {""})),
        "error": minute.error or "",
    }


ROLLUP_BATCH = 100
"""Hours or days of hosts that are counted in one transaction; deliveries wait for no more than that."""


def roll_up_readings(ctx: Context) -> int:
    """Count every hour and day that is over and waits for it; how many there were."""
    count = 0
    while done := _batch(ctx):
        count += done
    with ctx.store.writing() as db:
        rollups.prune(db, ctx.clock())
    return count


def _batch(ctx: Context) -> int:
    with ctx.store.writing() as db:
        found = rollups.due_rollups(db, ctx.clock(), limit=ROLLUP_BATCH)
        for level, start, host in found:
            rollups.roll_up(db, level, start, host)
    return len(found)
