"""Wishes for other on-hours. The database keeps the promise of one open per instance and person."""

from sqlite_utils import Database

from bot.domain.acting.hours_wishes import HoursWish, WishState
from store.records import find, find_all, insert
from store.sql import changed

SCHEMA = (
    """CREATE TABLE hours_wishes (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        person TEXT NOT NULL,
        windows TEXT NOT NULL,
        stop_only INTEGER NOT NULL CHECK (stop_only IN (0, 1)),
        before TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'set', 'denied', 'expired', 'failed')),
        decider TEXT NOT NULL DEFAULT '' CHECK (decider <> person),
        decided_at INTEGER,
        outcome TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_wish ON hours_wishes (instance_id, person) WHERE state = 'pending'",
)


def add(db: Database, wish: HoursWish) -> None:
    """Write a new wish."""
    insert(db, "hours_wishes", wish)


def end(
    db: Database, wish_id: str, state: WishState, now: int, *, decider: str | None = None, outcome: str = ""
) -> bool:
    """The one end of an open wish; False when it is not open any more."""
    sql = (
        "UPDATE hours_wishes SET state = ?, decided_at = ?, decider = ?, outcome = ? WHERE id = ? AND state = 'pending'"
    )
    return changed(db, sql, state, now, decider or "", outcome, wish_id) == 1


def by_id(db: Database, wish_id: str) -> HoursWish | None:
    """One wish in whatever state."""
    return find(db, HoursWish, "SELECT * FROM hours_wishes WHERE id = ?", wish_id)


def pending(db: Database, instance_id: str | None = None) -> list[HoursWish]:
    """Those that wait for an answer, of one instance or of all, the oldest first."""
    sql = (
        "SELECT * FROM hours_wishes WHERE state = 'pending' AND (? IS NULL OR instance_id = ?) ORDER BY created_at, id"
    )
    return find_all(db, HoursWish, sql, instance_id, instance_id)
