"""Actions. Every change of state is a compare-and-set."""

import json
from functools import cache

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.domain.acting.actions import BY_RULE, FACTS, Action, ActionKind, ActionState, KindFacts, LaunchFacts
from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE actions (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('stop', 'start', 'launch', 'clone', 'resize')),
        instance_id TEXT REFERENCES instances (id),
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
        break_glass TEXT NOT NULL DEFAULT '',
        executing_at INTEGER,
        called_at INTEGER,
        calls INTEGER NOT NULL DEFAULT 0,
        finished_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        length INTEGER,
        template TEXT NOT NULL DEFAULT '',
        made_id TEXT REFERENCES instances (id),
        image_id TEXT NOT NULL DEFAULT '',
        ordered_at INTEGER,
        arrived_at INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        retry_at INTEGER,
        over_told_at INTEGER,
        batch TEXT NOT NULL DEFAULT '',
        CHECK (decider <> requester OR break_glass <> ''),
        CHECK ((kind = 'launch') = (instance_id IS NULL)),
        CHECK ((kind = 'launch') = (template <> '')),
        CHECK ((kind = 'stop') = (length IS NULL)),
        CHECK (kind = 'stop' OR batch = ''),
        CHECK (kind IN ('launch', 'clone', 'resize') OR made_id IS NULL),
        CHECK (kind IN ('stop', 'start') OR state <> 'done' OR made_id IS NOT NULL),
        CHECK (ordered_at IS NULL OR (kind IN ('clone', 'resize') AND image_id <> '')),
        CHECK (arrived_at IS NULL OR (kind = 'resize' AND made_id IS NOT NULL)),
        CHECK (calls = 0 OR executing_at IS NOT NULL),
        CHECK (retry_at IS NULL OR state = 'executing'),
        CHECK (state NOT IN ('approved', 'executing', 'done', 'denied') OR (decider <> '' AND decided_at IS NOT NULL))
    ) STRICT""",
    """CREATE UNIQUE INDEX one_live_action ON actions (instance_id)
        WHERE state IN ('pending', 'approved', 'executing')""",
    """CREATE UNIQUE INDEX one_live_launch ON actions (requester, template)
        WHERE kind = 'launch' AND state IN ('pending', 'approved', 'executing')""",
    """CREATE TABLE yeses (
        id INTEGER PRIMARY KEY,
        action_id TEXT NOT NULL REFERENCES actions (id),
        person TEXT NOT NULL,
        at INTEGER NOT NULL,
        UNIQUE (action_id, person)
    ) STRICT""",
    "CREATE INDEX actions_by_state ON actions (state, created_at)",
    "CREATE INDEX actions_of_batch ON actions (batch) WHERE batch <> ''",
    """CREATE INDEX live_makings ON actions (made_id)
        WHERE state IN ('pending', 'approved', 'executing')""",
)
LOOKUPS = (
    "CREATE INDEX actions_on ON actions (instance_id, created_at)",
    """CREATE INDEX actions_that_switched ON actions (instance_id, finished_at)
        WHERE state = 'done' AND kind IN ('stop', 'start')""",
    "CREATE INDEX actions_that_made ON actions (made_id) WHERE made_id IS NOT NULL",
    "CREATE INDEX orders_of_images ON actions (image_id, ordered_at) WHERE ordered_at IS NOT NULL",
)
"""What is asked of one machine, or of those that run, must not read what was ever done to all."""


_YESES = "(SELECT json_group_array(person) FROM (SELECT person FROM yeses WHERE action_id = a.id ORDER BY id)) AS yeses"
SELECT = f"SELECT a.*, {_YESES} FROM actions a"
_SWITCHED = "state = 'done' AND kind IN ('stop', 'start')"
_RUNS = (
    "SELECT json_extract(a.facts, '$.rate_micros') AS micros FROM instances i CROSS JOIN actions a "
    "WHERE i.gone_at IS NULL AND i.state IN ('pending', 'running') AND a.decider = ? AND a.team = ? AND a.id <> ? "
    f"AND a.finished_at >= coalesce((SELECT max(finished_at) FROM actions WHERE instance_id = i.id AND {_SWITCHED}), 0)"
)
_RULE_MICROS = (
    "SELECT sum(micros) AS micros FROM (SELECT json_extract(facts, '$.rate_micros') AS micros FROM actions "
    "WHERE decider = ? AND team = ? AND id <> ? AND state IN ('approved', 'executing') "
    f"UNION ALL {_RUNS} AND a.made_id = i.id AND a.state = 'done' "
    f"UNION ALL {_RUNS} AND a.instance_id = i.id AND a.{_SWITCHED.replace('kind', 'a.kind')})"
)
"""Machine by machine: from what runs to what was done to it last, not from what was ever done by rule."""


@cache
def _facts(kind: ActionKind) -> TypeAdapter[KindFacts]:
    return TypeAdapter(FACTS[kind])


def json_of(kind: ActionKind, facts: KindFacts) -> str:
    """What a card showed, for its column."""
    # Not pydantic's own JSON: a reason from chat can hold half a surrogate pair, which it refuses.
    return json.dumps(_facts(kind).dump_python(facts, mode="json"))


def facts_of(kind: ActionKind, text: str) -> KindFacts:
    """What a card showed, from its column; what a kind has no word of, as old rows may, is passed over."""
    return _facts(kind).validate_python(json.loads(text))


def add(db: Database, action: Action) -> None:
    """Write a new, pending action."""
    changed(
        db,
        "INSERT INTO actions (id, kind, instance_id, launched_at, requester, team, reason, facts, state, created_at, "
        "expires_at, length, template, batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        action.id,
        action.kind,
        action.instance_id or None,
        action.launched_at,
        action.requester,
        action.team,
        action.reason,
        json_of(action.kind, action.facts),
        action.state,
        action.created_at,
        action.expires_at,
        action.length,
        action.template,
        action.batch,
    )


def by_id(db: Database, action_id: str) -> Action | None:
    """An action in whatever state."""
    row = one(db, f"{SELECT} WHERE id = ?", action_id)
    return action_of(row) if row else None


def live_on(db: Database, instance_id: str) -> Action | None:
    """The action that may still happen to an instance, or that is making it."""
    row = one(
        db,
        f"{SELECT} WHERE (instance_id = ? OR (made_id = ? AND arrived_at IS NULL)) "
        "AND state IN ('pending', 'approved', 'executing')",
        instance_id,
        instance_id,
    )
    return action_of(row) if row else None


def ids_under_way(db: Database) -> frozenset[str]:
    """Instances to which something approved is being done, or which are being made."""
    found = rows(
        db,
        "SELECT instance_id, CASE WHEN arrived_at IS NULL THEN made_id END AS made_id FROM actions "
        "WHERE state IN ('approved', 'executing')",
    )
    return frozenset(each for row in found for each in (row["instance_id"], row["made_id"]) if each)


def of_batch(db: Database, batch: str) -> list[Action]:
    """The stops that were asked for together."""
    return [action_of(row) for row in rows(db, f"{SELECT} WHERE batch = ? AND batch <> '' ORDER BY id", batch)]


def newest_that_changed(db: Database, instance_id: str) -> str:
    """The id of the newest action that has switched an instance on or off, or is about to; empty without any.

    What was only asked for, came to nothing or made another machine changed nothing. A stop that nobody knows the end
    of may have.
    """
    row = one(
        db,
        "SELECT id FROM actions WHERE instance_id = ? AND kind IN ('stop', 'start', 'resize') "
        "AND (state IN ('approved', 'executing', 'done') OR (state = 'unknown' AND kind = 'stop')) "
        "ORDER BY created_at DESC, id LIMIT 1",
        instance_id,
    )
    return row["id"] if row else ""


def stopped_by_us(db: Database, instance_id: str, since: int) -> bool:
    """Whether a stop from here was under way since then."""
    sql = (
        "SELECT 1 FROM actions WHERE instance_id = ? AND kind IN ('stop', 'resize') AND called_at >= ? "
        "AND state IN ('executing', 'done', 'unknown') LIMIT 1"
    )
    return one(db, sql, instance_id, since) is not None


def maker(db: Database, instance_id: str) -> str:
    """Who had an instance launched or cloned; empty where nobody did it from here."""
    row = one(db, "SELECT requester FROM actions WHERE made_id = ? AND state = 'done' LIMIT 1", instance_id)
    return row["requester"] if row else ""


def starts_by_rule(db: Database, instance_id: str, begun_at: int) -> list[Action]:
    """The starts of an instance that on-hours which began then led to, oldest first."""
    sql = (
        f"{SELECT} WHERE instance_id = ? AND kind = 'start' AND json_extract(facts, '$.parked_at') = ? "
        "ORDER BY created_at, id"
    )
    return [action_of(row) for row in rows(db, sql, instance_id, begun_at)]


def bound_ids(db: Database) -> frozenset[str]:
    """The instances that are about to stop, to start or to be made for somebody, as was approved."""
    live = "state IN ('approved', 'executing')"
    id_rows = rows(
        db,
        f"SELECT instance_id AS id FROM actions WHERE {live} AND kind IN ('stop', 'start', 'resize') "
        f"UNION SELECT made_id FROM actions WHERE {live} AND made_id IS NOT NULL AND arrived_at IS NULL",
    )
    return frozenset(row["id"] for row in id_rows)


def live_stops(db: Database, team: str, now: int) -> int:
    """Stops of a team's machines that wait for an answer or are under way; those that follow from a rule left out.

    A resize ends with a stop.
    """
    sql = (
        "SELECT count(*) AS n FROM actions WHERE kind IN ('stop', 'resize') AND team = ? "
        "AND (state IN ('approved', 'executing') OR (state = 'pending' AND expires_at > ?)) "
        "AND coalesce(json_extract(facts, '$.rule'), '') = ''"
    )
    row = one(db, sql, team, now)
    return row["n"] if row else 0


def rule_micros(db: Database, team: str, but: str) -> int:
    """Micro-dollars per hour of what a team runs, or is about to, without anybody's yes; action `but` left out."""
    row = one(db, _RULE_MICROS, *(BY_RULE, team, but) * 3)
    return (row["micros"] if row else None) or 0


