"""Savings that came about, append-only: each hour of a machine is saved once, whatever led to it.

A source is what led to a saving: a stop or a hint that was followed. It says what would have been otherwise, and how
far its saving was worked out.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.clock import HOUR_MS
from bot.domain.money.savings import Hint, Saved, SavedPiece, Saving
from bot.domain.sharing.claims import GpuChoice
from store.records import find_all, insert
from store.sql import Row, changed, many, one, rows

SCHEMA = (
    """CREATE TABLE saving_sources (
        id TEXT PRIMARY KEY,
        subject TEXT NOT NULL,
        name TEXT NOT NULL,
        team TEXT NOT NULL,
        counterfactual TEXT NOT NULL,
        until_at INTEGER NOT NULL,
        over INTEGER NOT NULL CHECK (over IN (0, 1)),
        exact INTEGER NOT NULL CHECK (exact IN (0, 1))
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE saved (
        source_id TEXT NOT NULL REFERENCES saving_sources (id),
        subject TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('stopped', 'released', 'shared')),
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL,
        saved_ms INTEGER NOT NULL CHECK (saved_ms BETWEEN 0 AND until_at - from_at),
        micros INTEGER NOT NULL CHECK (micros >= 0),
        PRIMARY KEY (subject, from_at),
        CHECK (until_at > from_at AND until_at <= from_at / 3600000 * 3600000 + 3600000)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX saved_by_time ON saved (from_at)",
    "CREATE TRIGGER saved_keep BEFORE DELETE ON saved BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END",
    "CREATE TRIGGER saved_stand BEFORE UPDATE ON saved BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END",
)
OPEN_SCHEMA = (
    "CREATE TABLE open_savings (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    """CREATE TRIGGER stops_that_may_save AFTER UPDATE OF state ON actions
        WHEN NEW.kind = 'stop' AND NEW.state = 'done'
        BEGIN INSERT OR IGNORE INTO open_savings (id) VALUES (NEW.id); END""",
    """CREATE TRIGGER kept_stops_that_may_save AFTER INSERT ON actions
        WHEN NEW.kind = 'stop' AND NEW.state = 'done'
        BEGIN INSERT OR IGNORE INTO open_savings (id) VALUES (NEW.id); END""",
    """CREATE TRIGGER sharing_that_may_save AFTER INSERT ON savings
        BEGIN INSERT OR IGNORE INTO open_savings (id) VALUES (NEW.id); END""",
    """INSERT INTO open_savings (id) SELECT id FROM (
        SELECT id FROM actions WHERE kind = 'stop' AND state = 'done' UNION SELECT id FROM savings
    ) WHERE id NOT IN (SELECT id FROM saving_sources WHERE over = 1)""",
)
"""What may still save: stops that were done and claims that avoided a machine, until each is worked out to the end."""


@dataclass(frozen=True, slots=True)
class SavingSource:
    """What led to a saving."""

    id: str
    """Of the stop, or of the saving by sharing."""
    subject: str
    """The instance that did not run; for a launch that was not made, the source's own."""
    name: str
    team: str
    counterfactual: str
    until_at: int
    """How far it was worked out."""
    over: bool
    """Nothing more comes of it."""
    exact: bool = True
    """Whether its rate is."""


def open_stops(db: Database) -> list[Row]:
    """Stops that were done and whose saving is not worked out to the end: action fields, the machine's, and how far."""
    return rows(
        db,
        "SELECT a.id, a.instance_id, a.launched_at, i.launched_at AS launched_last, a.finished_at, i.name, i.source, "
        "i.team, i.gone_at, s.until_at AS worked_out, "
        "coalesce(json_extract(a.facts, '$.paid_anyway'), '') AS paid_anyway "
        "FROM open_savings u CROSS JOIN actions a ON a.id = u.id JOIN instances i ON i.id = a.instance_id "
        "LEFT JOIN saving_sources s ON s.id = a.id "
        "WHERE a.kind = 'stop' AND a.state = 'done' AND coalesce(s.over, 0) = 0 ORDER BY a.finished_at, a.id",
    )


def open_sharing(db: Database) -> list[Row]:
    """Savings by sharing that are not worked out to the end, each with the claim that made it and how far."""
    return rows(
        db,
        "SELECT v.*, c.from_at, c.ended_at, i.team, s.until_at AS worked_out FROM open_savings u "
        "CROSS JOIN savings v ON v.id = u.id JOIN claims c ON c.id = v.id JOIN instances i ON i.id = v.taken_id "
        "LEFT JOIN saving_sources s ON s.id = v.id "
        "WHERE coalesce(s.over, 0) = 0 ORDER BY v.at, v.id",
    )


def run_before(db: Database, instance_id: str, at: int) -> Row | None:
    """The last charge of an instance that began before an instant: where it ends, and its rate and team."""
    return one(
        db,
        "SELECT until_at, rate_micros, team, exact FROM charges WHERE instance_id = ? AND from_at < ? "
        "ORDER BY from_at DESC, id DESC LIMIT 1",
        instance_id,
        at,
    )


def next_run(db: Database, instance_id: str, at: int) -> int | None:
    """When an instance was next metered, from an instant on; None while it was not."""
    row = one(
        db,
        "SELECT min(from_at) AS at FROM (SELECT from_at FROM charges WHERE instance_id = ? AND from_at >= ? "
        "UNION ALL SELECT from_at FROM meters WHERE instance_id = ? AND from_at >= ?)",
        instance_id,
        at,
        instance_id,
        at,
    )
    return row["at"] if row else None


def first_run(db: Database, instance_id: str) -> int | None:
    """When an instance was first metered."""
    row = one(db, "SELECT min(from_at) AS at FROM charges WHERE instance_id = ?", instance_id)
    return row["at"] if row else None


def first_run_since(db: Database, kind: str, since: int, *, team: str, requester: str) -> list[str]:
    """Rented machines of a type that were first metered from an instant on.

    Those of a team, those of none, and those whose launch this person has asked for.
    """
    found = rows(
        db,
        "SELECT i.id FROM instances i WHERE i.type = ? AND i.provider <> 'owned' AND (i.team IN (?, '') "
        "OR i.id IN (SELECT made_id FROM actions WHERE requester = ? AND made_id IS NOT NULL)) AND "
        "(SELECT min(c.from_at) FROM charges c WHERE c.instance_id = i.id AND c.corrects IS NULL) >= ?",
        kind,
        team,
        requester,
        since,
    )
    return [row["id"] for row in found]


def ran_by_hour(db: Database, instance_id: str, start: int, end: int) -> dict[int, int]:
    """Milliseconds that an instance ran, by clock hour."""
    sql = (
        f"SELECT from_at / {HOUR_MS} * {HOUR_MS} AS hour, sum(running_ms) AS ms FROM charges "
        "WHERE instance_id = ? AND from_at >= ? AND from_at < ? GROUP BY 1"
    )
    return {row["hour"]: row["ms"] for row in rows(db, sql, instance_id, start, end)}


def spared_by_hour(db: Database, subject: str, start: int, end: int) -> dict[int, int]:
    """Milliseconds that a machine would have run but for a saving, by clock hour."""
    sql = (
        f"SELECT from_at / {HOUR_MS} * {HOUR_MS} AS hour, sum(saved_ms) AS ms FROM saved "
        "WHERE subject = ? AND from_at >= ? AND from_at < ? GROUP BY 1"
    )
    return {row["hour"]: row["ms"] for row in rows(db, sql, subject, start, end)}


def claimed_next(db: Database, instance_id: str, at: int) -> int | None:
    """When an instance was next claimed after an instant."""
    row = one(db, "SELECT min(from_at) AS at FROM claims WHERE instance_id = ? AND from_at > ?", instance_id, at)
    return row["at"] if row else None


def given_back(db: Database, instance_id: str, at: int, within: int) -> int:
    """Until when claims that were given back not long before an instant would have gone on for certain; 0 without any.

    As long again as each was held, at most to its end: who claims for weeks and gives back at once has shown nothing.
    """
    row = one(
        db,
        "SELECT max(min(until_at, 2 * ended_at - from_at)) AS at FROM claims WHERE instance_id = ? "
        "AND end_reason = 'released' AND ended_at <= ? AND ended_at > ? AND min(until_at, 2 * ended_at - from_at) > ?",
        instance_id,
        at,
        at - within,
        at,
    )
    return (row["at"] if row else None) or 0


def saved_until(db: Database, subject: str) -> int:
    """Up to when savings of a machine are written; 0 without any."""
    row = one(db, "SELECT until_at FROM saved WHERE subject = ? ORDER BY from_at DESC LIMIT 1", subject)
    return row["until_at"] if row else 0


def keep_saved(db: Database, source: SavingSource, pieces: Iterable[SavedPiece]) -> None:
    """Write what was worked out of a source."""
    then = "ON CONFLICT (id) DO UPDATE SET until_at = excluded.until_at, over = excluded.over"
    insert(db, "saving_sources", source, then=then)
    if source.over:
        changed(db, "DELETE FROM open_savings WHERE id = ?", source.id)
    many(
        db,
        "INSERT INTO saved (source_id, subject, kind, from_at, until_at, saved_ms, micros) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (source.id, source.subject, each.kind, each.from_at, each.until_at, each.saved_ms, each.micros)
            for each in pieces
        ),
    )


