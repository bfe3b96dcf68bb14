"""What an agent delivers: counted once, placed in our own time, and kept per GPU."""

import re
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.fleet import Instance, plain
from bot.domain.readings import Gpu, Minute, MinuteState, Push
from bot.domain.verdict import IdleRule, minute_state
from bot.services import pricing
from bot.services.desk import Desk
from store import agents, fleet, minutes
from store.sql import Row

AHEAD = 3 * MINUTE
"""A minute placed further ahead than this was placed by a clock that has been set back since."""
RENTED = re.compile(r"i-[0-9a-f]{8,17}", re.ASCII)


def receive(desk: Desk, push: Push, ip: str) -> int:
    """Take in one delivery; how many minutes were stored (0 when it was delivered before)."""
    now = desk.clock()
    with desk.store.writing() as db:
        agents.seen(db, push.host, ip, now)
        if not minutes.first_time(db, push.host, push.boot_id, push.seq, now):
            return 0
        zero = _minute_zero(db, push, now)
        if not RENTED.fullmatch(push.host):
            _appear(desk, db, push, zero)
        _keep(db, push, desk.settings.idle_rule, zero=zero, now=now)
    return len(push.minutes)


def _minute_zero(db: Database, push: Push, now: int) -> int:
    """The instant of tick 0, by our clock at the first delivery of a boot; set anew when off by over 2 minutes.

    Rounded up, so that no minute is placed earlier than it was. When it has to be set anew, one of the clocks jumped:
    no quiet spell reaches back over that.
    """
    fresh = -(-now // MINUTE) * MINUTE - push.tick_now * MINUTE
    kept = minutes.boot(db, push.host, push.boot_id)
    zero, quiet_from = (fresh, fresh) if kept is None else (kept["minute_zero"], kept["quiet_from"])
    if abs(zero - fresh) > 2 * MINUTE:
        zero, quiet_from = fresh, now
    minutes.save_boot(db, push.host, push.boot_id, zero=zero, quiet_from=quiet_from, now=now)
    return zero


def _keep(db: Database, push: Push, rule: IdleRule, *, zero: int, now: int) -> None:
    """Write the minutes, and carry the trace of every GPU on."""
    quiet_from = minutes.quiet_from(db, push.host, now + AHEAD)
    kept = _devices(db, push)
    for row in kept.values():
        _cut(row, quiet_from=quiet_from, now=now)
    values: list[tuple[object, ...]] = []
    newest: dict[int, Minute] = {}
    gap = rule.gap_minutes * MINUTE
    for minute in sorted(push.minutes, key=lambda each: each.tick):
        at = zero + minute.tick * MINUTE
        state = minute_state(minute, rule, started_tick=push.started_tick)
        row = kept.get(minute.gpu)
        if row is None:
            row = kept[minute.gpu] = minutes.new_gpu(push.host, Gpu(minute.gpu, "", ""))
        _follow(row, state, at=at, quiet_from=quiet_from, gap=gap)
        if at >= (row["last_minute_at"] or 0):
            row["last_minute_at"] = at
            newest[minute.gpu] = minute
        values.append(
            (
                *(at, push.host, minute.gpu, state, minute.util_max, minute.util_mean, minute.watts),
                *(minute.memory_used_mib, minute.compute_processes),
            )
        )
    for gpu, minute in newest.items():
        kept[gpu] |= _shown(minute)
    minutes.add(db, values)
    minutes.save_gpus(db, list(kept.values()))


def _devices(db: Database, push: Push) -> dict[int, Row]:
    """What is kept of the host's GPUs, by index, once devices that were taken out or swapped are forgotten."""
    kept = minutes.gpu_rows(db, push.host)
    listed = {gpu.index for gpu in push.gpus}
    left = kept.keys() - listed if listed else set()
    minutes.drop_gpus(db, push.host, left)
    rows = {index: row for index, row in kept.items() if index not in left}
    for gpu in push.gpus:
        row = rows.get(gpu.index)
        uuid = gpu.uuid or (row["uuid"] if row else "")
        if row is None or row["uuid"] not in {"", uuid}:
            row = minutes.new_gpu(push.host, gpu)
        rows[gpu.index] = row | {"uuid": uuid, "name": gpu.name, "memory_mib": gpu.memory_mib}
    return rows


def _cut(row: Row, *, quiet_from: int, now: int) -> None:
    """Take out of a trace what a reboot or a clock that was set back has made untrue."""
    if row["quiet_since"] is not None and row["quiet_since"] < quiet_from:
        row["quiet_since"] = None
    if (row["last_minute_at"] or 0) > now + AHEAD:
        row |= {"last_minute_at": None, "last_known_at": None, "quiet_since": None}
        row["last_active_at"] = min(row["last_active_at"], now) if row["last_active_at"] else None


def _follow(row: Row, state: MinuteState, *, at: int, quiet_from: int, gap: int) -> None:
    """Carry a GPU's trace on by one minute. Whatever comes late or twice can only make it look busier."""
    if state == "active":
        row["last_active_at"] = max(at, row["last_active_at"] or at)
        if row["quiet_since"] is not None and row["quiet_since"] <= at:
            row["quiet_since"] = None
    elif state == "quiet" and at >= quiet_from and at > (row["last_active_at"] or 0):
        hole = row["last_known_at"] is not None and at - row["last_known_at"] > gap + MINUTE
        if row["quiet_since"] is None or hole:
            row["quiet_since"] = at
    if state != "unknown":
        row["last_known_at"] = max(at, row["last_known_at"] or at)


def _shown(minute: Minute) -> Row:
    """What people are shown of a GPU: its newest minute."""
    largest = max(minute.processes, key=lambda each: each.memory_mib or 0, default=None)
    return {
        "util_max": minute.util_max,
        "watts": minute.watts,
        "memory_used_mib": minute.memory_used_mib,
        "compute_processes": minute.compute_processes,
        "process": plain(largest.name) if largest else "",
        "error": minute.error or "",
    }


def _appear(desk: Desk, db: Database, push: Push, launched_at: int) -> None:
    """An owned instance exists because its agent reports."""
    row = fleet.by_id(db, push.host)
    known = fleet.instance_of(row) if row else None
    instance = _owned(push, known, launched_at)
    if row is not None and known == instance and row["gone_at"] is None:
        return
    fleet.save(db, instance, team=pricing.team_of(desk.settings, instance), rate=pricing.rate(desk.settings, instance))


def _owned(push: Push, known: Instance | None, launched_at: int) -> Instance:
    """The host as its agent tells of it; without a driver it tells of no GPU, and they have not left for that."""
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
        return replace(
            instance, gpu_model=known.gpu_model, gpu_count=known.gpu_count, gpu_memory_mib=known.gpu_memory_mib
        )
    first = push.gpus[0] if push.gpus else Gpu(0, "", "")
    return replace(
        instance,
        gpu_model=first.name.removeprefix("NVIDIA "),
        gpu_count=len(push.gpus),
        gpu_memory_mib=first.memory_mib or 0,
    )
