"""Questions about words that could not be read, with what each answer would have said."""

import json

from sqlite_utils import Database

from bot.domain.sharing.clarifications import Clarification, Wording
from store.sql import changed, one

SCHEMA = (
    """CREATE TABLE clarifications (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        command TEXT NOT NULL CHECK (command IN ('gpu', 'cost')),
        wordings TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX clarifications_by_time ON clarifications (at)",
)


def prune(db: Database, before: int) -> None:
    """Forget questions asked before then, answered or not."""
    changed(db, "DELETE FROM clarifications WHERE at < ?", before)


def add(db: Database, clarification: Clarification) -> None:
    """Keep a question."""
    changed(
        db,
        "INSERT INTO clarifications (id, at, person, command, wordings) VALUES (?, ?, ?, ?, ?)",
        clarification.id,
        clarification.at,
        clarification.person,
        clarification.command,
        json.dumps([[wording.label, wording.words, sorted(wording.quoted)] for wording in clarification.wordings]),
    )


def by_id(db: Database, clarification_id: str) -> Clarification | None:
    """One question, if it is still kept."""
    row = one(db, "SELECT * FROM clarifications WHERE id = ?", clarification_id)
    if row is None:
        return None
    wordings = [Wording(label, tuple(words), frozenset(quoted)) for label, words, quoted in json.loads(row["wordings"])]
    return Clarification(row["id"], row["at"], row["person"], row["command"], tuple(wordings))