def in_state(db: Database, state: ActionState) -> list[Action]:
    """Every action in a state, oldest first."""
    return [action_of(row) for row in rows(db, f"{SELECT} WHERE state = ? ORDER BY created_at", state)]


def under_way(db: Database, state: ActionState) -> list[tuple[str, Action]]:
    """Actions in a state, oldest first, each with the source its calls go to."""
    sql = (
        f"{SELECT.replace('SELECT a.*', 'SELECT a.*, i.source')} LEFT JOIN instances i ON i.id = a.instance_id "
        "WHERE a.state = ? ORDER BY a.created_at"
    )
    pairs = [(row.pop("source"), action_of(row)) for row in rows(db, sql, state)]
    return [(source or _launched_on(action), action) for source, action in pairs]


def _launched_on(action: Action) -> str:
    return action.facts.source if isinstance(action.facts, LaunchFacts) else ""


def approved_since(db: Database) -> int | None:
    """When the action was decided that has waited longest to be taken up; None when none waits."""
    row = one(db, "SELECT min(decided_at) AS at FROM actions WHERE state = 'approved'")
    return row["at"] if row else None


def is_waited_for(db: Database, instance_id: str) -> bool:
    """Something approved is to be done to an instance as soon as it has been looked at once more."""
    sql = (
        "SELECT 1 FROM actions WHERE instance_id = ? AND state <> 'pending' "
        "AND state IN ('pending', 'approved', 'executing')"
    )
    return one(db, sql, instance_id) is not None


