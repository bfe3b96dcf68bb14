"""Use without a claim: who was seen where since when, and who was asked to claim it."""

from sqlite_utils import Database

from bot.domain.sharing.unclaimed import UnclaimedUse
from store.records import find_all, find_record, insert
from store.sql import changed, one

SCHEMA = (
    """CREATE TABLE squats (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        unix_user TEXT NOT NULL,
        gpus TEXT NOT NULL,
        since INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        person TEXT NOT NULL DEFAULT '',
        asked_at INTEGER,
        state TEXT NOT NULL DEFAULT 'seen' CHECK (state IN ('seen', 'asked', 'claimed', 'not mine', 'over')),
        CHECK ((person = '') = (asked_at IS NULL))
    ) STRICT""",
    """CREATE UNIQUE INDEX one_squat_at_a_time ON squats (instance_id, unix_user)
        WHERE state IN ('seen', 'asked')""",
    "CREATE INDEX squats_asked ON squats (person, instance_id, asked_at) WHERE person <> ''",
)
_OPEN = "state IN ('seen', 'asked')"


def note_use(db: Database, squat: UnclaimedUse) -> None:
    """Note that somebody works without a claim, on these GPUs; carries on what was noted before."""
    insert(
        db,
        "squats",
        squat,
        then=f"ON CONFLICT (instance_id, unix_user) WHERE {_OPEN} DO UPDATE SET gpus = excluded.gpus, "
        "since = excluded.since, seen_at = excluded.seen_at",
    )


def note_asked(db: Database, squat_id: str, person: str, now: int) -> bool:
    """Note whom we ask; False when somebody was."""
    sql = "UPDATE squats SET person = ?, asked_at = ?, state = 'asked' WHERE id = ? AND state = 'seen'"
    return changed(db, sql, person, now, squat_id) == 1


def end(db: Database, squat: UnclaimedUse, state: str) -> bool:
    """It is over, or was answered; False when it was before. What nobody was asked about is forgotten."""
    if not squat.person:
        return changed(db, "DELETE FROM squats WHERE id = ? AND state = 'seen'", squat.id) == 1
    return changed(db, "UPDATE squats SET state = ? WHERE id = ? AND state = 'asked'", state, squat.id) == 1


def by_id(db: Database, squat_id: str) -> UnclaimedUse | None:
    """One case, open or over."""
    return find_record(db, UnclaimedUse, "SELECT * FROM squats WHERE id = ?", squat_id)


def open_uses(db: Database) -> list[UnclaimedUse]:
    """What goes on, the oldest first."""
    return find_all(db, UnclaimedUse, f"SELECT * FROM squats WHERE {_OPEN} ORDER BY since, rowid")


def asked_person(db: Database, person: str, instance_id: str, since: int) -> bool:
    """Whether a person was asked about an instance since then."""
    sql = "SELECT 1 FROM squats WHERE person = ? AND instance_id = ? AND asked_at > ? LIMIT 1"
    return one(db, sql, person, instance_id, since) is not None


def denied_by(db: Database, person: str, instance_id: str, since: int) -> bool:
    """Whether a person has said since then that what works on an instance is not theirs."""
    sql = "SELECT 1 FROM squats WHERE person = ? AND instance_id = ? AND asked_at > ? AND state = 'not mine' LIMIT 1"
    return one(db, sql, person, instance_id, since) is not None
