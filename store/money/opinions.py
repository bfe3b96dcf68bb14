"""What AWS itself expected, as it was asked; one a UTC day, since every answer costs money."""

from datetime import date

from sqlite_utils import Database

from bot.domain.money.opinion import Opinion
from store.records import find, insert
from store.sql import one

SCHEMA = (
    """CREATE TABLE opinions (
        asked_on TEXT PRIMARY KEY,
        asked_at INTEGER NOT NULL,
        first TEXT,
        last TEXT,
        micros INTEGER,
        lo80_micros INTEGER,
        hi80_micros INTEGER,
        error TEXT NOT NULL DEFAULT '',
        CHECK ((micros IS NULL) = (error <> ''))
    ) STRICT, WITHOUT ROWID""",
)


def keep(db: Database, day: date, opinion: Opinion) -> None:
    """Keep a day's answer."""
    insert(db, "opinions", opinion, verb="INSERT OR REPLACE", asked_on=day.isoformat())


def failed(db: Database, day: date, now: int, error: str) -> None:
    """Note that a day's question had no answer; it is not asked again that day."""
    row = {"asked_on": day.isoformat(), "asked_at": now, "error": error or "no answer"}
    db.table("opinions").insert(row, replace=True)


def asked(db: Database, day: date) -> bool:
    """Whether AWS was asked on a day."""
    return one(db, "SELECT 1 FROM opinions WHERE asked_on = ?", day.isoformat()) is not None


def newest(db: Database) -> Opinion | None:
    """The newest answer there was."""
    return find(db, Opinion, "SELECT * FROM opinions WHERE error = '' ORDER BY asked_on DESC LIMIT 1")
