"""Images that Valet had made, as last seen, and who wants which to stay."""

from collections.abc import Iterable

from sqlite_utils import Database

from bot.domain.acting.images import Image, ImageKeep
from store.records import find_all, insert, record_of
from store.sql import changed, rows

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


def replace_of(db: Database, source: str, seen: Iterable[Image]) -> None:
    """These, and no others, are a source's images."""
    changed(db, "DELETE FROM images WHERE source = ?", source)
    save(db, seen)


def save(db: Database, seen: Iterable[Image]) -> None:
    """Write images as they were just seen."""
    for image in seen:
        insert(db, "images", image, verb="INSERT OR REPLACE")


def all_images(db: Database) -> list[Image]:
    """Every image, the oldest first."""
    return find_all(db, Image, "SELECT * FROM images ORDER BY made_at, id")


def keep(db: Database, kept: ImageKeep) -> None:
    """Let an image stay until then; takes the place of an earlier wish."""
    insert(db, "image_keeps", kept, verb="INSERT OR REPLACE")


def keeps(db: Database, now: int) -> dict[str, ImageKeep]:
    """Who keeps which image now, by image."""
    keep_rows = rows(db, "SELECT * FROM image_keeps WHERE until_at > ?", now)
    return {row["image_id"]: record_of(ImageKeep, row) for row in keep_rows}
