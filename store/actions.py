"""Actions. Every change of state is a compare-and-set."""

from sqlite_utils import Database

from bot.domain.actions import Action, ActionState, Facts
from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE actions (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('stop')),
        instance_id TEXT NOT NULL REFERENCES instances (id),
        launched_at INTEGER,
        requester TEXT NOT NULL,
        team TEXT NOT NULL,
        reason TEXT NOT NULL,
        facts TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'executing', 'done', 'failed', 'unknown',
                                             'denied', 'expired', 'cancelled', 'aborted')),
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        decider TEXT NOT NULL DEFAULT '',
        decided_at INTEGER,
        executing_at INTEGER,
        called_at INTEGER,
        calls INTEGER NOT NULL DEFAULT 0,
        finished_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        CHECK (decider <> requester),
        CHECK (state NOT IN ('approved', 'executing', 'done', 'denied') OR (decider <> '' AND decided_at IS NOT NULL))
    ) STRICT""",
    """CREATE UNIQUE INDEX one_live_action ON actions (instance_id, kind)
        WHERE state IN ('pending', 'approved', 'executing')""",
)


def add(db: Database, action: Action) -> None:
    """Write a new, pending action."""
    changed(
        db,
        "INSERT INTO actions (id, kind, instance_id, launched_at, requester, team, reason, facts, state, created_at, "
        "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(action.id, action.kind, action.instance_id, action.launched_at, action.requester, action.team),
        *(action.reason, action.facts.to_json(), action.state, action.created_at, action.expires_at),
    )


def by_id(db: Database, action_id: str) -> Action | None:
    """An action in whatever state."""
    row = one(db, "SELECT * FROM actions WHERE id = ?", action_id)
    return _action(row) if row else None


def live_on(db: Database, instance_id: str) -> Action | None:
    """The action that may still happen to an instance."""
    row = one(
        db, "SELECT * FROM actions WHERE instance_id = ? AND state IN ('pending', 'approved', 'executing')", instance_id
    )
    return _action(row) if row else None


def in_state(db: Database, state: ActionState) -> list[Action]:
    """Every action in a state, oldest first."""
    return [_action(row) for row in rows(db, "SELECT * FROM actions WHERE state = ? ORDER BY created_at", state)]


def decide(db: Database, action_id: str, person: str, state: ActionState, now: int) -> bool:
    """The one decision: False when it was decided or has lapsed already, or the person asked for it."""
    return (
        changed(
            db,
            "UPDATE actions SET state = ?, decider = ?, decided_at = ?, finished_at = ? "
            "WHERE id = ? AND state = 'pending' AND expires_at > ? AND requester <> ?",
            *(state, person, now, now if state == "denied" else None, action_id, now, person),
        )
        == 1
    )


def move(db: Database, action_id: str, before: ActionState, after: ActionState, **fields: object) -> bool:
    """Compare-and-set the state, with other columns; False when it was not in `before`."""
    sets = "".join(f", {name} = ?" for name in fields)
    sql = f"UPDATE actions SET state = ?{sets} WHERE id = ? AND state = ?"
    return changed(db, sql, after, *fields.values(), action_id, before) == 1


def mark_called(db: Database, action_id: str, now: int, *, calls: int) -> bool:
    """Note, before the call, that the provider is asked again; False when it was asked more than `calls` times."""
    sql = "UPDATE actions SET called_at = ?, calls = calls + 1 WHERE id = ? AND state = 'executing' AND calls = ?"
    return changed(db, sql, now, action_id, calls) == 1


def _action(row: Row) -> Action:
    return Action(**{**row, "facts": Facts.from_json(row["facts"])})
