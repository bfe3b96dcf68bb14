"""Drains. The database keeps the promise of one at a time per instance; ended ones stay."""

from collections.abc import Sequence

from sqlite_utils import Database

from bot.domain.acting.drain import Drain
from store.records import find_record, insert, record_of
from store.sql import changed, rows

SCHEMA = (
    """CREATE TABLE drains (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        who TEXT NOT NULL,
        since INTEGER NOT NULL,
        reason TEXT NOT NULL,
        ended_at INTEGER
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_drain ON drains (instance_id) WHERE ended_at IS NULL",
)


def add(db: Database, drain: Drain) -> None:
    """Begin one."""
    insert(db, "drains", drain)


def end(db: Database, drain_id: str, now: int) -> bool:
    """End one; False when it has ended already."""
    return changed(db, "UPDATE drains SET ended_at = ? WHERE id = ? AND ended_at IS NULL", now, drain_id) == 1


def by_id(db: Database, drain_id: str) -> Drain | None:
    """One drain, open or ended."""
    return find_record(db, Drain, "SELECT * FROM drains WHERE id = ?", drain_id)


def open_on(db: Database, instance_ids: Sequence[str]) -> dict[str, Drain]:
    """The open drains of these instances, by instance."""
    marks = ", ".join("?" * len(instance_ids))
    drain_rows = rows(db, f"SELECT * FROM drains WHERE ended_at IS NULL AND instance_id IN ({marks})", *instance_ids)
    return {row["instance_id"]: record_of(Drain, row) for row in drain_rows}
