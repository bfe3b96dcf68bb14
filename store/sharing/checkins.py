"""Questions to holders whether they still need what they hold.

The database keeps two promises: one open question of a kind per claim, and one per claim and morning.
"""

from sqlite_utils import Database

from bot.domain.sharing.checkins import Checkin, CheckinState
from store.records import find_all, find_record, insert
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE questions (
        id TEXT PRIMARY KEY,
        batch TEXT NOT NULL,
        claim_id TEXT NOT NULL REFERENCES claims (id),
        person TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('idle', 'morning')),
        day TEXT NOT NULL,
        until_at INTEGER NOT NULL,
        idle_since INTEGER,
        asked_at INTEGER NOT NULL,
        deadline_at INTEGER,
        state TEXT NOT NULL CHECK (state IN ('open', 'kept', 'released', 'worked', 'unused', 'ended')),
        settled_at INTEGER,
        CHECK ((state = 'open') = (settled_at IS NULL)),
        CHECK ((kind = 'morning') = (day <> ''))
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_question ON questions (claim_id, kind) WHERE state = 'open'",
    "CREATE UNIQUE INDEX one_question_a_morning ON questions (claim_id, day) WHERE kind = 'morning'",
    "CREATE INDEX questions_of_a_batch ON questions (batch)",
    "CREATE INDEX questions_of_a_morning ON questions (person, day)",
)


def add(db: Database, checkin: Checkin) -> None:
    """Write a new, open question."""
    insert(db, "questions", checkin)


def settle_checkin(db: Database, question_id: str, state: CheckinState, now: int) -> bool:
    """Note what became of an open question; False when that is noted already."""
    sql = "UPDATE questions SET state = ?, settled_at = ? WHERE id = ? AND state = 'open'"
    return changed(db, sql, state, now, question_id) == 1


def set_checkin_deadline(db: Database, question_id: str, deadline: int | None) -> bool:
    """From when on silence counts; False when that is so already."""
    sql = "UPDATE questions SET deadline_at = ? WHERE id = ? AND state = 'open' AND deadline_at IS NOT ?"
    return changed(db, sql, deadline, question_id, deadline) == 1


def by_id(db: Database, question_id: str) -> Checkin | None:
    """One question, open or settled."""
    return find_record(db, Checkin, "SELECT * FROM questions WHERE id = ?", question_id)


def open_checkins(db: Database, *, claim_id: str = "") -> list[Checkin]:
    """The questions that wait for an answer, the oldest first; all, or those about one claim."""
    chosen = " AND claim_id = ?" if claim_id else ""
    sql = f"SELECT * FROM questions WHERE state = 'open'{chosen} ORDER BY asked_at, rowid"
    return find_all(db, Checkin, sql, *([claim_id] if claim_id else []))


def checkins_in_batch(db: Database, batch_id: str) -> list[Checkin]:
    """The questions of one message, in the order in which they stand there."""
    return find_all(db, Checkin, "SELECT * FROM questions WHERE batch = ? ORDER BY rowid", batch_id)


def was_asked_on(db: Database, person: str, day: str) -> bool:
    """Whether a person has had that morning's question."""
    return one(db, "SELECT 1 FROM questions WHERE person = ? AND day = ? LIMIT 1", person, day) is not None


def asked_about_claim(db: Database, claim_id: str, since: int) -> bool:
    """Whether there was a question about a claim, or an answer to one, since then."""
    sql = "SELECT 1 FROM questions WHERE claim_id = ? AND (asked_at > ? OR (state = 'kept' AND settled_at > ?)) LIMIT 1"
    return one(db, sql, claim_id, since, since) is not None


def idle_claims(db: Database, before: int) -> list[tuple[str, str]]:
    """Open claims from before then on instances where something idles, and those instances."""
    sql = (
        "SELECT c.id, c.instance_id FROM claims c JOIN verdicts v ON v.instance_id = c.instance_id "
        "WHERE c.ended_at IS NULL AND c.from_at <= ? AND v.state IN ('free', 'held', 'partial') ORDER BY c.from_at"
    )
    return [(row["id"], row["instance_id"]) for row in rows(db, sql, before)]


def long_claims(db: Database, longer: int, until: int) -> list[tuple[str, str]]:
    """Open claims of more than such a length that end after `until`, and their holders."""
    sql = (
        "SELECT id, holder FROM claims WHERE ended_at IS NULL AND until_at - from_at > ? AND until_at > ? "
        "ORDER BY holder, until_at, id"
    )
    return [(row["id"], row["holder"]) for row in rows(db, sql, longer, until)]