def set_facts(db: Database, action: Action) -> None:
    """Put what a card shows in the place of what it showed, while nobody has decided."""
    shown = json_of(action.kind, action.facts)
    changed(db, "UPDATE actions SET facts = ? WHERE id = ? AND state = 'pending'", shown, action.id)


def note_reason(db: Database, action_id: str, reason: str) -> bool:
    """Note why somebody said no; False when that was noted already."""
    sql = "UPDATE actions SET outcome = ? WHERE id = ? AND state = 'denied' AND outcome = ''"
    return changed(db, sql, reason, action_id) == 1


def say_waiting(db: Database, action_id: str, outcome: str) -> bool:
    """Note what an approved action waits for; False when that is noted already."""
    sql = "UPDATE actions SET outcome = ? WHERE id = ? AND state = 'approved' AND outcome <> ?"
    return changed(db, sql, outcome, action_id, outcome) == 1


def move(db: Database, action_id: str, before: ActionState, after: ActionState, **fields: object) -> bool:
    """Compare-and-set the state, with other columns; False when it was not in `before`."""
    sets = "".join(f", {name} = ?" for name in fields)
    sql = f"UPDATE actions SET state = ?, retry_at = NULL{sets} WHERE id = ? AND state = ?"
    return changed(db, sql, after, *fields.values(), action_id, before) == 1


def mark_called(db: Database, action_id: str, now: int, *, calls: int) -> bool:
    """Note, before the call, that the provider is asked again; False when it was asked more than `calls` times."""
    sql = (
        "UPDATE actions SET called_at = ?, calls = calls + 1, retry_at = NULL "
        "WHERE id = ? AND state = 'executing' AND calls = ?"
    )
    return changed(db, sql, now, action_id, calls) == 1


def mark_short(db: Database, action: Action, *, retry_at: int, launched_at: int | None, outcome: str) -> bool:
    """Note that there was no capacity, and when it is tried again; False when it was noted already."""
    return (
        changed(
            db,
            "UPDATE actions SET retry_at = ?, tries = tries + 1, launched_at = ?, made_id = NULL, outcome = ? "
            "WHERE id = ? AND state = 'executing' AND calls = ? AND tries = ? AND retry_at IS NULL",
            retry_at,
            launched_at,
            outcome,
            action.id,
            action.calls,
            action.tries,
        )
        == 1
    )


def cancel_uncalled(db: Database, action: Action, **fields: object) -> bool:
    """Cancel an action for which no call is under way; False when one is, or it has ended."""
    sets = "".join(f", {name} = ?" for name in fields)
    sql = (
        f"UPDATE actions SET state = 'cancelled', retry_at = NULL{sets} WHERE id = ? "
        "AND (state IN ('pending', 'approved') OR (state = 'executing' AND retry_at IS NOT NULL))"
    )
    return changed(db, sql, *fields.values(), action.id) == 1


def action_of(row: Row) -> Action:
    """The record of a row of SELECT."""
    known = {name: value for name, value in row.items() if name in Action.__slots__}
    words = {name: row[name] or "" for name in ("instance_id", "made_id")}
    yeses = tuple(json.loads(row["yeses"]))
    return Action(**{**known, **words, "facts": facts_of(row["kind"], row["facts"]), "yeses": yeses})
