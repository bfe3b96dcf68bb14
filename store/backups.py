"""Which nightly backups have been made."""

from pathlib import Path

from sqlite_utils import Database

from store.sql import changed, one

SCHEMA = (
    """CREATE TABLE backups (
        local_date TEXT PRIMARY KEY,
        made_at INTEGER NOT NULL,
        file TEXT NOT NULL,
        bytes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


def note(db: Database, local_date: str, now: int, *, file: Path, size: int) -> None:
    """That day's backup was made."""
    sql = "INSERT OR REPLACE INTO backups (local_date, made_at, file, bytes) VALUES (?, ?, ?, ?)"
    changed(db, sql, local_date, now, str(file), size)


def is_made(db: Database, local_date: str) -> bool:
    """Whether that day has its backup."""
    return one(db, "SELECT 1 FROM backups WHERE local_date = ?", local_date) is not None


def newest(db: Database) -> tuple[int, Path] | None:
    """When the newest nightly backup was made, and where it is."""
    row = one(db, "SELECT made_at, file FROM backups ORDER BY local_date DESC LIMIT 1")
    return (row["made_at"], Path(row["file"])) if row else None
