"""Hours of the ledger that are older than two years become days: what each machine, holder and use had of a day stays.

Charges are folded a slice at a time, each in one transaction: what is folded is added to its day and taken away. So a
day may for a while be partly here and partly in the charges, and is never in both. The sums per day don't change by it.
"""

from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import ONE_DAY, day_start, local_day
from store.money import day_sums
from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE old_days (
        starts_at INTEGER NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        used_by TEXT NOT NULL,
        holder TEXT NOT NULL,
        use TEXT NOT NULL CHECK (use IN ('busy', 'idle', 'unknown')),
        running_ms INTEGER NOT NULL,
        gpu_ms INTEGER NOT NULL,
        micros INTEGER NOT NULL,
        unpriced_gpu_ms INTEGER NOT NULL,
        estimated_micros INTEGER NOT NULL,
        PRIMARY KEY (starts_at, instance_id, team, used_by, holder, use)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE hours_begin (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        from_at INTEGER NOT NULL,
        charge_id INTEGER NOT NULL
    ) STRICT""",
    """CREATE TRIGGER old_days_keep BEFORE DELETE ON old_days
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    "DROP TRIGGER charges_keep",
    "DROP TRIGGER shares_keep",
    """CREATE TRIGGER charges_keep BEFORE DELETE ON charges
    WHEN old.from_at >= coalesce((SELECT from_at FROM hours_begin), old.from_at)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER shares_keep BEFORE DELETE ON shares
    WHEN NOT EXISTS (SELECT 1 FROM charges c JOIN hours_begin h ON c.from_at < h.from_at WHERE c.id = old.charge_id)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
)

_KEYS = "instance_id, team, used_by, holder, use"
_AMOUNTS = ("running_ms", "gpu_ms", "micros", "unpriced_gpu_ms", "estimated_micros")
_IS_FIRST_SHARE = (
    "NOT EXISTS (SELECT 1 FROM shares t WHERE t.charge_id = s.charge_id "
    "AND (t.holder, t.team, t.use) < (s.holder, s.team, s.use))"
)
"""So that the time of a machine is counted once, however many shared it."""
_FOLD = (
    f"INSERT INTO old_days (starts_at, {_KEYS}, {', '.join(_AMOUNTS)}) "
    "SELECT ?1, c.instance_id, c.team, s.team, s.holder, s.use, "
    f"sum(CASE WHEN {_IS_FIRST_SHARE} THEN c.running_ms ELSE 0 END), sum(s.gpu_ms), sum(s.micros), "
    "sum(CASE WHEN c.rate_micros = 0 AND NOT EXISTS (SELECT 1 FROM charges k WHERE k.corrects = c.id) "
    "THEN s.gpu_ms ELSE 0 END), sum(CASE WHEN c.exact THEN 0 ELSE s.micros END) "
    "FROM temp.folding f JOIN charges c ON c.id = f.id JOIN shares s ON s.charge_id = c.id "
    "WHERE c.from_at >= ?1 AND c.from_at < ?2 GROUP BY c.instance_id, c.team, s.team, s.holder, s.use "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in _AMOUNTS)}"
)


def hours_begin(db: Database) -> int | None:
    """Before when hours have become days; None while none have."""
    row = one(db, "SELECT from_at FROM hours_begin")
    return row["from_at"] if row else None


def fold_hours(db: Database, before: int, zone: str, *, step: int) -> bool:
    """Fold the oldest charges that began before a midnight, at most `step` and their corrections; True: none is left.

    None is folded that some sum has not counted yet. Call it in a transaction of its own.
    """
    known, newest = day_sums.counted(db), day_sums.newest_charge(db)
    billed = one(db, "SELECT charge_id FROM bill_metered_until")
    if known != (zone, newest) or billed is None or billed["charge_id"] < newest:
        return True
    changed(db, "CREATE TEMP TABLE IF NOT EXISTS folding (id INTEGER PRIMARY KEY)")
    count = changed(
        db,
        f"INSERT INTO temp.folding SELECT id FROM charges {day_sums.BY_TIME} "
        "WHERE from_at < ? AND corrects IS NULL ORDER BY from_at, id LIMIT ?",
        before,
        step,
    )
    changed(db, "INSERT INTO temp.folding SELECT k.id FROM temp.folding f JOIN charges k ON k.corrects = f.id")
    _move(db, ZoneInfo(zone), newest)
    changed(db, "DELETE FROM temp.folding")
    return count < step


def _move(db: Database, zone: ZoneInfo, newest: int) -> None:
    """Add what is being folded to its days, and take it away."""
    span = one(
        db, "SELECT min(c.from_at) AS first, max(c.from_at) AS last FROM temp.folding f JOIN charges c USING (id)"
    )
    if span is None or span["first"] is None:
        return
    day, end = local_day(span["first"], zone), 0
    while end <= span["last"]:
        start, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
        changed(db, _FOLD, start, end)
        day += ONE_DAY
    changed(
        db,
        "INSERT INTO hours_begin (only, from_at, charge_id) VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET "
        "from_at = max(from_at, excluded.from_at), charge_id = max(charge_id, excluded.charge_id)",
        end,
        newest,
    )
    changed(db, "DELETE FROM shares WHERE charge_id IN (SELECT id FROM temp.folding)")
    for which in ("IS NOT NULL", "IS NULL"):
        changed(db, f"DELETE FROM charges WHERE id IN (SELECT id FROM temp.folding) AND corrects {which}")


def shares_of_days(db: Database, start: int, end: int) -> list[Row]:
    """What old days that begin from `start` up to `end` had, oldest first, each with its instance."""
    return rows(
        db,
        "SELECT d.starts_at, d.instance_id, d.running_ms, d.team, d.used_by, d.holder, d.use, d.gpu_ms, d.micros, "
        "d.unpriced_gpu_ms, d.estimated_micros, i.name, i.type, i.provider FROM old_days d "
        "JOIN instances i ON i.id = d.instance_id WHERE d.starts_at >= ? AND d.starts_at < ? "
        "ORDER BY d.starts_at, d.instance_id, d.team, d.used_by, d.holder, d.use",
        start,
        end,
    )
