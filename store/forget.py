"""Forgetting a person: no cell holds their id, their name or what they wrote any more, and every row stays.

Rows that refuse changes (the audit, the ledger) are changed all the same: their triggers are taken away and made again
in one transaction, so nobody else ever sees the database without them.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from sqlite_utils import Database

from bot.domain.audit import FORGOT
from store import audit as stored_audit
from store.sql import changed, one, rows

SCHEMA = (
    "ALTER TABLE audit ADD COLUMN erased_by INTEGER",
    "ALTER TABLE people_names ADD COLUMN left_at INTEGER",
)


@dataclass(frozen=True, slots=True)
class Written:
    """Where people write: whose it is, which columns hold their words, and since when it is only a memory."""

    person: str
    texts: tuple[str, ...]
    over_at: str


WRITTEN = {
    "claims": Written("holder", ("note",), "ended_at"),
    "bookings": Written("holder", ("note",), "ended_at"),
    "waiters": Written("person", ("note",), "ended_at"),
    "requests": Written("asker", ("reason",), "asked_at"),
    "grants": Written("person", ("note",), "expires_at"),
    "drains": Written("who", ("reason",), "ended_at"),
    "snoozes": Written("who", ("reason",), "until_at"),
    "batches": Written("requester", ("reason",), "created_at"),
    "actions": Written("requester", ("reason",), "finished_at"),
    "retirements": Written("who", ("reason",), "at"),
    "runs": Written("person", ("tail",), "finished_at"),
}
"""What people wrote, or had a command print, beside what they did."""

OWN_ROWS = {
    "people_names": "person",
    "own_settings": "person",
    "muted_machines": "person",
    "home_views": "person",
    "welcomes": "person",
    "calendar_feeds": "person",
    "clarifications": "person",
    "batch_drafts": "requester",
    "hints": "person",
    "outbox": "channel",
    "posts": "channel",
}
"""Rows that are of use to nobody once their person is forgotten."""

OPEN = (
    ("claims", "holder", "ended_at IS NULL", "a claim"),
    ("bookings", "holder", "ended_at IS NULL", "a booking"),
    ("waiters", "person", "ended_at IS NULL", "a place in line"),
    ("handovers", "giver", "settled_at IS NULL", "a hand-over"),
    ("handovers", "taker", "settled_at IS NULL", "a hand-over"),
    ("grants", "person", "decided_at IS NULL AND state = 'pending'", "a request for more than fair use"),
    ("runs", "person", "finished_at IS NULL", "a run"),
    ("actions", "requester", "finished_at IS NULL", "a request"),
)
"""What somebody still has: whoever has it can't be forgotten."""


def open_things(db: Database, person: str) -> list[str]:
    """What somebody has that is not over, a word each."""
    return [
        word
        for table, column, is_open, word in OPEN
        if one(db, f"SELECT 1 FROM {table} WHERE {column} = ? AND {is_open} LIMIT 1", person)
    ]


def cells_about(db: Database, person: str) -> dict[str, int]:
    """How many rows of each table hold the id of somebody."""
    counted: dict[str, int] = {}
    put = _replacing(db, person, person)
    for table, columns in _texts(db).items():
        found = one(db, f"SELECT count(*) AS n FROM {table} WHERE {_any_holds(put, columns)}", *[person] * len(columns))
        if found and found["n"]:
            counted[table] = int(found["n"])
    return counted


def forget(db: Database, person: str, pseudonym: str, now: int, *, who: str) -> int:
    """Put the pseudonym in the place of a person everywhere; how many rows were changed or deleted.

    In the caller's transaction. Entries of the audit keep their hashes; a new entry names those that were changed.
    """
    count = 0
    with _without_triggers(db):
        for table, column in OWN_ROWS.items():
            count += changed(db, f"DELETE FROM {table} WHERE {column} = ?", person)
        for table, written in WRITTEN.items():
            empty = ", ".join(f"{name} = ''" for name in written.texts)
            count += changed(db, f"UPDATE {table} SET {empty} WHERE {written.person} = ?", person)
        entries = _erase_entries(db, person)
        count += _replace_everywhere(db, person, pseudonym)
    stored_audit.add(db, now, who, FORGOT, subject=pseudonym, detail=spans(entries))
    return count


