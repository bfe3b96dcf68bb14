"""What people have chosen for themselves, and when they got their digest in person."""

from datetime import time

from sqlite_utils import Database

from bot.domain.own_settings import NO_QUIET, OwnSettings, QuietHours
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE own_settings (
        person TEXT PRIMARY KEY,
        digest TEXT NOT NULL CHECK (digest IN ('off', 'mornings')),
        quiet_from TEXT NOT NULL,
        quiet_until TEXT NOT NULL,
        reminders TEXT NOT NULL CHECK (reminders IN ('all', 'last')),
        digest_day TEXT NOT NULL DEFAULT ''
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE muted_machines (
        person TEXT NOT NULL,
        instance_id TEXT NOT NULL,
        PRIMARY KEY (person, instance_id)
    ) STRICT, WITHOUT ROWID""",
)


def own_settings_of(db: Database, person: str) -> OwnSettings:
    """Theirs; the usual ones where they have chosen none."""
    row = one(db, "SELECT * FROM own_settings WHERE person = ?", person)
    muted = frozenset(
        each["instance_id"] for each in rows(db, "SELECT instance_id FROM muted_machines WHERE person = ?", person)
    )
    if row is None:
        return OwnSettings(person, muted=muted)
    begins, ends = time.fromisoformat(row["quiet_from"]), time.fromisoformat(row["quiet_until"])
    quiet = NO_QUIET if begins == ends else QuietHours(begins, ends)
    return OwnSettings(person, row["digest"], quiet, row["reminders"], muted)


def keep_own_settings(db: Database, own: OwnSettings) -> None:
    """Keep what somebody has chosen."""
    sql = """INSERT INTO own_settings (person, digest, quiet_from, quiet_until, reminders) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (person) DO UPDATE SET digest = excluded.digest, quiet_from = excluded.quiet_from,
        quiet_until = excluded.quiet_until, reminders = excluded.reminders"""
    begins, ends = f"{own.quiet.begins:%H:%M}", f"{own.quiet.ends:%H:%M}"
    changed(db, sql, own.person, own.digest, begins, ends, own.reminders)
    changed(db, "DELETE FROM muted_machines WHERE person = ?", own.person)
    for instance_id in sorted(own.muted):
        changed(db, "INSERT INTO muted_machines (person, instance_id) VALUES (?, ?)", own.person, instance_id)


def digest_readers(db: Database) -> list[tuple[str, str]]:
    """Who wants a digest in person, with the local date of the last one; empty before the first."""
    sql = "SELECT person, digest_day FROM own_settings WHERE digest = 'mornings' ORDER BY person"
    return [(row["person"], row["digest_day"]) for row in rows(db, sql)]


def note_digest_day(db: Database, person: str, day: str) -> bool:
    """That day's was made; False when it was before."""
    sql = "UPDATE own_settings SET digest_day = ? WHERE person = ? AND digest_day < ?"
    return changed(db, sql, day, person, day) == 1
