"""Images that Valet had made, as last seen, and who wants which to stay."""

import json
from collections.abc import Iterable

from sqlite_utils import Database

from bot.domain.acting.images import Image, ImageKeep
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
        owner TEXT NOT NULL,
        snapshots TEXT NOT NULL,
        launched_at INTEGER
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE image_keeps (
        image_id TEXT PRIMARY KEY,
        who TEXT NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > made_at),
        made_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
_COLUMNS = ("id", "source", "name", "state", "made_at", "size_gib", "of", "owner", "launched_at", "snapshots")


def replace_of(db: Database, source: str, seen: Iterable[Image]) -> None:
    """These, and no others, are a source's images."""
    changed(db, "DELETE FROM images WHERE source = ?", source)
    save(db, seen)


def save(db: Database, seen: Iterable[Image]) -> None:
    """Write images as they were just seen."""
    named = ", ".join(f'"{column}"' for column in _COLUMNS)
    values = ((*(getattr(each, column) for column in _COLUMNS[:-1]), json.dumps(each.snapshots)) for each in seen)
    many(db, f"INSERT OR REPLACE INTO images ({named}) VALUES ({', '.join('?' * len(_COLUMNS))})", values)


def of_all(db: Database) -> list[Image]:
    """Every image, the oldest first."""
    found = rows(db, "SELECT * FROM images ORDER BY made_at, id")
    return [Image(**{**row, "snapshots": tuple(json.loads(row["snapshots"]))}) for row in found]


def keep(db: Database, kept: ImageKeep) -> None:
    """Let an image stay until then; takes the place of an earlier wish."""
    sql = "INSERT OR REPLACE INTO image_keeps (image_id, who, until_at, made_at) VALUES (?, ?, ?, ?)"
    changed(db, sql, kept.image_id, kept.who, kept.until_at, kept.made_at)


def keeps(db: Database, now: int) -> dict[str, ImageKeep]:
    """Who keeps which image now, by image."""
    found = rows(db, "SELECT * FROM image_keeps WHERE until_at > ?", now)
    return {row["image_id"]: ImageKeep(**row) for row in found}
