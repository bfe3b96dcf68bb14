"""Savings by sharing, append-only, and the hints that led to them."""

import json

from sqlite_utils import Database

from bot.domain.money.savings import Hint, Saving
from bot.domain.sharing.claims import GpuChoice
from store.records import find_all, insert
from store.sql import Row, changed, one

SCHEMA = (
    """CREATE TABLE savings (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind = 'shared'),
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        taken_id TEXT NOT NULL REFERENCES instances (id),
        avoided TEXT NOT NULL CHECK (avoided IN ('claim', 'start', 'launch')),
        instead_of TEXT NOT NULL,
        micros_per_hour INTEGER NOT NULL CHECK (micros_per_hour > 0),
        until_at INTEGER NOT NULL CHECK (until_at > at),
        counterfactual TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX savings_by_time ON savings (at)",
    "CREATE TRIGGER savings_keep BEFORE DELETE ON savings BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END",
    "CREATE TRIGGER savings_stand BEFORE UPDATE ON savings BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END",
    """CREATE TABLE hints (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        avoided TEXT NOT NULL,
        subject TEXT NOT NULL,
        better_id TEXT NOT NULL REFERENCES instances (id),
        count INTEGER NOT NULL,
        choice TEXT NOT NULL,
        length INTEGER,
        until INTEGER,
        note TEXT NOT NULL,
        micros_per_hour INTEGER
    ) STRICT""",
    "CREATE INDEX hints_of ON hints (person, subject, at)",
)


def add(db: Database, saving: Saving) -> bool:
    """Write a saving; False when this claim's is written already."""
    return insert(db, "savings", saving, then="ON CONFLICT (id) DO NOTHING") == 1


def between(db: Database, start: int, end: int) -> list[Saving]:
    """The savings made from one instant until before another, the first first."""
    return find_all(db, Saving, "SELECT * FROM savings WHERE at >= ? AND at < ? ORDER BY at, id", start, end)


def note(db: Database, hint: Hint) -> None:
    """Keep that somebody was given a hint."""
    choice = json.dumps(hint.choice and [hint.choice.count, hint.choice.indexes])
    insert(db, "hints", hint, choice=choice)


def hinted(db: Database, person: str, subject: str, since: int) -> bool:
    """Whether somebody was given a hint about this after an instant."""
    return (
        one(db, "SELECT 1 FROM hints WHERE person = ? AND subject = ? AND at > ?", person, subject, since) is not None
    )


def hint(db: Database, hint_id: str) -> Hint | None:
    """One hint."""
    row = one(db, "SELECT * FROM hints WHERE id = ?", hint_id)
    return _hint(row) if row else None


def prune_hints(db: Database, before: int) -> None:
    """Forget hints given before then; the savings that they led to stay."""
    changed(db, "DELETE FROM hints WHERE at < ?", before)


def _hint(row: Row) -> Hint:
    choice = json.loads(row["choice"])
    return Hint(**{**row, "choice": GpuChoice(choice[0], tuple(choice[1])) if choice else None})