def erase_texts(db: Database, before: int) -> int:
    """Empty what people wrote in rows that were over before an instant; how many rows that were."""
    count = 0
    for table, written in WRITTEN.items():
        empty = ", ".join(f"{name} = ''" for name in written.texts)
        is_full = " OR ".join(f"{name} <> ''" for name in written.texts)
        count += changed(db, f"UPDATE {table} SET {empty} WHERE {written.over_at} < ? AND ({is_full})", before)
    return count


def leavers(db: Database, before: int, most: int) -> list[str]:
    """Who is known to have left before an instant, the first to leave first."""
    sql = "SELECT person FROM people_names WHERE left_at < ? ORDER BY left_at, person LIMIT ?"
    return [row["person"] for row in rows(db, sql, before, most)]


def spans(numbers: list[int]) -> str:
    """Numbers in order as one reads them: 3, 7-9."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _erase_entries(db: Database, person: str) -> list[int]:
    """Mark the entries of the audit that somebody is in, and empty what they said; their numbers, in order."""
    put = _replacing(db, person, person)
    columns = ("who", "subject", "detail", "before", "after")
    sql = f"SELECT id FROM audit WHERE {_any_holds(put, columns)} ORDER BY id"
    found = rows(db, sql, *[person] * len(columns))
    last = stored_audit.last_entry(db)
    told_in = last.id + 1 if last else 1
    for row in found:
        sql = "UPDATE audit SET erased_by = ?, detail = iif(who = ? AND did <> ?, '', detail) WHERE id = ?"
        changed(db, sql, told_in, person, FORGOT, row["id"])
    return [int(row["id"]) for row in found]


def _replace_everywhere(db: Database, person: str, pseudonym: str) -> int:
    put, count = _replacing(db, person, pseudonym), 0
    for table, columns in _texts(db).items():
        new = ", ".join(f"{name} = coalesce({put}({name}), {name})" for name in columns)
        sql = f"UPDATE {table} SET {new} WHERE {_any_holds(put, columns)}"
        count += changed(db, sql, *[person] * len(columns))
    return count


def _any_holds(put: str, columns: Sequence[str]) -> str:
    """The condition that a person is in one of these columns; the person is bound once for each."""
    return " OR ".join(f"instr({name}, ?) AND {put}({name}) IS NOT NULL" for name in columns)


def _replacing(db: Database, person: str, pseudonym: str) -> str:
    """The name of an SQL function: a text with the pseudonym in it, None where the person is not in it.

    An id may be the beginning of another one, so `replace` would not do.
    """
    whole = re.compile(rf"(?<![A-Z0-9]){re.escape(person)}(?![A-Z0-9])")

    def put(text: str | None) -> str | None:
        return None if text is None or not whole.search(text) else whole.sub(pseudonym, text)

    db.conn.create_function("put_pseudonym", 1, put, deterministic=True)
    return "put_pseudonym"


def _texts(db: Database) -> dict[str, list[str]]:
    """The columns of text of every table that has any; not what the schema notes of itself."""
    sql = """SELECT m.name AS "table", c.name AS "column" FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND c.type = 'TEXT' AND m.name NOT IN ('_sqlite_migrations', 'step_hashes')
        AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid"""
    found: dict[str, list[str]] = {}
    for row in rows(db, sql):
        found.setdefault(row["table"], []).append(f'"{row["column"]}"')
    return found


@contextmanager
def _without_triggers(db: Database) -> Iterator[None]:
    triggers = rows(db, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    for trigger in triggers:
        changed(db, f"DROP TRIGGER {trigger['name']}")
    yield
    for trigger in triggers:
        changed(db, str(trigger["sql"]))
