"""What holders have been told of the ends of their claims."""

from sqlite_utils import Database

from bot.domain.sharing.claims import Claim
from bot.domain.sharing.reminders import Reminder
from store.sharing import claims as stored_claims
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE reminders (
        claim_id TEXT PRIMARY KEY REFERENCES claims (id),
        until_at INTEGER NOT NULL,
        set_at INTEGER NOT NULL,
        said INTEGER,
        posted INTEGER NOT NULL DEFAULT 0,
        closed INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX reminders_to_close ON reminders (claim_id) WHERE closed = 0",
)


def reminder_of(db: Database, claim_id: str) -> Reminder | None:
    """What the holder of a claim was told."""
    row = one(db, "SELECT * FROM reminders WHERE claim_id = ?", claim_id)
    return Reminder(**{**row, "posted": bool(row["posted"]), "closed": bool(row["closed"])}) if row else None


def note_end(db: Database, claim: Claim, set_at: int) -> bool:
    """Note the end of a claim; an end that is new makes all reminders new. False when it was noted already."""
    sql = (
        "INSERT INTO reminders (claim_id, until_at, set_at) VALUES (?, ?, ?) ON CONFLICT (claim_id) DO UPDATE "
        "SET until_at = excluded.until_at, set_at = excluded.set_at, said = NULL WHERE until_at <> excluded.until_at"
    )
    return changed(db, sql, claim.id, claim.until_at, set_at) == 1


def note_reminder_mark(db: Database, claim_id: str, mark: int) -> bool:
    """Note that a mark is told; False when it was, or a later one."""
    sql = "UPDATE reminders SET said = ?, posted = 1 WHERE claim_id = ? AND (said IS NULL OR said > ?)"
    return changed(db, sql, mark, claim_id, mark) == 1


def close_reminder(db: Database, claim_id: str) -> bool:
    """The claim has ended; True when there is a message that should say so and does not yet."""
    done = changed(db, "UPDATE reminders SET closed = 1 WHERE claim_id = ? AND closed = 0", claim_id)
    reminder = reminder_of(db, claim_id)
    return done == 1 and reminder is not None and reminder.posted


def claims_unnoted(db: Database) -> list[Claim]:
    """Open claims whose present end is not noted."""
    id_rows = rows(
        db,
        "SELECT c.id FROM claims c LEFT JOIN reminders r ON r.claim_id = c.id "
        "WHERE c.ended_at IS NULL AND (r.until_at IS NULL OR r.until_at <> c.until_at)",
    )
    return [claim for row in id_rows if (claim := stored_claims.by_id(db, row["id"]))]


def claims_unclosed(db: Database) -> list[Claim]:
    """Claims that have ended without their reminder knowing."""
    id_rows = rows(
        db,
        "SELECT c.id FROM reminders r JOIN claims c ON c.id = r.claim_id WHERE r.closed = 0 AND c.ended_at IS NOT NULL",
    )
    return [claim for row in id_rows if (claim := stored_claims.by_id(db, row["id"]))]
