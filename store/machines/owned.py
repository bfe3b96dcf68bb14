"""Ends of owned machines: announced, done, kept and undone."""

from dataclasses import astuple, fields

from sqlite_utils import Database

from bot.domain.machines.owned import Retirement
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE retirements (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        name TEXT NOT NULL,
        who TEXT NOT NULL,
        reason TEXT NOT NULL,
        heard_at INTEGER,
        state TEXT NOT NULL CHECK (state IN ('announced', 'kept', 'retired', 'undone')),
        at INTEGER NOT NULL,
        changed_by TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX retirements_by_instance ON retirements (instance_id)",
    "CREATE UNIQUE INDEX one_announced_end ON retirements (instance_id) WHERE state = 'announced'",
)
_COLUMNS = tuple(field.name for field in fields(Retirement))


def save(db: Database, retirement: Retirement) -> None:
    """Write one whole."""
    marks = ", ".join("?" * len(_COLUMNS))
    sql = f"INSERT OR REPLACE INTO retirements ({', '.join(_COLUMNS)}) VALUES ({marks})"
    changed(db, sql, *astuple(retirement))


def by_id(db: Database, retirement_id: str) -> Retirement | None:
    """One of them."""
    row = one(db, "SELECT * FROM retirements WHERE id = ?", retirement_id)
    return Retirement(**row) if row else None


def newest_of(db: Database, instance_id: str) -> Retirement | None:
    """The newest of a machine; None when there was none."""
    row = one(db, "SELECT * FROM retirements WHERE instance_id = ? ORDER BY at DESC, rowid DESC LIMIT 1", instance_id)
    return Retirement(**row) if row else None


def announced(db: Database) -> dict[str, Retirement]:
    """Ends that were announced and are neither done nor off, by instance."""
    found = rows(db, "SELECT * FROM retirements WHERE state = 'announced'")
    return {row["instance_id"]: Retirement(**row) for row in found}
