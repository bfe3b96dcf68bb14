"""What an agent delivers: counted once, placed in our own time, and kept per GPU."""

import re
from collections.abc import Mapping
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.fleet import Instance
from bot.domain.measuring.heard import Heard
from bot.domain.measuring.packing import Point
from bot.domain.measuring.readings import Gpu, Push
from bot.domain.measuring.verdict import IdleRule
from bot.services.desk import Desk
from bot.services.measuring.following import Following
from bot.services.money import owning, pricing
from store import fleet
from store.acting import actions
from store.measuring import agents, hosts, minutes, rollups
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
        zero, tick_zero = _minute_zero(db, push, now)
        if not RENTED.fullmatch(push.host):
            _appear(desk, db, push, zero)
        _hear(db, push, now)
        rule = desk.settings.rule_of(fleet.team_of(db, push.host))
        _keep(db, push, rule, zero=zero, tick_zero=tick_zero, now=now)
        is_waited_for = actions.is_waited_for(db, push.host)
    if is_waited_for:
        desk.wake()
    return len(push.minutes)


def _hear(db: Database, push: Push, now: int) -> None:
    """Keep what the agent says of itself, and since when it sees fewer GPUs than there are."""
    before, row, seen = hosts.of(db, push.host), fleet.by_id(db, push.host), len(push.gpus)
    fewer_since = before.fewer_since if before else None
    is_fewer = row is not None and seen < row["gpu_count"]
    fewer_since = (fewer_since or now) if is_fewer else None
    heard = Heard(
        host=push.host,
        reported_at=now,
        gpus_seen=seen,
        agent_version=push.agent_version,
        driver=push.driver,
        error=push.error or "",
        fewer_since=fewer_since,
    )
    hosts.heard(db, heard)


