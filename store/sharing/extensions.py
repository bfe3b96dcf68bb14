"""By how much each claim was extended last, so that words typed twice are told from words that are meant twice."""

from sqlite_utils import Database

from store.sql import changed, one

SCHEMA = (
    """CREATE TABLE extensions (
        claim_id TEXT PRIMARY KEY REFERENCES claims (id),
        at INTEGER NOT NULL,
        length INTEGER NOT NULL
    ) STRICT""",
)


def note(db: Database, claim_id: str, at: int, length: int) -> None:
    """Keep that a claim was extended by so many milliseconds."""
    changed(db, "INSERT OR REPLACE INTO extensions (claim_id, at, length) VALUES (?, ?, ?)", claim_id, at, length)


def last(db: Database, claim_id: str) -> tuple[int, int] | None:
    """When a claim was extended last, and by how many milliseconds."""
    row = one(db, "SELECT at, length FROM extensions WHERE claim_id = ?", claim_id)
    return (row["at"], row["length"]) if row else None
