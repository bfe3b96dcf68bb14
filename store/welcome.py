"""Who has had their welcome: once a person, however often they come."""

from sqlite_utils import Database

from store.sql import changed, one

SCHEMA = (
    "CREATE TABLE welcomes (person TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    # whoever used Valet before there was a welcome needs none
    """INSERT INTO welcomes (person, at)
        SELECT person, 0 FROM (SELECT who AS person FROM audit UNION SELECT holder FROM claims)
        WHERE person GLOB '[UW][A-Z0-9]*'""",
)


def is_welcomed(db: Database, person: str) -> bool:
    """Whether they have had it."""
    return one(db, "SELECT 1 FROM welcomes WHERE person = ?", person) is not None


def note_welcome(db: Database, person: str, now: int) -> bool:
    """Note that they get it; False when somebody else noted it before."""
    return changed(db, "INSERT OR IGNORE INTO welcomes (person, at) VALUES (?, ?)", person, now) == 1
