"""Images that Valet had made, as last seen."""

from collections.abc import Iterable

from sqlite_utils import Database

from bot.domain.acting.images import Image
from store.sql import changed, many, rows

SCHEMA = (
    """CREATE TABLE images (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'available', 'failed')),
        made_at INTEGER NOT NULL,
        size_gib INTEGER NOT NULL,
        "of" TEXT NOT NULL,
        owner TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
_COLUMNS = ("id", "source", "name", "state", "made_at", "size_gib", "of", "owner")


def replace_of(db: Database, source: str, seen: Iterable[Image]) -> None:
    """These, and no others, are a source's images."""
    changed(db, "DELETE FROM images WHERE source = ?", source)
    save(db, seen)


def save(db: Database, seen: Iterable[Image]) -> None:
    """Write images as they were just seen."""
    named = ", ".join(f'"{column}"' for column in _COLUMNS)
    values = (tuple(getattr(each, column) for column in _COLUMNS) for each in seen)
    many(db, f"INSERT OR REPLACE INTO images ({named}) VALUES ({', '.join('?' * len(_COLUMNS))})", values)


def of_all(db: Database) -> list[Image]:
    """Every image, the oldest first."""
    return [Image(**row) for row in rows(db, "SELECT * FROM images ORDER BY made_at, id")]
