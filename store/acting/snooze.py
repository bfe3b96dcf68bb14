"""Snoozes: which instances are left alone, until when and by whose wish. The audit holds their history."""

from sqlite_utils import Database

from bot.domain.acting.snooze import FOLLOWS_WITHIN_MS, Snooze
from store.records import find_all, find_record, insert, record_of
from store.sql import changed, rows

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


def put_snooze(db: Database, snooze: Snooze) -> None:
    """Leave an instance alone until then; takes the place of the same person's earlier snooze of it."""
    insert(db, "snoozes", snooze, verb="INSERT OR REPLACE")


def end(db: Database, snooze: Snooze, now: int) -> None:
    """End a snooze before its time. It stays, so that a next one is known to follow it."""
    sql = "UPDATE snoozes SET until_at = max(?, made_at) WHERE instance_id = ? AND who = ?"
    changed(db, sql, now, snooze.instance_id, snooze.who)


def lately(db: Database, instance_id: str, now: int) -> list[Snooze]:
    """The snoozes of an instance that have not ended or did so a short time ago, the longest last."""
    sql = "SELECT * FROM snoozes WHERE instance_id = ? AND until_at > ? ORDER BY until_at, who"
    return find_all(db, Snooze, sql, instance_id, now - FOLLOWS_WITHIN_MS)


def on(db: Database, instance_id: str, now: int) -> Snooze | None:
    """The longest snooze an instance is under."""
    sql = "SELECT * FROM snoozes WHERE instance_id = ? AND until_at > ? ORDER BY until_at DESC, who DESC LIMIT 1"
    return find_record(db, Snooze, sql, instance_id, now)


def active(db: Database, now: int) -> dict[str, Snooze]:
    """The longest snooze of every instance that is under one."""
    snooze_rows = rows(db, "SELECT * FROM snoozes WHERE until_at > ? ORDER BY until_at, who", now)
    return {row["instance_id"]: record_of(Snooze, row) for row in snooze_rows}
