"""When a copy was put in the place of the database: until when it knows things, and the machines as it had them."""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.restores import Difference, StoredMachine
from store import heartbeats
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE restores (
        at INTEGER PRIMARY KEY,
        known_until INTEGER,
        machines TEXT NOT NULL,
        told_at INTEGER,
        differences TEXT NOT NULL DEFAULT '[]',
        unread TEXT NOT NULL DEFAULT '[]'
    ) STRICT""",
)


@dataclass(frozen=True, slots=True)
class Restore:
    """One copy that was put back."""

    at: int
    known_until: int | None
    """What happened after this is not in it; None where that is not known."""
    machines: dict[str, StoredMachine]
    """As the copy had them, by id; empty once it was told."""
    told_at: int | None = None
    differences: tuple[Difference, ...] = ()
    """How machines were otherwise once they had been looked at."""
    unread: tuple[str, ...] = ()
    """Sources that could not be looked at by then."""


def note_restore(db: Database, now: int, newest_entry: int | None) -> None:
    """Note, in the copy itself, that it is put back now."""
    beat = heartbeats.last_heartbeat(db)
    known = [at for at in (newest_entry, beat.at if beat else None) if at is not None]
    machines = json.dumps({key: [each.name, each.state, each.launched_at] for key, each in stored_machines(db).items()})
    sql = "INSERT OR REPLACE INTO restores (at, known_until, machines) VALUES (?, ?, ?)"
    changed(db, sql, now, max(known, default=None), machines)


def stored_machines(db: Database) -> dict[str, StoredMachine]:
    """The machines that there are, by id."""
    found = rows(db, "SELECT id, name, state, launched_at FROM instances WHERE gone_at IS NULL ORDER BY name, id")
    return {row["id"]: StoredMachine(row["name"], row["state"], row["launched_at"]) for row in found}


def untold_restore(db: Database) -> Restore | None:
    """The newest copy put back that nobody was told of."""
    return _restore(db, "told_at IS NULL ORDER BY at DESC LIMIT 1")


def restore_at(db: Database, at: int) -> Restore | None:
    """The copy that was put back at that instant."""
    return _restore(db, "at = ?", at)


def note_restore_told(
    db: Database, restore: Restore, now: int, differences: tuple[Difference, ...], unread: tuple[str, ...]
) -> bool:
    """What is told of it; False when that was done already. Earlier ones need no word of their own any more."""
    told = json.dumps([[each.name, each.before, each.after] for each in differences])
    sql = (
        "UPDATE restores SET told_at = ?, differences = ?, unread = ?, machines = '{}' WHERE at = ? AND told_at IS NULL"
    )
    if changed(db, sql, now, told, json.dumps(unread), restore.at) != 1:
        return False
    changed(db, "UPDATE restores SET told_at = ? WHERE told_at IS NULL", now)
    return True


def _restore(db: Database, where: str, *values: object) -> Restore | None:
    row = one(db, f"SELECT * FROM restores WHERE {where}", *values)
    if row is None:
        return None
    machines = {key: StoredMachine(*each) for key, each in json.loads(row["machines"]).items()}
    differences = tuple(Difference(*each) for each in json.loads(row["differences"]))
    unread = tuple(json.loads(row["unread"]))
    return Restore(row["at"], row["known_until"], machines, row["told_at"], differences, unread)
