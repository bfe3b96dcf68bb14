"""What an agent delivers: counted once, placed in our own time, and kept per GPU."""

import re

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.fleet import Instance, plain
from bot.domain.readings import Gpu, Minute, MinuteState, Push
from bot.domain.verdict import IdleRule, minute_state
from bot.services import pricing
from bot.services.desk import Desk
from store import agents, fleet, minutes
from store.sql import Row

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
        _keep(db, push, zero, desk.settings.idle_rule)
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


def _keep(db: Database, push: Push, zero: int, rule: IdleRule) -> None:
    """Write the minutes, and carry the trace of every GPU on."""
    quiet_from = minutes.quiet_from(db, push.host)
    kept = _devices(db, push, quiet_from)
    values: list[tuple[object, ...]] = []
    for minute in sorted(push.minutes, key=lambda each: each.tick):
        at = zero + minute.tick * MINUTE
        state = minute_state(minute, rule, started_tick=push.started_tick)
        row = kept.setdefault(minute.gpu, minutes.new_gpu(push.host, Gpu(minute.gpu, "", "")))
        _follow(row, minute, state, at, rule, quiet_from=quiet_from)
        values.append(
            (
                *(at, push.host, minute.gpu, state, minute.util_max, minute.util_mean, minute.watts),
                *(minute.memory_used_mib, minute.compute_processes),
            )
        )
    minutes.add(db, values)
    minutes.save_gpus(db, list(kept.values()))


def _devices(db: Database, push: Push, quiet_from: int) -> dict[int, Row]:
    """What is kept of the host's GPUs, by index, once devices that were taken out or swapped are forgotten."""
    kept = minutes.gpu_rows(db, push.host)
    listed = {gpu.index for gpu in push.gpus}
    left = kept.keys() - listed if listed else set()
    minutes.drop_gpus(db, push.host, left)
    rows = {index: row for index, row in kept.items() if index not in left}
    for gpu in push.gpus:
        row = rows.get(gpu.index)
        if row is None or row["uuid"] not in {"", gpu.uuid}:
            row = minutes.new_gpu(push.host, gpu)
        rows[gpu.index] = row | {"uuid": gpu.uuid, "name": gpu.name, "memory_mib": gpu.memory_mib}
    for row in rows.values():
        if row["quiet_since"] is not None and row["quiet_since"] < quiet_from:
            row["quiet_since"] = None
    return rows


def _follow(row: Row, minute: Minute, state: MinuteState, at: int, rule: IdleRule, *, quiet_from: int) -> None:
    """Carry a GPU's trace on by one minute. Whatever comes late or twice can only make it look busier."""
    if state == "active":
        row["last_active_at"] = max(at, row["last_active_at"] or at)
        if row["quiet_since"] is not None and row["quiet_since"] <= at:
            row["quiet_since"] = None
    elif state == "quiet" and at >= quiet_from and at > (row["last_active_at"] or 0):
        hole = row["last_known_at"] is not None and at - row["last_known_at"] > (rule.gap_minutes + 1) * MINUTE
        if row["quiet_since"] is None or hole:
            row["quiet_since"] = at
    if state != "unknown":
        row["last_known_at"] = max(at, row["last_known_at"] or at)
    if at < (row["last_minute_at"] or 0):
        return
    largest = max(minute.processes, key=lambda each: each.memory_mib or 0, default=None)
    row |= {
        "last_minute_at": at,
        "util_max": minute.util_max,
        "watts": minute.watts,
        "memory_used_mib": minute.memory_used_mib,
        "compute_processes": minute.compute_processes,
        "process": largest.name if largest else "",
        "error": minute.error or "",
    }


def _appear(desk: Desk, db: Database, push: Push, launched_at: int) -> None:
    """An owned instance exists because its agent reports."""
    gpus = push.gpus
    instance = Instance(
        id=push.host,
        name=push.host,
        provider="owned",
        source="owned",
        type="owned",
        state="running",
        gpu_model=gpus[0].name.removeprefix("NVIDIA ") if gpus else "",
        gpu_count=len(gpus),
        gpu_memory_mib=(gpus[0].memory_mib or 0) if gpus else 0,
        launched_at=launched_at,
    )
    known = fleet.by_id(db, push.host)
    if known is not None and fleet.instance_of(known) == instance and known["gone_at"] is None:
        return
    fleet.save(db, instance, team=pricing.team_of(desk.settings, instance), rate=pricing.rate(desk.settings, instance))
