"""What AWS itself expected, as it was asked; one a UTC day, since every answer costs money."""

from dataclasses import asdict
from datetime import date

from sqlite_utils import Database

from bot.domain.money.opinion import Opinion
from store.sql import changed, one

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
    told = {**asdict(opinion), "first": opinion.first.isoformat(), "last": opinion.last.isoformat()}
    changed(
        db,
        "INSERT OR REPLACE INTO opinions (asked_on, asked_at, first, last, micros, lo80_micros, hi80_micros) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        day.isoformat(),
        told["asked_at"],
        told["first"],
        told["last"],
        told["micros"],
        told["lo80_micros"],
        told["hi80_micros"],
    )


def failed(db: Database, day: date, now: int, error: str) -> None:
    """Note that a day's question had no answer; it is not asked again that day."""
    sql = "INSERT OR REPLACE INTO opinions (asked_on, asked_at, error) VALUES (?, ?, ?)"
    changed(db, sql, day.isoformat(), now, error or "no answer")


def asked(db: Database, day: date) -> bool:
    """Whether AWS was asked on a day."""
    return one(db, "SELECT 1 FROM opinions WHERE asked_on = ?", day.isoformat()) is not None


def newest(db: Database) -> Opinion | None:
    """The newest answer there was."""
    row = one(db, "SELECT * FROM opinions WHERE error = '' ORDER BY asked_on DESC LIMIT 1")
    if row is None:
        return None
    return Opinion(
        date.fromisoformat(row["first"]),
        date.fromisoformat(row["last"]),
        *(row[name] for name in ("asked_at", "micros", "lo80_micros", "hi80_micros")),
    )
