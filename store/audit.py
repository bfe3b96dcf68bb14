"""The audit: who did what, when, why, and what it changed. Append-only, and each entry is chained to the one before.

An entry's hash covers its content and the hash before it, so an entry that is changed, put in or taken out later
shows, whoever can write to the file; see `verify`.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from functools import partial
from typing import get_args

from sqlite_utils import Database

from bot.domain.acting.actions import ActionState
from bot.domain.audit import FORGOT, REFUSED, Broken, Entry
from store.sql import bound, changed, one, rows
from store.trouble import Watched

log = logging.getLogger(__name__)

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
    if isinstance(db, Watched):
        db.noted.append(partial(_tell, who, did, subject, after))


_OUTCOMES = {*get_args(ActionState), REFUSED}


def _tell(who: str, did: str, subject: str, after: str) -> None:
    """One line for one thing done; why it was done are people's own words, which are not for the log."""
    outcome = after if after in _OUTCOMES else "done"
    fields = {"event": "done", "who": who, "did": did, "subject": subject, "outcome": outcome}
    log.info("%s %s: %s, %s", who, did, subject, outcome, extra={"fields": fields})


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


def since(db: Database, start: int, after: int = 0) -> Iterator[Entry]:
    """Every entry from an instant on and after the one of that number, oldest first, one at a time."""
    columns = ", ".join((*CONTENT, "hash", "erased_by"))
    for values in db.execute(f"SELECT {columns} FROM audit WHERE at >= ? AND id > ? ORDER BY id", [start, after]):
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
    told, marks = _told_erased(db), "erased_by" if _knows_erased(db) else "NULL"
    for values in db.execute(f"SELECT hash, {marks}, {columns} FROM audit ORDER BY id"):
        found, erased_by, content = str(values[0]), values[1], list(values[2:])
        entry, at = int(content[0]), int(content[1])
        if entry != before_id + 1:
            return Broken(before_id + 1, None, _missing(before_id + 1, entry - 1))
        if erased_by is not None and entry not in told.get(int(erased_by), ()):
            what = "is marked as one in which somebody was forgotten, and no later entry says so"
            return Broken(entry, at, f"Entry {entry} {what}.")
        if erased_by is None and found != _hash(before_hash, content):
            what = "does not match its hash: it, or the entry before it, was changed after it was written"
            return Broken(entry, at, f"Entry {entry} {what}.")
        before_id, before_hash = entry, found
    promised = one(db, "SELECT seq FROM sqlite_sequence WHERE name = 'audit'") or {"seq": 0}
    if promised["seq"] > before_id:
        return Broken(before_id + 1, None, _missing(before_id + 1, promised["seq"]))
    return None


def erased(db: Database) -> int:
    """How many entries somebody was in who was forgotten."""
    if not _knows_erased(db):
        return 0
    found = one(db, "SELECT count(*) AS n FROM audit WHERE erased_by IS NOT NULL")
    return found["n"] if found else 0


def _knows_erased(db: Database) -> bool:
    """Not a backup that an earlier version made."""
    return one(db, "SELECT 1 FROM pragma_table_info('audit') WHERE name = 'erased_by'") is not None


def _told_erased(db: Database) -> dict[int, set[int]]:
    """By the number of an entry that tells of a forgetting: the earlier entries that it names."""
    told: dict[int, set[int]] = {}
    for row in rows(db, "SELECT id, detail FROM audit WHERE did = ?", FORGOT):
        numbers: set[int] = set()
        for span in str(row["detail"]).split(", "):
            first, _, last = span.partition("-")
            if first.isdecimal() and (last or first).isdecimal():
                numbers.update(range(int(first), min(int(last or first), int(row["id"]) - 1) + 1))
        told[int(row["id"])] = numbers
    return told


def _missing(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."


def _hash(before: str, content: list[object]) -> str:
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()
