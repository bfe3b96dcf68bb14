"""Decisions on actions. Each is one compare-and-set: whoever comes second, late, or asked for it changes nothing."""

from sqlite_utils import Database

from bot.domain.acting.actions import ActionState
from bot.domain.acting.approvals import Consent, ConsentAnswer
from store.records import find_all, find_record, insert
from store.sql import changed, one


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


def decide_action(db: Database, action_id: str, person: str, state: ActionState, now: int) -> bool:
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


SCHEMA = (
    """CREATE TABLE consents (
        id TEXT PRIMARY KEY,
        action_id TEXT NOT NULL REFERENCES actions (id),
        claim_id TEXT NOT NULL REFERENCES claims (id),
        holder TEXT NOT NULL,
        until_at INTEGER NOT NULL,
        asked_at INTEGER NOT NULL,
        deadline_at INTEGER NOT NULL CHECK (deadline_at > asked_at),
        answer TEXT NOT NULL DEFAULT '' CHECK (answer IN ('', 'agreed', 'needed', 'silent', 'ended', 'late')),
        answered_at INTEGER,
        UNIQUE (action_id, holder),
        CHECK ((answer = '') = (answered_at IS NULL))
    ) STRICT""",
    "CREATE INDEX needed_claims ON consents (claim_id) WHERE answer IN ('needed', 'late')",
)


def add(db: Database, consent: Consent) -> None:
    """Write a new question."""
    insert(db, "consents", consent)


def note_consent_answer(
    db: Database, consent_id: str, said: ConsentAnswer, now: int, *, before: ConsentAnswer = ""
) -> bool:
    """Note the answer; False when it is not what it was `before` any more."""
    sql = "UPDATE consents SET answer = ?, answered_at = ? WHERE id = ? AND answer = ?"
    return changed(db, sql, said, now, consent_id, before) == 1


def by_id(db: Database, consent_id: str) -> Consent | None:
    """One question."""
    return find_record(db, Consent, "SELECT * FROM consents WHERE id = ?", consent_id)


def consents_about(db: Database, action_id: str) -> list[Consent]:
    """Every question about a stop, in the order of their holders."""
    return find_all(db, Consent, "SELECT * FROM consents WHERE action_id = ? ORDER BY holder", action_id)


def unanswered_consents(db: Database) -> list[Consent]:
    """Questions without an answer about stops that nobody has decided yet."""
    sql = (
        "SELECT c.* FROM consents c JOIN actions a ON a.id = c.action_id "
        "WHERE a.state = 'pending' AND c.answer = '' ORDER BY c.deadline_at, c.id"
    )
    return find_all(db, Consent, sql)


def hold_back(db: Database, action_id: str) -> bool:
    """Whether a holder has still to answer, or needs it: then those who decide on the stop are not asked."""
    sql = "SELECT 1 FROM consents WHERE action_id = ? AND answer IN ('', 'needed') LIMIT 1"
    return one(db, sql, action_id) is not None


def needed_since(db: Database, claim_id: str, since: int) -> Consent | None:
    """What its holder said last, since then, if it was that they still need it."""
    sql = (
        "SELECT * FROM consents WHERE claim_id = ? AND answer IN ('needed', 'late') AND answered_at > ? "
        "ORDER BY answered_at DESC LIMIT 1"
    )
    return find_record(db, Consent, sql, claim_id, since)
