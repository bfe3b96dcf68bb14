"""Grants: what is beyond fair use and waits for an approver. Every change of state is a compare-and-set."""

import json

from sqlite_utils import Database

from bot.domain.preconditions import Conditions
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.grants import Grant, GrantState
from store.records import insert, record_of
from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE grants (
        id TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        team TEXT NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        choice TEXT NOT NULL,
        length INTEGER NOT NULL CHECK (length > 0),
        note TEXT NOT NULL,
        excess TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('drafted', 'pending', 'approved', 'denied', 'expired', 'claimed', 'failed')),
        decider TEXT NOT NULL DEFAULT '' CHECK (decider <> person),
        decided_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        from_at INTEGER,
        weekly INTEGER NOT NULL DEFAULT 0 CHECK (weekly IN (0, 1)),
        last_day TEXT,
        handover_id TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    """CREATE UNIQUE INDEX one_live_grant ON grants (person, instance_id, coalesce(from_at, 0), handover_id)
        WHERE state IN ('drafted', 'pending', 'approved')""",
)

GRANT_SHOWN_SCHEMA = ("ALTER TABLE grants ADD COLUMN shown TEXT",)
"""What the card showed; NULL where that was not kept."""


def add(db: Database, grant: Grant) -> None:
    """Write a draft."""
    choice = json.dumps(grant.choice and [grant.choice.count, grant.choice.indexes])
    shown = grant.shown.to_json() if grant.shown else None
    insert(db, "grants", grant, choice=choice, shown=shown)


def move_grant(db: Database, grant_id: str, before: GrantState, after: GrantState, *, outcome: str = "") -> bool:
    """Change the state; False when it is not what it was thought to be."""
    sql = "UPDATE grants SET state = ?, outcome = ? WHERE id = ? AND state = ?"
    return changed(db, sql, after, outcome, grant_id, before) == 1


def note_decision(db: Database, grant_id: str, person: str, now: int, *, yes: bool) -> bool:
    """The one decision on a pending grant; False when it is not pending any more."""
    sql = "UPDATE grants SET state = ?, decider = ?, decided_at = ? WHERE id = ? AND state = 'pending'"
    return changed(db, sql, "approved" if yes else "denied", person, now, grant_id) == 1


def by_id(db: Database, grant_id: str) -> Grant | None:
    """One grant in whatever state."""
    row = one(db, "SELECT * FROM grants WHERE id = ?", grant_id)
    return _grant(row) if row else None


def live_grant(db: Database, wanted: Grant) -> Grant | None:
    """What a person has open for the same instance, the same beginning and the same offer."""
    sql = (
        "SELECT * FROM grants WHERE person = ? AND instance_id = ? AND coalesce(from_at, 0) = ? AND handover_id = ? "
        "AND state IN ('drafted', 'pending', 'approved')"
    )
    row = one(db, sql, wanted.person, wanted.instance_id, wanted.from_at or 0, wanted.handover_id)
    return _grant(row) if row else None


def approved_grants(db: Database) -> list[Grant]:
    """Those still to be made."""
    return [_grant(row) for row in rows(db, "SELECT * FROM grants WHERE state = 'approved' ORDER BY decided_at, id")]


def pending_grants(db: Database) -> list[Grant]:
    """Questions that wait for an approver, the oldest first."""
    sql = (
        "SELECT * FROM grants WHERE state IN ('drafted', 'pending', 'approved') AND state = 'pending' "
        "ORDER BY created_at, id"
    )
    return [_grant(row) for row in rows(db, sql)]


def overdue_grants(db: Database, now: int) -> list[Grant]:
    """Drafts and questions whose time is up."""
    sql = "SELECT * FROM grants WHERE state IN ('drafted', 'pending') AND expires_at <= ?"
    return [_grant(row) for row in rows(db, sql, now)]


def _grant(row: Row) -> Grant:
    choice = json.loads(row["choice"])
    gpus = GpuChoice(choice[0], tuple(choice[1])) if choice else None
    shown = Conditions.from_json(row["shown"]) if row["shown"] else None
    return record_of(Grant, row, choice=gpus, shown=shown)