def _minute_zero(db: Database, push: Push, now: int) -> tuple[int, int]:
    """Where tick 0 is placed, by our clock at the first delivery of a boot; set anew when off by over 2 minutes.

    Rounded up, so that no minute is placed earlier than it was. When it has to be set anew, one of the clocks jumped:
    no quiet spell reaches back over that. With it the instant of tick 0 itself, by the promptest delivery: one comes
    right after a minute has ended, and the others tell no less by coming later.
    """
    at = now - push.tick_now * MINUTE
    fresh = -(-now // MINUTE) * MINUTE - push.tick_now * MINUTE
    kept = minutes.boot(db, push.host, push.boot_id)
    zero, quiet_from = (fresh, fresh) if kept is None else (kept["minute_zero"], kept["quiet_from"])
    before = kept["tick_zero"] if kept else None
    if abs(zero - fresh) > 2 * MINUTE:
        zero, quiet_from, before = fresh, now, None
    tick_zero = at if before is None else min(at, before)
    minutes.save_boot(db, push.host, push.boot_id, zero=zero, tick_zero=tick_zero, quiet_from=quiet_from, now=now)
    return zero, tick_zero


def _keep(db: Database, push: Push, rule: IdleRule, *, zero: int, tick_zero: int, now: int) -> None:
    """Write the minutes, and carry the trace of every GPU on; one that is not over yet has not been seen to its end."""
    quiet_from = minutes.quiet_from(db, push.host, now + AHEAD)
    kept = _devices(db, push, rule, now)
    for row in kept.values():
        _cut(row, quiet_from=quiet_from, now=now)
    gpus = {
        index: Following(row, rule, max(quiet_from, row["told_from"] or 0), push.started_tick)
        for index, row in kept.items()
    }
    points: dict[int, list[Point]] = {}
    for minute in sorted(push.minutes, key=lambda each: each.tick):
        at = zero + minute.tick * MINUTE
        point, is_over = gpus[minute.gpu].take(minute, at), minute.tick < push.tick_now
        if is_over or point.state != "unknown":  # what is not over yet may tell of work, and must not veto the rest
            points.setdefault(at, []).append(point)
        if is_over and point.state != "unknown":
            gpus[minute.gpu].seen(tick_zero + (minute.tick + 1) * MINUTE)
    merged = minutes.add(db, push.host, points)
    for at, told in points.items():
        before = merged.get(at, {})
        for point in told:
            gpus[point.gpu].mark(at, before.get(point.gpu, point.state))
    minutes.save_gpus(db, [each.row() for each in gpus.values()])
    rollups.mark(db, push.host, points)


def _devices(db: Database, push: Push, rule: IdleRule, now: int) -> dict[int, Row]:
    """What is kept of the host's GPUs, by index, once devices that were taken out or swapped are forgotten.

    One that is merely not seen is not forgotten: it may work on. Nor is work of the hour: whoever holds a host's token
    can tell of other devices, and must not erase by that what the true ones were seen to do.
    """
    known = minutes.gpu_rows(db, push.host)
    left = _taken_out(db, push, known, rule, now)
    minutes.drop_gpus(db, push.host, left)
    rows = {index: row for index, row in known.items() if index not in left}
    told_from = now if known else None
    for gpu in push.gpus:
        row = rows.get(gpu.index)
        uuid = gpu.uuid or (row["uuid"] if row else "")
        if row is None:
            row = minutes.new_gpu(push.host, gpu) | {"told_from": told_from}
        elif row["uuid"] not in {"", uuid}:
            worked = {"last_active_at": row["last_active_at"], "active_by": row["active_by"]}
            row = minutes.new_gpu(push.host, gpu) | worked | {"told_from": told_from}
        rows[gpu.index] = row | {"uuid": uuid, "name": gpu.name, "memory_mib": gpu.memory_mib}
    for index in {minute.gpu for minute in push.minutes} - rows.keys():
        rows[index] = minutes.new_gpu(push.host, Gpu(index, "", "")) | {"told_from": told_from}
    return rows


def _taken_out(db: Database, push: Push, known: Mapping[int, Row], rule: IdleRule, now: int) -> set[int]:
    """GPUs that are there no more: the host has as many as are told of, and these are none of them.

    Devices that came while others were there push none of those out, unless the machine was launched since.
    """
    listed = {gpu.index for gpu in push.gpus}
    row = fleet.by_id(db, push.host)
    if row is None or not len(listed) >= row["gpu_count"] > 0:
        return set()
    launched_at = (row["launched_at"] or 0) if row["provider"] != "owned" else 0
    unlisted = {index: each for index, each in known.items() if index not in listed}
    before = {index for index, each in unlisted.items() if (each["last_minute_at"] or 0) < launched_at}
    if any(index not in known or known[index]["told_from"] is not None for index in listed):
        return before
    worked_since = now - (rule.window_minutes + 1) * MINUTE
    return before | {index for index, each in unlisted.items() if (each["last_active_at"] or 0) < worked_since}


def _cut(row: Row, *, quiet_from: int, now: int) -> None:
    """Take out of a trace what a reboot or a clock that was set back has made untrue."""
    if row["quiet_since"] is not None and row["quiet_since"] < quiet_from:
        row["quiet_since"] = None
    if (row["last_minute_at"] or 0) > now + AHEAD:
        row |= {"last_minute_at": None, "last_known_at": None, "quiet_since": None, "flat_since": None}
        row |= {"quiet_head": None, "quiet_bits": b"", "seen_until": None}
        row["last_active_at"] = min(row["last_active_at"], now) if row["last_active_at"] else None


def _appear(desk: Desk, db: Database, push: Push, launched_at: int) -> None:
    """An owned instance exists because its agent reports."""
    row = fleet.by_id(db, push.host)
    known = fleet.instance_of(row) if row else None
    host = desk.settings.owned.hosts.get(push.host)
    instance = _owned(push, known, launched_at, told=host.gpus if host else None)
    instance = replace(instance, name=hosts.given_name(db, push.host))
    if row is not None and known == instance and row["gone_at"] is None:
        return
    fleet.save(db, instance, team=pricing.team_of(desk.settings, instance), rate=owning.rate(desk, db, instance))


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
