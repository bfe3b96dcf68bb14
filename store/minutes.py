"""Minutes of the last two days, and what the judge needs of each GPU."""

from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from bot.domain.clock import HOUR, MINUTE
from bot.domain.readings import Gpu
from bot.domain.verdict import GpuTrace
from store.sql import Row, changed, many, one, rows

KEEP = 48 * HOUR
SCHEMA = (
    """CREATE TABLE minutes (
        minute INTEGER NOT NULL,
        host TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('active', 'quiet', 'unknown')),
        util_max REAL,
        util_mean REAL,
        watts REAL,
        memory_used_mib INTEGER,
        compute_processes INTEGER,
        PRIMARY KEY (minute, host, gpu)
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
        util_max REAL,
        watts REAL,
        memory_used_mib INTEGER,
        compute_processes INTEGER,
        process TEXT NOT NULL DEFAULT '',
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


def first_time(db: Database, host: str, boot_id: str, seq: int, now: int) -> bool:
    """Note a delivery; False when it was counted already."""
    sql = "INSERT INTO pushes (host, boot_id, seq, received_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return changed(db, sql, host, boot_id, seq, now) == 1


def boot(db: Database, host: str, boot_id: str) -> Row | None:
    """A boot's `minute_zero` (the instant of tick 0) and `quiet_from`; None when the boot is new."""
    return one(db, "SELECT minute_zero, quiet_from FROM boots WHERE host = ? AND boot_id = ?", host, boot_id)


def save_boot(db: Database, host: str, boot_id: str, *, zero: int, quiet_from: int, now: int) -> None:
    """Fix the instant of tick 0 of a boot, and from when on quiet minutes may begin a spell."""
    changed(
        db,
        "INSERT INTO boots (host, boot_id, minute_zero, quiet_from, seen_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (host, boot_id) DO UPDATE SET minute_zero = excluded.minute_zero, "
        "quiet_from = excluded.quiet_from, seen_at = excluded.seen_at",
        *(host, boot_id, zero, quiet_from, now),
    )


def quiet_from(db: Database, host: str, before: int) -> int:
    """No quiet spell of this host may have begun before this: its newest boot, or the last break in its time.

    Only what lies before `before` counts: later ones were set by a clock that has been set back since.
    """
    row = one(db, "SELECT max(quiet_from) AS at FROM boots WHERE host = ? AND quiet_from < ?", host, before)
    return (row["at"] if row else None) or 0


def add(db: Database, values: Sequence[tuple[object, ...]]) -> None:
    """Add minutes: minute, host, gpu, state, util_max, util_mean, watts, memory_used_mib, compute_processes.

    Where a minute is there already, work seen in either of the two stays seen.
    """
    many(
        db,
        "INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (minute, host, gpu) DO UPDATE SET "
        "state = CASE WHEN 'active' IN (state, excluded.state) THEN 'active' "
        "WHEN 'unknown' IN (state, excluded.state) THEN 'unknown' ELSE 'quiet' END, "
        "util_max = max(coalesce(util_max, excluded.util_max), coalesce(excluded.util_max, util_max))",
        values,
    )


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


def new_gpu(host: str, gpu: Gpu) -> Row:
    """The row of a GPU that has not been seen before."""
    row: Row = {"host": host, "gpu": gpu.index, "uuid": gpu.uuid, "name": gpu.name, "memory_mib": gpu.memory_mib}
    row |= dict.fromkeys(("last_minute_at", "last_active_at", "last_known_at", "quiet_since"))
    row |= dict.fromkeys(("util_max", "watts", "memory_used_mib", "compute_processes"))
    return row | {"process": "", "error": ""}


_TRACES = """
SELECT g.host, g.gpu, g.last_minute_at, g.last_active_at, g.quiet_since, coalesce(q.quiet, 0), g.util_max, g.watts,
       g.memory_used_mib, g.compute_processes, g.process
FROM gpus g LEFT JOIN (
    SELECT host, gpu, count(*) AS quiet FROM minutes
    WHERE minute >= ? AND minute < ? AND state = 'quiet' GROUP BY host, gpu
) q ON q.host = g.host AND q.gpu = g.gpu
"""


def traces(
    db: Database, now: int, *, window_minutes: int, windows: Mapping[str, int] | None = None
) -> dict[str, list[GpuTrace]]:
    """Every GPU's trace, by host; quiet minutes are counted over the window that ends with the last whole minute."""
    end = now // MINUTE * MINUTE
    by_host: dict[str, list[GpuTrace]] = {}
    # in the order of GpuTrace's fields, for dicts of every GPU of a large fleet would take more than all else
    for host, *fields in db.execute(_TRACES + " ORDER BY g.host, g.gpu", [end - window_minutes * MINUTE, end]):
        by_host.setdefault(host, []).append(GpuTrace(*fields))
    return by_host


def traces_of(db: Database, host: str, now: int, *, window_minutes: int) -> list[GpuTrace]:
    """One host's traces, without looking at the others'."""
    end = now // MINUTE * MINUTE
    wanted = range(end - window_minutes * MINUTE, end, MINUTE)
    marks = ", ".join("?" * len(wanted))
    counted = rows(
        db,
        f"SELECT gpu, count(*) AS quiet FROM minutes WHERE minute IN ({marks}) AND host = ? AND state = 'quiet' "
        "GROUP BY gpu",
        *wanted,
        host,
    )
    quiet = {row["gpu"]: row["quiet"] for row in counted}
    found = []
    for gpu, row in sorted(gpu_rows(db, host).items()):
        kept = {field: row[field] for field in GpuTrace.__slots__ if field != "quiet_minutes"}
        found.append(GpuTrace(**kept, quiet_minutes=quiet.get(gpu, 0)))
    return found


def prune(db: Database, now: int) -> None:
    """Drop what is older than two days."""
    changed(db, "DELETE FROM minutes WHERE minute < ?", now - KEEP)
    changed(db, "DELETE FROM pushes WHERE received_at < ?", now - KEEP)
    changed(db, "DELETE FROM boots WHERE seen_at < ?", now - 30 * KEEP)
