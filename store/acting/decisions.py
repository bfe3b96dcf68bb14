"""Decisions on actions. Each is one compare-and-set: whoever comes second, late, or asked for it changes nothing."""

from sqlite_utils import Database

from bot.domain.acting.actions import ActionState
from store.sql import changed


def say_yes(db: Database, action_id: str, person: str, now: int) -> bool:
    """Count somebody's yes; False when they said it before, asked for it, or it has been decided or has lapsed."""
    sql = (
        "INSERT OR IGNORE INTO yeses (action_id, person, at) SELECT id, ?, ? FROM actions "
        "WHERE id = ? AND state = 'pending' AND expires_at > ? AND requester <> ?"
    )
    return changed(db, sql, person, now, action_id, now, person) == 1


def break_glass(db: Database, action_id: str, person: str, why: str, now: int) -> bool:
    """The one decision, by whoever asked; False when it was decided or has lapsed already, or somebody else asked."""
    sql = (
        "UPDATE actions SET state = 'approved', decider = ?, decided_at = ?, break_glass = ? "
        "WHERE id = ? AND state = 'pending' AND expires_at > ? AND requester = ?"
    )
    return changed(db, sql, person, now, why, action_id, now, person) == 1


def decide(db: Database, action_id: str, person: str, state: ActionState, now: int) -> bool:
    """The one decision: False when it was decided or has lapsed already, or the person asked for it."""
    return (
        changed(
            db,
            "UPDATE actions SET state = ?, decider = ?, decided_at = ?, finished_at = ? "
            "WHERE id = ? AND state = 'pending' AND expires_at > ? AND requester <> ?",
            state,
            person,
            now,
            now if state == "denied" else None,
            action_id,
            now,
            person,
        )
        == 1
    )


def set_deadline(db: Database, action_id: str, at: int) -> None:
    """Until when it can be decided, while nobody has."""
    changed(db, "UPDATE actions SET expires_at = ? WHERE id = ? AND state = 'pending'", at, action_id)
