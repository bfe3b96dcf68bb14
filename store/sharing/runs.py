"""Runs. Every change of state is a compare-and-set; one live run per claim is held by the database."""

from sqlite_utils import Database

from bot.domain.sharing.runs import Run, RunLook, RunState
from store.records import find_all, find_record, insert
from store.sql import changed

SCHEMA = (
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        template TEXT NOT NULL,
        command TEXT NOT NULL,
        user TEXT NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        claim_id TEXT NOT NULL REFERENCES claims (id),
        person TEXT NOT NULL,
        channel TEXT NOT NULL,
        releases INTEGER NOT NULL CHECK (releases IN (0, 1)),
        created_at INTEGER NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('queued', 'starting', 'running', 'done', 'failed', 'cancelled', 'over', 'lost')),
        handle TEXT NOT NULL DEFAULT '',
        called_at INTEGER,
        started_at INTEGER,
        finished_at INTEGER,
        exit_code INTEGER,
        tail TEXT NOT NULL DEFAULT '',
        outcome TEXT NOT NULL DEFAULT '',
        cancelled_by TEXT NOT NULL DEFAULT '',
        CHECK ((state IN ('queued', 'starting', 'running')) = (finished_at IS NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX one_live_run ON runs (claim_id) WHERE state IN ('queued', 'starting', 'running')",
    "CREATE INDEX live_runs ON runs (instance_id) WHERE state IN ('queued', 'starting', 'running')",
)
RUN_HEARD_SCHEMA = (
    "ALTER TABLE runs ADD COLUMN heard_at INTEGER",
    "CREATE INDEX lost_runs ON runs (instance_id, finished_at) WHERE state = 'lost'",
)


def add(db: Database, run: Run) -> None:
    """Write a new, queued run."""
    insert(db, "runs", run)


def note_call(db: Database, run_id: str, now: int) -> bool:
    """Note, before the call, that it is being started; False when it is not queued any more."""
    sql = "UPDATE runs SET state = 'starting', called_at = ? WHERE id = ? AND state = 'queued'"
    return changed(db, sql, now, run_id) == 1


def note_start(db: Database, run_id: str, handle: str, now: int) -> bool:
    """It runs, under this name of the provider's; False when it was running or over already."""
    sql = (
        "UPDATE runs SET state = 'running', handle = ?, started_at = ? WHERE id = ? AND state IN ('queued', 'starting')"
    )
    return changed(db, sql, handle, now, run_id) == 1


def note_cancelled(db: Database, run_id: str, person: str) -> bool:
    """Somebody wants it ended; False when it is over, or somebody wanted it before."""
    sql = (
        "UPDATE runs SET cancelled_by = ? WHERE id = ? AND cancelled_by = '' "
        "AND state IN ('queued', 'starting', 'running')"
    )
    return changed(db, sql, person, run_id) == 1


def keep_output(db: Database, run_id: str, tail: str) -> bool:
    """Keep its newest output; False when there is nothing new."""
    sql = "UPDATE runs SET tail = ? WHERE id = ? AND state = 'running' AND tail <> ?"
    return changed(db, sql, tail, run_id, tail) == 1


def note_heard(db: Database, run_id: str, now: int) -> None:
    """It was seen to run."""
    changed(db, "UPDATE runs SET heard_at = ? WHERE id = ? AND state = 'running'", now, run_id)


def note_run_found(db: Database, run_id: str, seen: RunLook, now: int) -> bool:
    """One that was lost is known to have come to its end after all; False when it was not lost."""
    sql = (
        "UPDATE runs SET state = 'done', exit_code = ?, tail = coalesce(nullif(?, ''), tail), outcome = '', "
        "finished_at = ? WHERE id = ? AND state = 'lost'"
    )
    return changed(db, sql, seen.exit_code, seen.tail, now, run_id) == 1


def lost_runs_on(db: Database, instance_id: str, since: int) -> list[Run]:
    """Runs of an instance that were lost since then; they may go on there."""
    sql = "SELECT * FROM runs WHERE state = 'lost' AND instance_id = ? AND finished_at >= ? ORDER BY finished_at, id"
    return find_all(db, Run, sql, instance_id, since)


def end_run(db: Database, run_id: str, state: RunState, seen: RunLook, now: int) -> bool:
    """It is over; False when it was already."""
    return (
        changed(
            db,
            "UPDATE runs SET state = ?, exit_code = ?, tail = coalesce(nullif(?, ''), tail), outcome = ?, "
            "finished_at = ? WHERE id = ? AND state IN ('queued', 'starting', 'running')",
            state,
            seen.exit_code,
            seen.tail,
            seen.outcome,
            now,
            run_id,
        )
        == 1
    )


def by_id(db: Database, run_id: str) -> Run | None:
    """One run, live or over."""
    return find_record(db, Run, "SELECT * FROM runs WHERE id = ?", run_id)


def live_runs(db: Database, instance_id: str = "") -> list[Run]:
    """Runs that may still go on (on one instance, if given), oldest first."""
    where = " AND instance_id = ?" if instance_id else ""
    sql = f"SELECT * FROM runs WHERE state IN ('queued', 'starting', 'running'){where} ORDER BY created_at, id"
    return find_all(db, Run, sql, *([instance_id] if instance_id else []))


def newest_runs(db: Database, person: str, limit: int) -> list[Run]:
    """A person's runs, newest first."""
    sql = "SELECT * FROM runs WHERE person = ? ORDER BY created_at DESC, id LIMIT ?"
    return find_all(db, Run, sql, person, limit)
