"""Snoozes: which instances are left alone, until when and by whose wish. The audit holds their history."""

from sqlite_utils import Database

from bot.domain.acting.snoozes import ON_END, Snooze
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE snoozes (
        instance_id TEXT NOT NULL REFERENCES instances (id),
        until_at INTEGER NOT NULL CHECK (until_at >= made_at),
        who TEXT NOT NULL,
        made_at INTEGER NOT NULL CHECK (made_at >= since_at),
        reason TEXT NOT NULL DEFAULT '',
        since_at INTEGER NOT NULL,
        PRIMARY KEY (instance_id, who)
    ) STRICT, WITHOUT ROWID""",
)


def put(db: Database, snooze: Snooze) -> None:
    """Leave an instance alone until then; takes the place of the same person's earlier snooze of it."""
    changed(
        db,
        "INSERT OR REPLACE INTO snoozes (instance_id, until_at, who, made_at, reason, since_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        snooze.instance_id,
        snooze.until_at,
        snooze.who,
        snooze.made_at,
        snooze.reason,
        snooze.since_at,
    )


def end(db: Database, snooze: Snooze, now: int) -> None:
    """End a snooze before its time. It stays, so that a next one is known to follow it."""
    sql = "UPDATE snoozes SET until_at = max(?, made_at) WHERE instance_id = ? AND who = ?"
    changed(db, sql, now, snooze.instance_id, snooze.who)


def lately(db: Database, instance_id: str, now: int) -> list[Snooze]:
    """The snoozes of an instance that have not ended or did so a short time ago, the longest last."""
    sql = "SELECT * FROM snoozes WHERE instance_id = ? AND until_at > ? ORDER BY until_at, who"
    return [Snooze(**row) for row in rows(db, sql, instance_id, now - ON_END)]


def on(db: Database, instance_id: str, now: int) -> Snooze | None:
    """The longest snooze an instance is under."""
    sql = "SELECT * FROM snoozes WHERE instance_id = ? AND until_at > ? ORDER BY until_at DESC, who DESC LIMIT 1"
    row = one(db, sql, instance_id, now)
    return Snooze(**row) if row else None


def active(db: Database, now: int) -> dict[str, Snooze]:
    """The longest snooze of every instance that is under one."""
    found = rows(db, "SELECT * FROM snoozes WHERE until_at > ? ORDER BY until_at, who", now)
    return {row["instance_id"]: Snooze(**row) for row in found}
