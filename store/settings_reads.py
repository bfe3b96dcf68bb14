"""What the running bot made of `valet.toml` last: read when, what waits for a restart, and what was refused."""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from store.sql import changed, one

SCHEMA = (
    """CREATE TABLE settings_reads (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        read_at INTEGER NOT NULL,
        waiting TEXT NOT NULL,
        refused_at INTEGER,
        refused TEXT NOT NULL DEFAULT ''
    ) STRICT""",
)


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """The last reading that counts, and one after it that was refused."""

    read_at: int
    waiting: tuple[str, ...]
    """Settings that differ from those the process started with, and are taken up by its next start."""
    refused_at: int | None = None
    refused: str = ""
    """Why; empty where the file is as it was read."""


def settings_read(db: Database) -> SettingsRead | None:
    """The last reading; None before the first."""
    row = one(db, "SELECT read_at, waiting, refused_at, refused FROM settings_reads")
    return SettingsRead(**{**row, "waiting": tuple(json.loads(row["waiting"]))}) if row else None


def note_settings_read(db: Database, waiting: tuple[str, ...], now: int) -> None:
    """The file was read, and counts."""
    sql = "INSERT OR REPLACE INTO settings_reads (id, read_at, waiting) VALUES (1, ?, ?)"
    changed(db, sql, now, json.dumps(waiting))


def note_settings_refused(db: Database, why: str, now: int) -> None:
    """The file was read, and does not count: what was read before stays in force."""
    changed(db, "INSERT OR IGNORE INTO settings_reads (id, read_at, waiting) VALUES (1, ?, '[]')", now)
    changed(db, "UPDATE settings_reads SET refused_at = ?, refused = ?", now, why)
