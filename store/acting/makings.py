"""What actions make: images, orders, machines, and what becomes of those when their time is over."""

from sqlite_utils import Database

from bot.domain.acting.actions import Action
from store.acting.actions import SELECT, action_of
from store.sql import changed, one, rows


def note_made(db: Database, action: Action, instance_id: str) -> bool:
    """Note which machine a launch made; False when that was noted already."""
    sql = "UPDATE actions SET made_id = ? WHERE id = ? AND state = 'executing' AND made_id IS NULL AND tries = ?"
    return changed(db, sql, instance_id, action.id, action.tries) == 1


def note_image(db: Database, action: Action, image_id: str) -> bool:
    """Note which image a clone had made; False when that was noted already."""
    sql = "UPDATE actions SET image_id = ? WHERE id = ? AND state = 'executing' AND image_id = ''"
    return changed(db, sql, image_id, action.id) == 1


def image_orders(db: Database) -> dict[str, int]:
    """When a machine was last ordered from each image, by image."""
    sql = "SELECT image_id, max(ordered_at) AS at FROM actions WHERE ordered_at IS NOT NULL GROUP BY image_id"
    return {row["image_id"]: row["at"] for row in rows(db, sql)}


def begin_order(db: Database, action: Action, now: int) -> bool:
    """Take up the order of a clone's machine, before its first call; False when another thread has."""
    sql = (
        "UPDATE actions SET ordered_at = ?, called_at = ?, calls = 1 "
        "WHERE id = ? AND state = 'executing' AND ordered_at IS NULL"
    )
    return changed(db, sql, now, now, action.id) == 1


_RUNS_ON = (
    "i.state = 'running' AND i.gone_at IS NULL AND (a.over_told_at IS NULL OR a.over_told_at <= ?) "
    "AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.instance_id = i.id AND c.ended_at IS NULL)"
)
_MADE_OVER = (
    f"{SELECT} JOIN instances i ON i.id = a.made_id WHERE a.kind IN ('launch', 'clone', 'resize') "
    "AND +a.state NOT IN ('pending', 'approved', 'executing') "
    f"AND coalesce(a.ordered_at, a.executing_at) + a.length <= ? AND {_RUNS_ON}"
)
_STARTED_OVER = (
    f"{SELECT.replace('FROM actions a', 'FROM instances i CROSS JOIN actions a')} "
    "WHERE a.instance_id = i.id AND a.kind = 'start' AND +a.state = 'done' "
    "AND json_extract(a.facts, '$.asks_at_end') AND a.finished_at + a.length <= ? "
    "AND coalesce(i.launched_at, 0) <= a.finished_at "
    "AND NOT EXISTS (SELECT 1 FROM actions b WHERE b.instance_id = a.instance_id AND b.created_at > a.created_at "
    f"AND b.kind IN ('stop', 'start', 'resize') AND b.state IN ('approved', 'executing', 'done')) AND {_RUNS_ON}"
)
"""A machine that was stopped, or started by somebody else, after that start is none of its business any more."""


def makings_over(db: Database, now: int, told_before: int) -> list[Action]:
    """What made or started a machine whose time is over though it runs on unclaimed: makings however they ended.

    Those of which people were told at `told_before` at the latest.
    """
    found = [*rows(db, _MADE_OVER, now, told_before), *rows(db, _STARTED_OVER, now, told_before)]
    return [action_of(row) for row in found]


def mark_over(db: Database, action_id: str, now: int) -> None:
    """Note that people were told of the end of its time."""
    changed(db, "UPDATE actions SET over_told_at = ? WHERE id = ?", now, action_id)


def unfound(db: Database, since: int) -> list[Action]:
    """Orders of which nobody knows whether they arrived: they ended after `since` without a machine."""
    sql = (
        f"{SELECT} WHERE state IN ('unknown', 'failed') AND finished_at > ? AND made_id IS NULL "
        "AND kind IN ('launch', 'clone', 'resize') AND calls > 0 AND (kind = 'launch' OR ordered_at IS NOT NULL)"
    )
    return [action_of(row) for row in rows(db, sql, since)]


def bearing(db: Database, tag: str, value: str) -> str:
    """The id of a machine that is there and bears a tag; empty where none does."""
    sql = (
        "SELECT i.id FROM instances i WHERE i.gone_at IS NULL AND i.state IN ('pending', 'running') "
        "AND EXISTS (SELECT 1 FROM json_each(i.tags) t WHERE t.key = ? AND t.value = ?)"
    )
    row = one(db, sql, tag, value)
    return row["id"] if row else ""


def note_found(db: Database, action: Action, instance_id: str, outcome: str) -> bool:
    """Note the machine of an order that had ended without one; False when that was noted already."""
    sql = "UPDATE actions SET made_id = ?, outcome = ? WHERE id = ? AND state = ? AND made_id IS NULL"
    return changed(db, sql, instance_id, outcome, action.id, action.state) == 1


def live_launch(db: Database, requester: str, template: str) -> Action | None:
    """The launch of a template that a person has asked for and that may still happen."""
    sql = (
        f"{SELECT} WHERE kind = 'launch' AND requester = ? AND template = ? "
        "AND state IN ('pending', 'approved', 'executing')"
    )
    row = one(db, sql, requester, template)
    return action_of(row) if row else None


def note_arrived(db: Database, action: Action, now: int, outcome: str) -> bool:
    """Note that the machine a resize made runs, so that the old one is next; False when that was noted already."""
    sql = (
        "UPDATE actions SET arrived_at = ?, called_at = ?, calls = 0, retry_at = NULL, outcome = ? "
        "WHERE id = ? AND state = 'executing' AND arrived_at IS NULL"
    )
    return changed(db, sql, now, now, outcome, action.id) == 1
