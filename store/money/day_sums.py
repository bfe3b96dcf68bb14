"""The ledger summed per local day, so that no question reads it all: by machine and team, and by person and team.

The sums are a copy of `charges`, carried on by the number of the last charge counted; they can be rebuilt at any time
and are, when the zone of the days changes. A charge belongs to the day that it began in. What a question needs and no
whole day has (its first and last hours, charges made since the last count) is read from the charges themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.clock import DAY_MS
from bot.domain.days import ONE_DAY, day_start, local_day
from bot.domain.spans import TimeSpan
from store.sql import changed, one, rows
from store.trouble import Watched, sqlite3

STEP = 20_000
"""So many charges at a time, so that other writers wait only briefly."""
FEW_DAYS = 4
"""Charges of so few days are found by number, each day anew; those of many days, as corrections are, by time."""
MOST_UNCOUNTED = 60_000
"""With more charges than that to count, a question is quicker without the sums: they are being made."""
MEASURES = (
    *("micros", "busy_micros", "idle_micros", "unknown_micros", "gpu_ms", "idle_gpu_ms", "unpriced_gpu_ms"),
    *("estimated_micros", "estimated_idle_micros"),
)
"""What is summed, as `LedgerSum` has it."""
_COLUMNS = ", ".join(f"{name} INTEGER NOT NULL" for name in MEASURES)

SCHEMA = (
    "DROP TABLE spend",
    "DROP TABLE spend_until",
    f"""CREATE TABLE machine_days (
        starts_at INTEGER NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        running_ms INTEGER NOT NULL,
        {_COLUMNS},
        PRIMARY KEY (starts_at, instance_id, team)
    ) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE people_days (
        starts_at INTEGER NOT NULL,
        provider TEXT NOT NULL,
        team TEXT NOT NULL,
        used_by TEXT NOT NULL,
        holder TEXT NOT NULL,
        {_COLUMNS},
        PRIMARY KEY (starts_at, provider, team, used_by, holder)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE day_sums_until (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        zone TEXT NOT NULL,
        charge_id INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE first_charges (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        from_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # what was summed as rented is summed anew as owned; ids of machines don't do that, but sums must not rest on it
    """CREATE TRIGGER day_sums_anew AFTER UPDATE OF provider ON instances WHEN old.provider <> new.provider
    BEGIN DELETE FROM day_sums_until; END""",
)

SUMMED = (
    "sum(r.micros) AS micros, "
    "sum(CASE WHEN r.use = 'busy' THEN r.micros ELSE 0 END) AS busy_micros, "
    "sum(CASE WHEN r.use = 'idle' THEN r.micros ELSE 0 END) AS idle_micros, "
    "sum(CASE WHEN r.use = 'unknown' THEN r.micros ELSE 0 END) AS unknown_micros, "
    "sum(r.gpu_ms) AS gpu_ms, "
    "sum(CASE WHEN r.use = 'idle' THEN r.gpu_ms ELSE 0 END) AS idle_gpu_ms, "
    "sum(r.unpriced_gpu_ms) AS unpriced_gpu_ms, "
    "sum(r.estimated_micros) AS estimated_micros, "
    "sum(CASE WHEN r.use = 'idle' THEN r.estimated_micros ELSE 0 END) AS estimated_idle_micros"
)
"""The measures, of rows `r` as `shares_sql` has them."""

BY_TIME = "INDEXED BY charges_by_time"
BY_NUMBER = ""


def _within(index: str) -> str:
    """Charges `c` that begin from ?1 up to ?2 and are numbered from after ?3 up to ?4, found one way or the other."""
    time = "c.from_at >= ?1 AND c.from_at < ?2" if index else "+c.from_at >= ?1 AND +c.from_at < ?2"
    return f"{time} AND c.id > ?3 AND c.id <= ?4"


def shares_sql(index: str = BY_TIME, *, also: str = "") -> str:
    """Shares of the charges that begin from ?1 up to ?2 and are numbered from after ?3 up to ?4, as measures.

    Time is unpriced while no correction is known. A correction takes back what its charge, counted up to ?3, has told.
    """
    within = f"{_within(index)}{also}"
    return (
        "SELECT c.instance_id, c.team, s.holder, s.team AS used_by, s.use, s.gpu_ms, s.micros, "
        "CASE WHEN c.rate_micros = 0 AND NOT EXISTS (SELECT 1 FROM charges k WHERE k.corrects = c.id AND k.id <= ?4) "
        "THEN s.gpu_ms ELSE 0 END AS unpriced_gpu_ms, "
        "CASE WHEN c.exact THEN 0 ELSE s.micros END AS estimated_micros, 0 AS running_ms "
        f"FROM charges c {index} JOIN shares s ON s.charge_id = c.id WHERE {within} "
        "UNION ALL SELECT o.instance_id, o.team, s.holder, s.team, s.use, 0, 0, -s.gpu_ms, 0, 0 "
        f"FROM charges c {index} JOIN charges o ON o.id = c.corrects JOIN shares s ON s.charge_id = o.id "
        f"WHERE {within} AND c.corrects <= ?3 AND o.rate_micros = 0 "
        "AND NOT EXISTS (SELECT 1 FROM charges e WHERE e.corrects = o.id AND e.id < c.id)"
    )


_ADDED = ", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)


def _machines_sql(index: str) -> str:
    """Adds those charges to the days of machines: `they begin at ?1."""
    return (
        f"INSERT INTO machine_days (instance_id, team, starts_at, {', '.join(MEASURES)}, running_ms) "
        f"SELECT r.instance_id, r.team, ?1, {SUMMED}, sum(r.running_ms) FROM ({shares_sql(index)} "
        "UNION ALL SELECT c.instance_id, c.team, '', '', '', 0, 0, 0, 0, c.running_ms "
        f"FROM charges c {index} WHERE {_within(index)}) r GROUP BY r.instance_id, r.team "
        f"ON CONFLICT DO UPDATE SET {_ADDED}, running_ms = running_ms + excluded.running_ms"
    )


def _people_sql(index: str) -> str:
    """Adds those charges to the days of people."""
    return (
        f"INSERT INTO people_days (provider, team, used_by, holder, starts_at, {', '.join(MEASURES)}) "
        f"SELECT i.provider, r.team, r.used_by, r.holder, ?1, {SUMMED} "
        f"FROM ({shares_sql(index)}) r JOIN instances i ON i.id = r.instance_id "
        f"GROUP BY i.provider, r.team, r.used_by, r.holder ON CONFLICT DO UPDATE SET {_ADDED}"
    )


_FIRST = (
    "INSERT INTO first_charges (instance_id, from_at) SELECT instance_id, min(from_at) FROM charges "
    "WHERE id > ? AND id <= ? AND corrects IS NULL GROUP BY instance_id "
    "ON CONFLICT DO UPDATE SET from_at = excluded.from_at WHERE excluded.from_at < from_at"
)


class Counted(NamedTuple):
    """How far the sums reach."""

    zone: str
    charge_id: int


def counted(db: Database) -> Counted | None:
    """How far the sums reach; None where nothing is summed yet."""
    row = one(db, "SELECT zone, charge_id FROM day_sums_until")
    return Counted(row["zone"], row["charge_id"]) if row else None


def newest_charge(db: Database) -> int:
    """The number of the last charge there ever was; 0 without any."""
    found = rows(db, "SELECT max(id) AS id FROM charges UNION ALL SELECT charge_id FROM hours_begin")
    return max(row["id"] or 0 for row in found)


def catch_up(db: Database, zone: str, *, step: int = STEP) -> bool:
    """Count charges made since the last time, all of them when the zone is another; False when more are left.

    At most `step` of them: call it until it says True, each in a transaction of its own.
    """
    known, newest = counted(db), newest_charge(db)
    after = known.charge_id if known and known.zone == zone else _begin_anew(db)
    if newest == after and known and known.zone == zone:
        return True
    until = min(newest, after + step)
    changed(db, _FIRST, after, until)
    days = _days_of(db, after, until, ZoneInfo(zone))
    index = BY_NUMBER if len(days) <= FEW_DAYS else BY_TIME
    for start, end in days:
        changed(db, _machines_sql(index), start, end, after, until)
        changed(db, _people_sql(index), start, end, after, until)
    changed(db, "INSERT OR REPLACE INTO day_sums_until (only, zone, charge_id) VALUES (1, ?, ?)", zone, until)
    return until == newest


def _begin_anew(db: Database) -> int:
    """Forget all sums but those of old days, of which no charge is left; gives the number before the first charge."""
    changed(db, "DELETE FROM machine_days")
    changed(db, "DELETE FROM people_days")
    for table, keys, told in (
        ("machine_days", "instance_id, team, running_ms", "r.instance_id, r.team, sum(r.running_ms)"),
        ("people_days", "provider, team, used_by, holder", "i.provider, r.team, r.used_by, r.holder"),
    ):
        columns = ", ".join(part for part in told.split(", ") if "sum(" not in part)
        changed(
            db,
            f"INSERT INTO {table} (starts_at, {keys}, {', '.join(MEASURES)}) SELECT r.starts_at, {told}, {SUMMED} "
            f"FROM old_days r JOIN instances i ON i.id = r.instance_id GROUP BY r.starts_at, {columns}",
        )
    first = one(db, "SELECT min(id) AS id FROM charges") or {}
    return int(first["id"] or 1) - 1


def _days_of(db: Database, after: int, until: int, zone: ZoneInfo) -> list[TimeSpan]:
    """When the local days begin and end that charges of these numbers fall into."""
    sql = f"SELECT DISTINCT from_at / {DAY_MS} AS number FROM charges WHERE id > ? AND id <= ?"
    instants = [row["number"] * DAY_MS + edge for row in rows(db, sql, after, until) for edge in (0, DAY_MS - 1)]
    days = sorted({local_day(instant, zone) for instant in instants})
    return [(day_start(day, zone), day_start(day + ONE_DAY, zone)) for day in days]


class WholeDays(NamedTuple):
    """The part of a span that the sums have."""

    start: int
    end: int
    charge_id: int
    """The last charge that is in them."""


def nearly_counted(db: Database) -> Counted | None:
    """How far the sums reach, where few charges are missing; None while they are being made."""
    known = counted(db)
    return known if known and newest_charge(db) - known.charge_id <= MOST_UNCOUNTED else None


def whole_days(db: Database, start: int, end: int) -> WholeDays | None:
    """The whole days from `start` up to `end`, where they are summed; None: better read the charges themselves."""
    known = nearly_counted(db)
    if known is None:
        return None
    zone = ZoneInfo(known.zone)
    first, last = _midnight(start, zone, later=True), _midnight(end, zone, later=False)
    return WholeDays(first, last, known.charge_id) if first < last else None


NEVER_MS = 100_000_000_000_000
"""Beyond every charge."""


def _midnight(instant: int, zone: ZoneInfo, *, later: bool) -> int:
    if not 0 < instant < NEVER_MS:
        return instant
    day = local_day(instant, zone)
    start = day_start(day, zone)
    return start if start == instant or not later else day_start(day + ONE_DAY, zone)


@contextmanager
def snapshot(db: Database) -> Iterator[None]:
    """What is read meanwhile is of one moment: sums and the charges that are not in them yet. Raises Impaired."""
    is_alone = not db.conn.in_transaction
    try:
        if is_alone:
            db.execute("BEGIN")
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(db, Watched):
            db.trouble.look_at(error)
        raise
    finally:
        if is_alone and db.conn.in_transaction:
            db.execute("COMMIT")
