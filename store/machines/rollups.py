"""Minutes become hours, hours become days, and the day as 24 cells.

Every hour and day is counted anew from all of its parts, and what waits to be counted is a row that goes away in the
transaction that counts it. So it does not matter how often, how late or after which crash it happens.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.packing import GpuSum, pack_sums, unpack_sums
from bot.domain.machines.rollups import HourCell, hour_cell, sum_of_minutes, sum_of_sums
from store.machines import readings as stored_readings
from store.sql import many, rows

HOURS_KEPT_MS = 90 * DAY_MS
ROLLUP_GRACE_MS = 5 * MINUTE_MS
STRIP_HOURS = 24
SCHEMA = (
    *(
        f"""CREATE TABLE {level}s (
        start INTEGER NOT NULL,
        host TEXT NOT NULL,
        gpus BLOB NOT NULL,
        PRIMARY KEY (start, host)
    ) STRICT, WITHOUT ROWID"""
        for level in ("hour", "day")
    ),
    """CREATE TABLE unrolled (
        level TEXT NOT NULL CHECK (level IN ('hour', 'day')),
        start INTEGER NOT NULL,
        host TEXT NOT NULL,
        PRIMARY KEY (level, start, host)
    ) STRICT, WITHOUT ROWID""",
)
_MARK = "INSERT INTO unrolled (level, start, host) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


def mark_unrolled(db: Database, host: str, told: Iterable[int]) -> None:
    """The hours of these minutes are to be counted (again)."""
    many(db, _MARK, [("hour", start, host) for start in {at // HOUR_MS * HOUR_MS for at in told}])


def due_rollups(db: Database, now: int, *, limit: int) -> list[tuple[str, int, str]]:
    """What is over and not counted: level, start and host, hours before days, oldest first.

    A day waits until none of its hours does.
    """
    hours = rows(
        db,
        "SELECT level, start, host FROM unrolled WHERE level = 'hour' AND start <= ? ORDER BY start, host LIMIT ?",
        now - HOUR_MS - ROLLUP_GRACE_MS,
        limit,
    )
    days = (
        []
        if hours
        else rows(
            db,
            "SELECT level, start, host FROM unrolled WHERE level = 'day' AND start <= ? ORDER BY start, host LIMIT ?",
            now - DAY_MS - HOUR_MS,
            limit,
        )
    )
    return [(row["level"], row["start"], row["host"]) for row in hours or days]


def roll_up(db: Database, level: str, start: int, host: str) -> None:
    """Count one hour or day of one host; in the caller's transaction, with others or alone."""
    if level == "hour":
        found = stored_readings.minutes_between(db, host, start, start + HOUR_MS).values()
        put_sums(db, "hour", start, host, sum_of_minutes(found))
        many(db, _MARK, [("day", start // DAY_MS * DAY_MS, host)])
    else:
        put_sums(db, "day", start, host, sum_of_sums(gpu_sums_by_hour(db, host, start, start + DAY_MS).values()))
    many(db, "DELETE FROM unrolled WHERE level = ? AND start = ? AND host = ?", [(level, start, host)])


def put_sums(db: Database, level: str, start: int, host: str, sums: Sequence[GpuSum]) -> None:
    """Write what was counted of an "hour" or a "day" of one host, in the place of what was before."""
    if sums:
        sql = f"INSERT OR REPLACE INTO {level}s (start, host, gpus) VALUES (?, ?, ?)"
        many(db, sql, [(start, host, pack_sums(sums))])


def gpu_sums_by_hour(db: Database, host: str, start: int, end: int) -> dict[int, list[GpuSum]]:
    """A host's hours that began from `start` on and before `end`, by their start; both whole hours."""
    wanted = range(start, end, HOUR_MS)
    sql = f"SELECT start, gpus FROM hours WHERE start IN ({', '.join('?' * len(wanted))}) AND host = ?"
    return {at: list(unpack_sums(packed)) for at, packed in db.execute(sql, [*wanted, host])}


def rolled_days(db: Database, host: str, start: int, end: int) -> dict[int, list[GpuSum]]:
    """A host's UTC days that began from `start` on and before `end`, by their start; both whole days."""
    wanted = range(start, end, DAY_MS)
    sql = f"SELECT start, gpus FROM days WHERE start IN ({', '.join('?' * len(wanted))}) AND host = ?"
    return {at: list(unpack_sums(packed)) for at, packed in db.execute(sql, [*wanted, host])}


def hour_strip(db: Database, host: str, now: int) -> list[HourCell]:
    """The last 24 hours of a host, oldest first; the last cell is the hour that goes on."""
    last = now // HOUR_MS * HOUR_MS
    starts = range(last - (STRIP_HOURS - 1) * HOUR_MS, last + HOUR_MS, HOUR_MS)
    hours = gpu_sums_by_hour(db, host, starts.start, starts.stop)
    waiting = _waiting(db, host, starts)
    return [hour_cell(at, _fresh(db, host, at) if at in waiting else hours.get(at, ())) for at in starts]


def hour_strips(db: Database, hosts: Iterable[str], now: int) -> dict[str, list[HourCell]]:
    """The strips of a page of hosts."""
    return {host: hour_strip(db, host, now) for host in hosts}


def _waiting(db: Database, host: str, starts: Iterable[int]) -> set[int]:
    wanted = [*starts]
    sql = f"SELECT start FROM unrolled WHERE level = 'hour' AND start IN ({', '.join('?' * len(wanted))}) AND host = ?"
    return {start for (start,) in db.execute(sql, [*wanted, host])}


def _fresh(db: Database, host: str, at: int) -> list[GpuSum]:
    return sum_of_minutes(stored_readings.minutes_between(db, host, at, at + HOUR_MS).values())


def prune(db: Database, now: int) -> None:
    """Drop hours older than 90 days, whole days at a time; days stay."""
    waiting: Mapping[str, int | None] = rows(db, "SELECT min(start) AS at FROM unrolled WHERE level = 'day'")[0]
    cut = min(waiting["at"] or now, (now - HOURS_KEPT_MS) // DAY_MS * DAY_MS)
    many(db, "DELETE FROM hours WHERE start < ?", [(cut,)])
