"""Times in which a source could not be read: who was told of it, and when it was over."""

from collections.abc import Sequence
from dataclasses import fields

from sqlite_utils import Database

from bot.domain.machines.sources import SourceStatus, SourceTrouble
from store.sql import Row, changed, many, rows

SCHEMA = (
    """CREATE TABLE source_troubles (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        since INTEGER NOT NULL,
        ok_at INTEGER,
        error TEXT NOT NULL,
        is_prompt INTEGER NOT NULL,
        told_at INTEGER,
        well_since INTEGER,
        over_at INTEGER
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_trouble ON source_troubles (source) WHERE over_at IS NULL",
    "CREATE INDEX source_troubles_told ON source_troubles (told_at)",
    "CREATE INDEX source_troubles_over ON source_troubles (over_at)",
)
_COLUMNS = ", ".join(field.name for field in fields(SourceTrouble))


def open_troubles(db: Database) -> dict[str, SourceTrouble]:
    """Troubles that are not over, by source."""
    found = rows(db, f"SELECT {_COLUMNS} FROM source_troubles WHERE over_at IS NULL ORDER BY since, source")
    return {row["source"]: _trouble(row) for row in found}


def begin(db: Database, standing: SourceStatus, now: int) -> None:
    """A source can't be read from now on."""
    sql = "INSERT INTO source_troubles (source, since, ok_at, error, is_prompt) VALUES (?, ?, ?, ?, ?)"
    changed(db, sql, standing.source, now, standing.ok_at, standing.error, standing.is_prompt)


def change_error(db: Database, trouble: SourceTrouble, error: str) -> None:
    """It goes on, for this reason now."""
    changed(db, "UPDATE source_troubles SET error = ?, well_since = NULL WHERE id = ?", error, trouble.id)


def note_well(db: Database, trouble: SourceTrouble, now: int) -> None:
    """It can be read again since now."""
    changed(db, "UPDATE source_troubles SET well_since = ? WHERE id = ?", now, trouble.id)


def note_troubles_told(db: Database, found: Sequence[SourceTrouble], now: int) -> None:
    """The admins hear of these now."""
    many(db, "UPDATE source_troubles SET told_at = ? WHERE id = ?", ((now, each.id) for each in found))


def note_troubles_over(db: Database, found: Sequence[SourceTrouble], now: int) -> None:
    """These are over."""
    many(db, "UPDATE source_troubles SET over_at = ? WHERE id = ?", ((now, each.id) for each in found))


def troubles_told_at(db: Database, at: int) -> list[SourceTrouble]:
    """What the admins heard of together at an instant."""
    return [_trouble(row) for row in rows(db, f"SELECT {_COLUMNS} FROM source_troubles WHERE told_at = ?", at)]


def troubles_over_at(db: Database, at: int) -> list[SourceTrouble]:
    """What was told of, and was over at an instant."""
    sql = f"SELECT {_COLUMNS} FROM source_troubles WHERE over_at = ? AND told_at IS NOT NULL"
    return [_trouble(row) for row in rows(db, sql, at)]


def prune(db: Database, before: int) -> None:
    """Forget those that were over before an instant."""
    changed(db, "DELETE FROM source_troubles WHERE over_at < ?", before)


def _trouble(row: Row) -> SourceTrouble:
    return SourceTrouble(**(row | {"is_prompt": bool(row["is_prompt"])}))
