"""Who has looked at their home tab lately, and what it showed when it was last drawn."""

from sqlite_utils import Database

from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE home_views (
        person TEXT PRIMARY KEY,
        opened_at INTEGER NOT NULL,
        shown TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX home_views_lately ON home_views (opened_at)",
)


def note_opened(db: Database, person: str, shown: str, now: int) -> None:
    """Somebody looks at it, and this is what stands there."""
    changed(
        db,
        "INSERT INTO home_views (person, opened_at, shown) VALUES (?, ?, ?) ON CONFLICT (person) DO UPDATE SET "
        "opened_at = excluded.opened_at, shown = excluded.shown",
        person,
        now,
        shown,
    )


def note_drawn(db: Database, person: str, shown: str) -> bool:
    """It was drawn anew; False for somebody who never looked."""
    return changed(db, "UPDATE home_views SET shown = ? WHERE person = ?", shown, person) == 1


def forget_desk(db: Database, person: str) -> None:
    """They look no more."""
    changed(db, "DELETE FROM home_views WHERE person = ?", person)


def forget_before(db: Database, before: int) -> None:
    """Whoever has not looked since then."""
    changed(db, "DELETE FROM home_views WHERE opened_at < ?", before)


def opened_since(db: Database, since: int, most: int) -> list[Row]:
    """Who has looked since then: the person and what was shown to them, whoever looked last first."""
    sql = "SELECT person, shown FROM home_views WHERE opened_at >= ? ORDER BY opened_at DESC, person LIMIT ?"
    return rows(db, sql, since, most)


def has_opened_since(db: Database, person: str, since: int) -> bool:
    """Whether somebody has looked since then."""
    return one(db, "SELECT 1 FROM home_views WHERE person = ? AND opened_at >= ?", person, since) is not None
