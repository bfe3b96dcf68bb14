"""Requests to holders. The database keeps the promise of one per claim and asker."""

import json

from sqlite_utils import Database

from bot.domain.sharing.requests import ReleaseRequest, RequestAnswer
from store.records import record_of
from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE requests (
        id TEXT PRIMARY KEY,
        claim_id TEXT NOT NULL REFERENCES claims (id),
        asker TEXT NOT NULL,
        reason TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        answer TEXT NOT NULL DEFAULT '' CHECK (answer IN ('', 'released', 'extended', 'kept', 'ended')),
        answered_at INTEGER,
        waiter_id INTEGER REFERENCES waiters (id),
        CHECK ((answer = '') = (answered_at IS NULL)),
        UNIQUE (claim_id, asker)
    ) STRICT""",
)

REQUESTED_GPUS_SCHEMA = (
    "ALTER TABLE requests ADD COLUMN gpus TEXT",
    "ALTER TABLE requests ADD COLUMN length INTEGER CHECK (length > 0)",
    "ALTER TABLE requests ADD COLUMN idle_since INTEGER",
)
"""NULL: all GPUs of the claim; for as long as is usual; not shown as idle."""


def add(db: Database, request: ReleaseRequest) -> bool:
    """Write a new request; False when this person has asked for this claim before."""
    sql = (
        "INSERT INTO requests (id, claim_id, asker, reason, asked_at, gpus, length, idle_since) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    )
    gpus = json.dumps(request.gpus) if request.gpus else None
    values = (request.id, request.claim_id, request.asker, request.reason, request.asked_at)
    return changed(db, sql, *values, gpus, request.length, request.idle_since) == 1


def show_working(db: Database, request_id: str) -> bool:
    """Note that the holder is shown no longer that the GPUs stand idle; False when they were not, or have answered."""
    sql = "UPDATE requests SET idle_since = NULL WHERE id = ? AND answer = '' AND idle_since IS NOT NULL"
    return changed(db, sql, request_id) == 1


def note_answer(
    db: Database, request_id: str, now: int, answer: RequestAnswer, *, waiter_id: int | None = None
) -> bool:
    """Note the answer; False when there was one already."""
    sql = "UPDATE requests SET answer = ?, answered_at = ?, waiter_id = ? WHERE id = ? AND answer = ''"
    return changed(db, sql, answer, now, waiter_id, request_id) == 1


def by_id(db: Database, request_id: str) -> ReleaseRequest | None:
    """One request."""
    row = one(db, "SELECT * FROM requests WHERE id = ?", request_id)
    return _request(row) if row else None


def request_by(db: Database, claim_id: str, asker: str) -> ReleaseRequest | None:
    """What this person asked the holder of this claim."""
    row = one(db, "SELECT * FROM requests WHERE claim_id = ? AND asker = ?", claim_id, asker)
    return _request(row) if row else None


def unanswered_requests(db: Database, claim_id: str) -> list[ReleaseRequest]:
    """The requests for a claim that wait for an answer, the oldest first."""
    request_rows = rows(
        db, "SELECT * FROM requests WHERE claim_id = ? AND answer = '' ORDER BY asked_at, rowid", claim_id
    )
    return [_request(row) for row in request_rows]


def _request(row: Row) -> ReleaseRequest:
    return record_of(ReleaseRequest, row, gpus=tuple(json.loads(row["gpus"])) if row["gpus"] else ())
