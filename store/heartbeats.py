"""When the process that keeps the database last lived, by which the next one knows how late it must be."""

from sqlite_utils import Database

from bot.domain.clock import Heartbeat
from store.sql import changed, one

SINCE_BOOT = (
    "ALTER TABLE heartbeat ADD COLUMN since_boot INTEGER",
    "ALTER TABLE heartbeat ADD COLUMN boot TEXT NOT NULL DEFAULT ''",
)


def note(db: Database, beat: Heartbeat) -> None:
    """It lives."""
    said = "INSERT OR REPLACE INTO heartbeat (id, at, since_boot, boot) VALUES (1, ?, ?, ?)"
    changed(db, said, beat.at, beat.since_boot, beat.boot)


def last_heartbeat(db: Database) -> Heartbeat | None:
    """When a process last lived; None in a fresh database."""
    row = one(db, "SELECT at, since_boot, boot FROM heartbeat")
    return Heartbeat(**row) if row else None
