"""On-hours that instances have of their own, and those that somebody asks for."""

from sqlite_utils import Database

from bot.domain.acting.hours import HoursRequest, HoursRequestState, HoursRule
from store.records import find_all, find_record, insert, record_of
from store.sql import changed, rows

SCHEMA = (
    """CREATE TABLE on_hours (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        windows TEXT NOT NULL,
        stop_only INTEGER NOT NULL CHECK (stop_only IN (0, 1)),
        set_by TEXT NOT NULL,
        set_at INTEGER NOT NULL,
        void_since INTEGER
    ) STRICT, WITHOUT ROWID""",
)


def set_hours(db: Database, rule: HoursRule) -> None:
    """Give an instance on-hours of its own."""
    insert(db, "on_hours", rule, verb="INSERT OR REPLACE", void_since=None)


def mark_void(db: Database, instance_id: str, since: int | None) -> None:
    """Note that on-hours count no more, or again."""
    changed(db, "UPDATE on_hours SET void_since = ? WHERE instance_id = ?", since, instance_id)


def drop_hours(db: Database, instance_id: str) -> bool:
    """Let the team's on-hours count for it again; False when it had none of its own."""
    return changed(db, "DELETE FROM on_hours WHERE instance_id = ?", instance_id) == 1


def own_hours(db: Database) -> dict[str, HoursRule]:
    """The on-hours that instances have of their own."""
    hours_rows = rows(db, "SELECT * FROM on_hours")
    return {row["instance_id"]: record_of(HoursRule, row) for row in hours_rows}


REQUESTS_SCHEMA = (
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


def add_request(db: Database, request: HoursRequest) -> None:
    """Write a new wish."""
    insert(db, "hours_wishes", request)


def end_request(
    db: Database, request_id: str, state: HoursRequestState, now: int, *, decider: str | None = None, outcome: str = ""
) -> bool:
    """The one end of an open wish; False when it is not open any more."""
    sql = (
        "UPDATE hours_wishes SET state = ?, decided_at = ?, decider = ?, outcome = ? WHERE id = ? AND state = 'pending'"
    )
    return changed(db, sql, state, now, decider or "", outcome, request_id) == 1


def request_by_id(db: Database, request_id: str) -> HoursRequest | None:
    """One wish in whatever state."""
    return find_record(db, HoursRequest, "SELECT * FROM hours_wishes WHERE id = ?", request_id)


def pending_requests(db: Database, instance_id: str | None = None) -> list[HoursRequest]:
    """Those that wait for an answer, of one instance or of all, the oldest first."""
    sql = (
        "SELECT * FROM hours_wishes WHERE state = 'pending' AND (? IS NULL OR instance_id = ?) ORDER BY created_at, id"
    )
    return find_all(db, HoursRequest, sql, instance_id, instance_id)
