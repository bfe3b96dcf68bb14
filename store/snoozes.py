"""Snoozes: which instances are left alone, until when and by whose wish. The audit holds their history."""

from sqlite_utils import Database

from bot.domain.acting.snoozes import Snooze
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE snoozes (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        until_at INTEGER NOT NULL CHECK (until_at > made_at),
        who TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        reason TEXT NOT NULL DEFAULT ''
    ) STRICT, WITHOUT ROWID""",
)


def put(db: Database, snooze: Snooze) -> None:
    """Leave an instance alone until then; takes the place of an earlier snooze of it."""
    changed(
        db,
        "INSERT OR REPLACE INTO snoozes (instance_id, until_at, who, made_at, reason) VALUES (?, ?, ?, ?, ?)",
        *(snooze.instance_id, snooze.until_at, snooze.who, snooze.made_at, snooze.reason),
    )


def drop(db: Database, instance_id: str, now: int) -> bool:
    """End a snooze; False when there is none."""
    return changed(db, "DELETE FROM snoozes WHERE instance_id = ? AND until_at > ?", instance_id, now) == 1


def on(db: Database, instance_id: str, now: int) -> Snooze | None:
    """The snooze an instance is under."""
    row = one(db, "SELECT * FROM snoozes WHERE instance_id = ? AND until_at > ?", instance_id, now)
    return Snooze(**row) if row else None


def active(db: Database, now: int) -> dict[str, Snooze]:
    """Every snooze that has not ended, by instance."""
    return {row["instance_id"]: Snooze(**row) for row in rows(db, "SELECT * FROM snoozes WHERE until_at > ?", now)}
