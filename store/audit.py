"""The audit: who did what, when, why, and what it changed. Append-only, and each entry is chained to the one before.

An entry's hash covers its content and the hash before it, so an entry that is changed, put in or taken out later
shows, whoever can write to the file; see `verify`.
"""

import hashlib
import json
from collections.abc import Iterator

from sqlite_utils import Database

from bot.domain.audit import REFUSED, Broken, Entry
from store.sql import bound, changed, one, rows

SCHEMA = (
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        who TEXT NOT NULL,
        did TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        hash TEXT NOT NULL CHECK (length(hash) = 64)
    ) STRICT""",
    "CREATE INDEX audit_of_subject ON audit (subject)",
    f"CREATE INDEX audit_refused ON audit (who, at) WHERE after = '{REFUSED}'",
    "CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    "CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    # an INSERT OR REPLACE deletes without asking the trigger above
    """CREATE TRIGGER audit_grows BEFORE INSERT ON audit WHEN NEW.id <= (SELECT max(id) FROM audit)
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
)
CONTENT = ("id", "at", "who", "did", "subject", "detail", "before", "after")
START = "0" * 64
"""What the first entry is chained to."""


def add(
    db: Database, now: int, who: str, did: str, *, subject: str, detail: str = "", before: str = "", after: str = ""
) -> None:
    """Append an entry. `db` is the writer's, inside its transaction: nobody else can append in between."""
    end = last_entry(db)
    last_id, last_hash = (end.id, end.hash) if end else (0, START)
    values = bound((last_id + 1, now, who, did, subject, detail, before, after))
    sql = f"INSERT INTO audit ({', '.join(CONTENT)}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    changed(db, sql, *values, _hash(last_hash, values))


def entries_about(db: Database, subject: str) -> list[Entry]:
    """What was noted about a subject (an instance, a host), oldest first."""
    return [Entry(**row) for row in rows(db, "SELECT * FROM audit WHERE subject = ? ORDER BY id", subject)]


def newest(db: Database, subject: str, limit: int) -> tuple[list[Entry], int]:
    """The newest entries about a subject, newest first; and how many there are in all."""
    found = rows(db, "SELECT * FROM audit WHERE subject = ? ORDER BY id DESC LIMIT ?", subject, limit)
    counted = one(db, "SELECT count(*) AS n FROM audit WHERE subject = ?", subject)
    return [Entry(**row) for row in found], counted["n"] if counted else 0


def refused_since(db: Database, who: str, start: int) -> list[tuple[str, str]]:
    """What somebody was refused since then: of which subject, and what they tried."""
    sql = f"SELECT subject, did FROM audit WHERE who = ? AND after = '{REFUSED}' AND at > ?"
    return [(row["subject"], row["did"]) for row in rows(db, sql, who, start)]


def since(db: Database, start: int) -> Iterator[Entry]:
    """Every entry from an instant on, oldest first, one at a time."""
    columns = ", ".join((*CONTENT, "hash"))
    for values in db.execute(f"SELECT {columns} FROM audit WHERE at >= ? ORDER BY id", [start]):
        yield Entry(*values)


def last_entry(db: Database) -> Entry | None:
    """The newest entry of all."""
    row = one(db, "SELECT * FROM audit ORDER BY id DESC LIMIT 1")
    return Entry(**row) if row else None


def has_hash(db: Database, wanted: str) -> bool:
    """Whether some entry has this hash."""
    return one(db, "SELECT 1 FROM audit WHERE hash = ?", wanted) is not None


def verify(db: Database) -> Broken | None:
    """Follow the chain from its start; None when it holds."""
    columns = ", ".join(CONTENT)
    before_id, before_hash = 0, START
    for values in db.execute(f"SELECT hash, {columns} FROM audit ORDER BY id"):
        found, content = str(values[0]), list(values[1:])
        entry, at = int(content[0]), int(content[1])
        if entry != before_id + 1:
            return Broken(before_id + 1, None, _missing(before_id + 1, entry - 1))
        if found != _hash(before_hash, content):
            what = "does not match its hash: it, or the entry before it, was changed after it was written"
            return Broken(entry, at, f"Entry {entry} {what}.")
        before_id, before_hash = entry, found
    promised = one(db, "SELECT seq FROM sqlite_sequence WHERE name = 'audit'") or {"seq": 0}
    if promised["seq"] > before_id:
        return Broken(before_id + 1, None, _missing(before_id + 1, promised["seq"]))
    return None


def _missing(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."


def _hash(before: str, content: list[object]) -> str:
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()
