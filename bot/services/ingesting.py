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
    now, rule = desk.clock(), desk.settings.idle_rule
    with desk.store.writing() as db:
        agents.seen(db, push.host, ip, now)
        if not minutes.first_time(db, push.host, push.boot_id, push.seq, now):
            return 0
        zero = _minute_zero(db, push, now)
        if not RENTED.fullmatch(push.host):
            _appear(desk, db, push, zero)
        kept = minutes.gpu_rows(db, push.host)
        for gpu in push.gpus:
            kept[gpu.index] = kept.get(gpu.index, minutes.new_gpu(push.host, gpu)) | _identity(gpu)
        values = []
        for minute in sorted(push.minutes, key=lambda each: each.tick):
            at = zero + minute.tick * MINUTE
            state = minute_state(minute, rule, started_tick=push.started_tick)
            row = kept.setdefault(minute.gpu, minutes.new_gpu(push.host, Gpu(minute.gpu, "", "")))
            _follow(row, minute, state, at, rule)
            values.append(
                (
                    *(at, push.host, minute.gpu, state, minute.util_max, minute.util_mean, minute.watts),
                    *(minute.memory_used_mib, minute.compute_processes),
                )
            )
        minutes.add(db, values)
        minutes.save_gpus(db, list(kept.values()))
    return len(push.minutes)


def _minute_zero(db: Database, push: Push, now: int) -> int:
    """The instant of tick 0, by our clock at the first delivery of a boot; set anew when off by over 2 minutes."""
    fresh = now // MINUTE * MINUTE - push.tick_now * MINUTE
    kept = minutes.minute_zero(db, push.host, push.boot_id)
    zero = fresh if kept is None or abs(kept - fresh) > 2 * MINUTE else kept
    minutes.set_minute_zero(db, push.host, push.boot_id, zero, now)
    return zero


def _identity(gpu: Gpu) -> Row:
    return {"uuid": gpu.uuid, "name": gpu.name, "memory_mib": gpu.memory_mib}


def _follow(row: Row, minute: Minute, state: MinuteState, at: int, rule: IdleRule) -> None:
    """Carry a GPU's trace on by one minute. Whatever comes late or twice can only make it look busier."""
    if state == "active":
        row["last_active_at"] = max(at, row["last_active_at"] or at)
        if row["quiet_since"] is not None and row["quiet_since"] <= at:
            row["quiet_since"] = None
    elif state == "quiet" and at > (row["last_active_at"] or 0):
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
        "process": plain(largest.name) if largest else "",
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
        gpu_model=gpus[0].name if gpus else "",
        gpu_count=len(gpus),
        gpu_memory_mib=(gpus[0].memory_mib or 0) if gpus else 0,
        launched_at=launched_at,
    )
    known = fleet.by_id(db, push.host)
    if known is not None and fleet.instance_of(known) == instance and known["gone_at"] is None:
        return
    fleet.save(db, instance, team=pricing.team_of(desk.settings, instance), rate=pricing.rate(desk.settings, instance))
