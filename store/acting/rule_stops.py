"""Stops by rule, in the table `parkings`: what is planned of an instance, announced, and came about or did not.

One row is one planned moment. Stops that are put off or tried again are rows of their own with the same basis.
"""

from sqlite_utils import Database

from bot.domain.acting.rule_stops import RuleStop, SettleReason
from store.records import find_all, find_record
from store.sql import changed

SCHEMA = (
    """CREATE TABLE parkings (
        instance_id TEXT NOT NULL REFERENCES instances (id),
        rule TEXT NOT NULL CHECK (rule IN ('hours', 'idle')),
        basis_at INTEGER NOT NULL,
        acts_at INTEGER NOT NULL,
        channel TEXT NOT NULL,
        decider TEXT NOT NULL,
        warned INTEGER NOT NULL DEFAULT 0,
        waiting TEXT NOT NULL DEFAULT '',
        settled_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        action_id TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (instance_id, rule, basis_at, acts_at)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX open_parkings ON parkings (acts_at) WHERE settled_at IS NULL",
    "CREATE INDEX parkings_told ON parkings (channel, acts_at)",
    "CREATE INDEX parkings_acted ON parkings (action_id) WHERE action_id <> ''",
)

WHY_SCHEMA = ("ALTER TABLE parkings ADD COLUMN why TEXT NOT NULL DEFAULT ''",)
"""Empty: not known, as no version before kept it."""

RULE_STOPS_PRUNING = ("CREATE INDEX parkings_settled ON parkings (settled_at) WHERE settled_at IS NOT NULL",)


def add(db: Database, rule_stop: RuleStop) -> bool:
    """Plan a stop, or plan it again where that was settled by what changed back; False when it is planned or over."""
    return (
        changed(
            db,
            "INSERT INTO parkings (instance_id, rule, basis_at, acts_at, channel, decider) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (instance_id, rule, basis_at, acts_at) DO UPDATE SET settled_at = NULL, outcome = '', "
            "why = '', warned = 0, waiting = '', channel = excluded.channel, decider = excluded.decider "
            "WHERE settled_at IS NOT NULL AND action_id = '' AND why NOT IN ('', 'acted', 'put off')",
            rule_stop.instance_id,
            rule_stop.rule,
            rule_stop.basis_at,
            rule_stop.acts_at,
            rule_stop.channel,
            rule_stop.decider,
        )
        == 1
    )


def of_basis(db: Database, instance_id: str, rule: str, basis_at: int) -> list[RuleStop]:
    """The stops that were planned of this, oldest first: put off, tried again, or called off at the last moment."""
    sql = "SELECT * FROM parkings WHERE instance_id = ? AND rule = ? AND basis_at = ? ORDER BY acts_at"
    return find_all(db, RuleStop, sql, instance_id, rule, basis_at)


def of_action(db: Database, action_id: str) -> RuleStop | None:
    """What a stop by rule came of."""
    return find_record(db, RuleStop, "SELECT * FROM parkings WHERE action_id = ? AND action_id <> ''", action_id)


def open_ones(db: Database) -> list[RuleStop]:
    """What is planned and not settled."""
    return find_all(db, RuleStop, "SELECT * FROM parkings WHERE settled_at IS NULL ORDER BY acts_at, instance_id")


def stops_at(db: Database, channel: str, acts_at: int) -> list[RuleStop]:
    """What a channel was told would be stopped at a moment."""
    sql = "SELECT * FROM parkings WHERE channel = ? AND acts_at = ? ORDER BY instance_id"
    return find_all(db, RuleStop, sql, channel, acts_at)


def newest_by_hours(db: Database, instance_id: str) -> RuleStop | None:
    """The newest stop by hours that came about."""
    return find_record(
        db,
        RuleStop,
        "SELECT * FROM parkings WHERE instance_id = ? AND rule = 'hours' AND action_id <> '' "
        "ORDER BY basis_at DESC, acts_at DESC LIMIT 1",
        instance_id,
    )


def note_warned(db: Database, rule_stop: RuleStop, count: int) -> None:
    """Note how many warnings were given."""
    _mark(db, rule_stop, "warned = ?", count)


def note_waiting(db: Database, rule_stop: RuleStop, waiting: str) -> None:
    """Note what it waits for."""
    _mark(db, rule_stop, "waiting = ?", waiting)


def settle_rule_stop(
    db: Database, rule_stop: RuleStop, now: int, why: SettleReason, *, outcome: str, action_id: str = ""
) -> None:
    """It came to a stop, or to nothing."""
    _mark(db, rule_stop, "settled_at = ?, why = ?, outcome = ?, action_id = ?", now, why, outcome, action_id)


def _mark(db: Database, rule_stop: RuleStop, fields: str, *values: object) -> None:
    sql = (
        f"UPDATE parkings SET {fields} WHERE instance_id = ? AND rule = ? AND basis_at = ? AND acts_at = ? "
        "AND settled_at IS NULL"
    )
    changed(db, sql, *values, rule_stop.instance_id, rule_stop.rule, rule_stop.basis_at, rule_stop.acts_at)


def prune(db: Database, before: int) -> None:
    """Forget what was settled before then.

    The newest of each machine and rule stays, as it may be planned anew by what is still so, and its newest stop by
    hours, as the next window starts what that has stopped.
    """
    newest = "SELECT max(n.basis_at) FROM parkings n WHERE n.instance_id = parkings.instance_id AND n.rule ="
    changed(
        db,
        "DELETE FROM parkings WHERE settled_at < ? AND settled_at IS NOT NULL "
        f"AND basis_at < ({newest} parkings.rule) "
        f"AND NOT (rule = 'hours' AND action_id <> '' AND basis_at = ({newest} 'hours' AND n.action_id <> ''))",
        before,
    )
