"""What each step of the schema said when it was taken: a released step never changes, and here is how that is held."""

import hashlib

from sqlite_utils import Database

from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE step_hashes (
        name TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
    ) STRICT, WITHOUT ROWID""",
)


def sha256(statements: tuple[str, ...]) -> str:
    """The hash of a step's statements in hex. How they are indented makes no difference."""
    text = "\0".join(" ".join(statement.split()) for statement in statements)
    return hashlib.sha256(text.encode()).hexdigest()


def are_kept(db: Database) -> bool:
    """Whether this database remembers its steps; one of before the first release does not."""
    return one(db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'step_hashes'") is not None


def by_name(db: Database) -> dict[str, str]:
    """The hash of each step as it was taken; of none in a database of before the first release."""
    if not are_kept(db):
        return {}
    return {row["name"]: row["sha256"] for row in rows(db, "SELECT name, sha256 FROM step_hashes")}


def keep(db: Database, name: str, statements: tuple[str, ...]) -> None:
    """Remember a step that was just taken, unless it is remembered already."""
    changed(db, "INSERT OR IGNORE INTO step_hashes (name, sha256) VALUES (?, ?)", name, sha256(statements))
