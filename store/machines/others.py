"""Machines that are there and that Valet does not look after, so that it can say so when they are asked for."""

from collections.abc import Iterable

from sqlite_utils import Database

from bot.domain.machines.fleet import UncoveredMachine
from store.sql import many, one, rows

SCHEMA = (
    """CREATE TABLE others (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        what TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX others_by_source ON others (source)",
    "CREATE INDEX others_by_name ON others (lower(name))",
)


def keep(db: Database, source: str, seen: Iterable[UncoveredMachine]) -> None:
    """What a source has of them now; only what changed is written."""
    found = rows(db, "SELECT id, name, type, what FROM others WHERE source = ?", source)
    before = {row.pop("id"): row for row in found}
    now = {each.id: each for each in seen}
    many(db, "DELETE FROM others WHERE id = ?", ((each,) for each in before.keys() - now.keys()))
    many(
        db,
        "INSERT OR REPLACE INTO others (id, source, name, type, what) VALUES (?, ?, ?, ?, ?)",
        (
            (each.id, source, each.name, each.type, each.what)
            for each in now.values()
            if before.get(each.id) != {"name": each.name, "type": each.type, "what": each.what}
        ),
    )


def uncovered_named(db: Database, word: str) -> UncoveredMachine | None:
    """The one of this name or id."""
    sql = "SELECT id, name, type, what FROM others WHERE lower(name) = lower(?) OR id = lower(?) ORDER BY id LIMIT 1"
    row = one(db, sql, word, word)
    return UncoveredMachine(**row) if row else None


def uncovered_kind(db: Database, kind: str) -> str:
    """What machines of a type have in the place of NVIDIA GPUs; empty where none is known."""
    row = one(db, "SELECT what FROM others WHERE type = ? LIMIT 1", kind)
    return row["what"] if row else ""