def between(db: Database, start: int, end: int) -> list[Saved]:
    """What each source saved in each way over some time, the most first."""
    found = rows(
        db,
        "SELECT s.source_id, o.name, o.team, s.kind, o.counterfactual, sum(s.saved_ms) AS saved_ms, "
        "sum(s.micros) AS micros, o.exact FROM saved s JOIN saving_sources o ON o.id = s.source_id "
        "WHERE s.from_at >= ? AND s.from_at < ? GROUP BY s.source_id, s.kind ORDER BY 7 DESC, o.name",
        start,
        end,
    )
    return [Saved(**{**row, "exact": bool(row["exact"])}) for row in found]


SHARED_SCHEMA = (
    """CREATE TABLE savings (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind = 'shared'),
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        taken_id TEXT NOT NULL REFERENCES instances (id),
        avoided TEXT NOT NULL CHECK (avoided IN ('claim', 'start', 'launch')),
        instead_of TEXT NOT NULL,
        micros_per_hour INTEGER NOT NULL CHECK (micros_per_hour > 0),
        until_at INTEGER NOT NULL CHECK (until_at > at),
        counterfactual TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX savings_by_time ON savings (at)",
    "CREATE TRIGGER savings_keep BEFORE DELETE ON savings BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END",
    "CREATE TRIGGER savings_stand BEFORE UPDATE ON savings BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END",
    """CREATE TABLE hints (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        avoided TEXT NOT NULL,
        subject TEXT NOT NULL,
        better_id TEXT NOT NULL REFERENCES instances (id),
        count INTEGER NOT NULL,
        choice TEXT NOT NULL,
        length INTEGER,
        until INTEGER,
        note TEXT NOT NULL,
        micros_per_hour INTEGER
    ) STRICT""",
    "CREATE INDEX hints_of ON hints (person, subject, at)",
)


def add(db: Database, saving: Saving) -> bool:
    """Write a saving; False when this claim's is written already."""
    return insert(db, "savings", saving, then="ON CONFLICT (id) DO NOTHING") == 1


def shared_between(db: Database, start: int, end: int) -> list[Saving]:
    """The savings made from one instant until before another, the first first."""
    return find_all(db, Saving, "SELECT * FROM savings WHERE at >= ? AND at < ? ORDER BY at, id", start, end)


def note_hint(db: Database, hint: Hint) -> None:
    """Keep that somebody was given a hint."""
    choice = json.dumps(hint.choice and [hint.choice.count, hint.choice.indexes])
    insert(db, "hints", hint, choice=choice)


def hinted(db: Database, person: str, subject: str, since: int) -> bool:
    """Whether somebody was given a hint about this after an instant."""
    return (
        one(db, "SELECT 1 FROM hints WHERE person = ? AND subject = ? AND at > ?", person, subject, since) is not None
    )


def hint_by_id(db: Database, hint_id: str) -> Hint | None:
    """One hint."""
    row = one(db, "SELECT * FROM hints WHERE id = ?", hint_id)
    return _hint(row) if row else None


def prune_hints(db: Database, before: int) -> None:
    """Forget hints given before then; the savings that they led to stay."""
    changed(db, "DELETE FROM hints WHERE at < ?", before)


def _hint(row: Row) -> Hint:
    choice = json.loads(row["choice"])
    return Hint(**{**row, "choice": GpuChoice(choice[0], tuple(choice[1])) if choice else None})
