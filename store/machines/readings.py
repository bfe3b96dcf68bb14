"""Minutes of the last two days, and what the judge needs of each GPU."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.packing import Point, merge_points, pack_points, unpack_points
from bot.domain.machines.readings import Gpu, MinuteState
from bot.domain.machines.streaks import count_bits
from bot.domain.machines.verdict import GpuTrace
from store.sql import Row, changed, many, one, rows

MINUTES_KEPT_MS = 48 * HOUR_MS
SCHEMA = (
    """CREATE TABLE minutes (
        minute INTEGER NOT NULL,
        host TEXT NOT NULL,
        gpus BLOB NOT NULL,
        PRIMARY KEY (minute, host)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE gpus (
        host TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        uuid TEXT NOT NULL,
        name TEXT NOT NULL,
        memory_mib INTEGER,
        last_minute_at INTEGER,
        last_active_at INTEGER,
        last_known_at INTEGER,
        quiet_since INTEGER,
        quiet_head INTEGER,
        quiet_bits BLOB NOT NULL DEFAULT x'',
        active_by TEXT NOT NULL DEFAULT '',
        floor TEXT NOT NULL DEFAULT '',
        floor_watts REAL,
        flat_since INTEGER,
        flat_until INTEGER,
        flat_util REAL,
        flat_memory_mib INTEGER,
        util_max REAL,
        watts REAL,
        memory_used_mib INTEGER,
        compute_processes INTEGER,
        process TEXT NOT NULL DEFAULT '',
        users TEXT NOT NULL DEFAULT '[]',
        error TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (host, gpu)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE boots (
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        minute_zero INTEGER NOT NULL,
        quiet_from INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        PRIMARY KEY (host, boot_id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE pushes (
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        PRIMARY KEY (host, boot_id, seq)
    ) STRICT, WITHOUT ROWID""",
)
SEEN_UNTIL = (
    "ALTER TABLE boots ADD COLUMN tick_zero INTEGER",
    "ALTER TABLE gpus ADD COLUMN seen_until INTEGER",
)

NEWCOMERS = ("ALTER TABLE gpus ADD COLUMN told_from INTEGER",)
"""Since when a GPU is told of that came while others of its host were known: minutes of before prove no quiet hour."""


def is_first_delivery(db: Database, host: str, boot_id: str, seq: int, now: int) -> bool:
    """Note a delivery; False when it was counted already."""
    sql = "INSERT INTO pushes (host, boot_id, seq, received_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return changed(db, sql, host, boot_id, seq, now) == 1


def boot(db: Database, host: str, boot_id: str) -> Row | None:
    """A boot's `minute_zero` (where tick 0 is placed), `tick_zero` (when it was), `quiet_from`; None when it is new."""
    return one(db, "SELECT minute_zero, tick_zero, quiet_from FROM boots WHERE host = ? AND boot_id = ?", host, boot_id)


def save_boot(db: Database, host: str, boot_id: str, *, zero: int, tick_zero: int, quiet_from: int, now: int) -> None:
    """Fix where tick 0 of a boot is placed and when it was, and from when on quiet minutes may begin a spell."""
    changed(
        db,
        "INSERT INTO boots (host, boot_id, minute_zero, tick_zero, quiet_from, seen_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (host, boot_id) DO UPDATE SET minute_zero = excluded.minute_zero, "
        "tick_zero = excluded.tick_zero, quiet_from = excluded.quiet_from, seen_at = excluded.seen_at",
        host,
        boot_id,
        zero,
        tick_zero,
        quiet_from,
        now,
    )


_BOOTED = "SELECT host, max(quiet_from) AS at FROM boots WHERE quiet_from < ?"


def quiet_from(db: Database, host: str, before: int) -> int:
    """No quiet spell of this host may have begun before this: its newest boot, or the last break in its time.

    Only what lies before `before` counts: later ones were set by a clock that has been set back since.
    """
    row = one(db, "SELECT max(quiet_from) AS at FROM boots WHERE host = ? AND quiet_from < ?", host, before)
    return (row["at"] if row else None) or 0


def booted(db: Database, before: int) -> dict[str, int]:
    """As `quiet_from`, of every host."""
    return {row["host"]: row["at"] for row in rows(db, f"{_BOOTED} GROUP BY host", before)}


def seen_until(db: Database, host: str, since: int) -> list[int | None]:
    """Up to when each GPU of a host was seen by its agent, as far as that is known; those silent since then left out.

    By the agent's own minutes as they were, where `last_minute_at` is where they are placed.
    """
    sql = "SELECT seen_until FROM gpus WHERE host = ? AND last_minute_at >= ? ORDER BY gpu"
    return [row["seen_until"] for row in rows(db, sql, host, since)]


def add(db: Database, host: str, told: Mapping[int, Iterable[Point]]) -> dict[int, dict[int, MinuteState]]:
    """Add a host's minutes, by their start; the states of those that were there already, by minute and GPU.

    Where a minute is there already, work seen in either of the two stays seen.
    """
    fresh = {at: {point.gpu: point for point in points} for at, points in told.items()}
    merged: dict[int, dict[int, MinuteState]] = {}
    for at, packed in _packed(db, host, fresh):
        points = fresh[at]
        for kept in unpack_points(packed):
            both = merge_points(kept, points[kept.gpu]) if kept.gpu in points else kept
            points[kept.gpu] = both
            merged.setdefault(at, {})[kept.gpu] = both.state
    values = [(at, host, pack_points(points.values())) for at, points in fresh.items()]
    many(db, "INSERT OR REPLACE INTO minutes (minute, host, gpus) VALUES (?, ?, ?)", values)
    return merged


def _packed(db: Database, host: str, wanted: Iterable[int]) -> list[tuple[int, bytes]]:
    marks = [*wanted]
    sql = f"SELECT minute, gpus FROM minutes WHERE minute IN ({', '.join('?' * len(marks))}) AND host = ?"
    return list(db.execute(sql, [*marks, host]))


def minutes_between(db: Database, host: str, start: int, end: int) -> dict[int, list[Point]]:
    """A host's minutes that began from `start` on and before `end`, both whole minutes."""
    return {at: list(unpack_points(packed)) for at, packed in sorted(_packed(db, host, range(start, end, MINUTE_MS)))}


def gpu_rows(db: Database, host: str) -> dict[int, Row]:
    """What is kept of each GPU of a host, by index."""
    return {row["gpu"]: row for row in rows(db, "SELECT * FROM gpus WHERE host = ?", host)}


def save_gpus(db: Database, gpus: Sequence[Row]) -> None:
    """Write the rows of GPUs whole."""
    if not gpus:
        return
    columns = list(gpus[0])
    sql = f"INSERT OR REPLACE INTO gpus ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    many(db, sql, (tuple(row[column] for column in columns) for row in gpus))


def drop_gpus(db: Database, host: str, indexes: Iterable[int]) -> None:
    """These are no longer GPUs of the host; their minutes stay until they are too old."""
    many(db, "DELETE FROM gpus WHERE host = ? AND gpu = ?", ((host, index) for index in indexes))


def unreported_gpus(db: Database, host: str) -> dict[int, Row]:
    """GPUs of a host of which its newest deliveries do not tell, by index."""
    known = gpu_rows(db, host)
    newest = max((row["last_minute_at"] or 0 for row in known.values()), default=0)
    return {index: row for index, row in known.items() if (row["last_minute_at"] or 0) < newest - MINUTE_MS}


def new_gpu(host: str, gpu: Gpu) -> Row:
    """The row of a GPU that has not been seen before."""
    row: Row = {"host": host, "gpu": gpu.index, "uuid": gpu.uuid, "name": gpu.name, "memory_mib": gpu.memory_mib}
    row |= dict.fromkeys(("last_minute_at", "last_active_at", "last_known_at", "quiet_since", "quiet_head"))
    row |= {"seen_until": None, "told_from": None}
    row |= dict.fromkeys(("floor_watts", "flat_since", "flat_until", "flat_util", "flat_memory_mib"))
    row |= dict.fromkeys(("util_max", "watts", "memory_used_mib", "compute_processes"))
    return row | {"quiet_bits": b"", "active_by": "", "floor": "", "process": "", "users": "[]", "error": ""}


_TRACE = (
    "SELECT host, gpu, last_minute_at, last_active_at, quiet_since, quiet_head, quiet_bits, util_max, watts, "
    "memory_used_mib, compute_processes, process, flat_since, floor_watts, active_by, 0, error FROM gpus"
)


def traces(db: Database, now: int, windows: Mapping[str, int]) -> dict[str, list[GpuTrace]]:
    """The traces of some hosts' GPUs; quiet minutes are counted over the window that ends with the last whole minute.

    `windows` has the hosts, and how many minutes long the window of each is.
    """
    end = now // MINUTE_MS * MINUTE_MS
    by_host: dict[str, list[GpuTrace]] = {}
    sql = _TRACE + " WHERE host IN (SELECT value FROM json_each(?)) ORDER BY host, gpu"
    for row in db.execute(sql, [json.dumps(list(windows))]):
        by_host.setdefault(row[0], []).append(_trace(row, end - windows[row[0]] * MINUTE_MS, end))
    return by_host


def _trace(row: Sequence[Any], start: int, end: int) -> GpuTrace:
    """In the order of GpuTrace's fields: dicts of every GPU of a large fleet would take more than all else."""
    quiet = count_bits(row[5], int.from_bytes(row[6], "little"), start, end)
    seen: Sequence[Any] = (*row[1:5], quiet, *row[7:])
    return GpuTrace(*seen)


def traces_of(db: Database, host: str, now: int, *, window_minutes: int) -> list[GpuTrace]:
    """One host's traces, without looking at the others'."""
    end = now // MINUTE_MS * MINUTE_MS
    found = db.execute(_TRACE + " WHERE host = ? ORDER BY gpu", [host])
    return [_trace(row, end - window_minutes * MINUTE_MS, end) for row in found]


def newest_minute(db: Database, host: str) -> int | None:
    """The newest minute that a host told of; None when it never did."""
    row = one(db, "SELECT max(last_minute_at) AS at FROM gpus WHERE host = ?", host)
    return row["at"] if row else None


def users_on(db: Database, host: str, since: int) -> dict[int, tuple[str, ...]]:
    """Unix users with programs on each GPU of a host, by its newest minute; only minutes since then count."""
    sql = "SELECT gpu, users FROM gpus WHERE host = ? AND last_minute_at >= ? AND users <> '[]' ORDER BY gpu"
    return {row["gpu"]: tuple(json.loads(row["users"])) for row in rows(db, sql, host, since)}


def programs_on(db: Database, host: str, since: int) -> list[tuple[str, tuple[str, ...]]]:
    """The largest program on each GPU of a host, with the unix users there; only minutes since then count."""
    sql = "SELECT process, users FROM gpus WHERE host = ? AND last_minute_at >= ? AND process <> '' ORDER BY gpu"
    return [(row["process"], tuple(json.loads(row["users"]))) for row in rows(db, sql, host, since)]


def prune(db: Database, now: int) -> None:
    """Drop what is older than two days, but no minute that is not in an hour yet."""
    waiting = one(db, "SELECT min(start) AS at FROM unrolled WHERE level = 'hour'")
    oldest = (waiting["at"] if waiting else None) or now
    # whole hours only: an hour of which a part is gone could not be counted again when a late minute comes
    changed(
        db, "DELETE FROM minutes WHERE minute < ?", min(oldest, (now - MINUTES_KEPT_MS - HOUR_MS) // HOUR_MS * HOUR_MS)
    )
    changed(db, "DELETE FROM pushes WHERE received_at < ?", now - MINUTES_KEPT_MS)
    changed(db, "DELETE FROM boots WHERE seen_at < ?", now - 30 * MINUTES_KEPT_MS)
