"""Wishes for other on-hours. The database keeps the promise of one open per instance and person."""

from sqlite_utils import Database

from bot.domain.acting.hours_wishes import HoursWish, WishState
from store.sql import Row, changed, one, rows

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
    changed(
        db,
        "INSERT INTO hours_wishes (id, instance_id, team, person, windows, stop_only, before, created_at, expires_at, "
        "state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        wish.id,
        wish.instance_id,
        wish.team,
        wish.person,
        wish.windows,
        wish.stop_only,
        wish.before,
        wish.created_at,
        wish.expires_at,
        wish.state,
    )


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
    row = one(db, "SELECT * FROM hours_wishes WHERE id = ?", wish_id)
    return _wish(row) if row else None


def pending(db: Database, instance_id: str | None = None) -> list[HoursWish]:
    """Those that wait for an answer, of one instance or of all, the oldest first."""
    sql = (
        "SELECT * FROM hours_wishes WHERE state = 'pending' AND (? IS NULL OR instance_id = ?) ORDER BY created_at, id"
    )
    return [_wish(row) for row in rows(db, sql, instance_id, instance_id)]


def _wish(row: Row) -> HoursWish:
    return HoursWish(**{**row, "stop_only": bool(row["stop_only"])})
