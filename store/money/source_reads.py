"""The memory of looks: from when to when each source was read without a long pause.

What was not read then nobody knows, however little the ledger has of it: a day without a charge is one on which
nothing ran only where this says that somebody looked.
"""

from sqlite_utils import Database

from bot.domain.money.source_reads import PAUSE_MS
from bot.domain.spans import TimeSpan
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE source_reads (
        source TEXT NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at >= from_at),
        PRIMARY KEY (source, from_at)
    ) STRICT, WITHOUT ROWID""",
)


def note(db: Database, source: str, now: int) -> None:
    """A source was read just now: its newest span goes on, or a new one begins after a long pause."""
    carried_on = changed(
        db,
        "UPDATE source_reads SET until_at = max(until_at, ?) WHERE source = ? AND until_at >= ? "
        "AND from_at = (SELECT max(from_at) FROM source_reads WHERE source = ?)",
        now,
        source,
        now - PAUSE_MS,
        source,
    )
    if not carried_on:
        changed(db, "INSERT INTO source_reads (source, from_at, until_at) VALUES (?, ?, ?)", source, now, now)


def carry(db: Database, source: str, from_at: int, until_at: int) -> None:
    """A source was read from one instant to another without a long pause: what is known of before."""
    changed(
        db,
        "INSERT INTO source_reads (source, from_at, until_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        source,
        from_at,
        until_at,
    )


def read_spans(db: Database) -> dict[str, tuple[TimeSpan, ...]]:
    """From when to when each source was read, the oldest first."""
    found: dict[str, list[TimeSpan]] = {}
    for row in rows(db, "SELECT source, from_at, until_at FROM source_reads ORDER BY source, from_at"):
        found.setdefault(row["source"], []).append((row["from_at"], row["until_at"]))
    return {source: tuple(each) for source, each in found.items()}


def first_read(db: Database) -> int | None:
    """When any source was first read; None when none was."""
    found = one(db, "SELECT min(from_at) AS at FROM source_reads")
    return found["at"] if found else None
