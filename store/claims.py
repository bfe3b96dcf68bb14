"""Claims. The database keeps the promise of one open claim per GPU."""

import json

from sqlite_utils import Database

from bot.domain.claims import Claim, EndReason
from store.sql import Row, changed, many, one, rows, sqlite3

SCHEMA = (
    """CREATE TABLE claims (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        holder TEXT NOT NULL,
        team TEXT NOT NULL,
        note TEXT NOT NULL,
        gpus TEXT NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > from_at),
        ended_at INTEGER,
        end_reason TEXT,
        ended_by TEXT NOT NULL DEFAULT '',
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) STRICT""",
    "CREATE INDEX open_claims ON claims (instance_id) WHERE ended_at IS NULL",
    "CREATE INDEX claims_due ON claims (until_at) WHERE ended_at IS NULL",
    """CREATE TABLE claimed_gpus (
        claim_id TEXT NOT NULL REFERENCES claims (id),
        instance_id TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        PRIMARY KEY (instance_id, gpu)
    ) STRICT""",
)


def add(db: Database, claim: Claim) -> bool:
    """Open a claim; False when one of its GPUs is held already (nothing is written then)."""
    db.execute("SAVEPOINT claiming")
    try:
        changed(
            db,
            "INSERT INTO claims (id, instance_id, holder, team, note, gpus, from_at, until_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(claim.id, claim.instance_id, claim.holder, claim.team, claim.note),
            *(json.dumps(claim.gpus), claim.from_at, claim.until_at),
        )
        gpus = ((claim.id, claim.instance_id, gpu) for gpu in claim.gpus)
        many(db, "INSERT INTO claimed_gpus (claim_id, instance_id, gpu) VALUES (?, ?, ?)", gpus)
    except sqlite3.IntegrityError as error:
        db.execute("ROLLBACK TO claiming")
        db.execute("RELEASE claiming")
        if "claimed_gpus" not in str(error):
            raise
        return False
    db.execute("RELEASE claiming")
    return True


def end(db: Database, claim_id: str, now: int, reason: EndReason, *, who: str = "") -> bool:
    """End an open claim and free its GPUs; False when somebody else ended it first."""
    sql = "UPDATE claims SET ended_at = ?, end_reason = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL"
    done = changed(db, sql, now, reason, who, claim_id)
    changed(db, "DELETE FROM claimed_gpus WHERE claim_id = ?", claim_id)
    return done == 1


def extend(db: Database, claim_id: str, until: int, *, note: str = "") -> bool:
    """Move the end of an open claim, and change its note if there is a new one; False when it has ended."""
    sql = "UPDATE claims SET until_at = ?, note = coalesce(nullif(?, ''), note) WHERE id = ? AND ended_at IS NULL"
    return changed(db, sql, until, note, claim_id) == 1


def by_id(db: Database, claim_id: str) -> Claim | None:
    """A claim, open or ended."""
    row = one(db, "SELECT * FROM claims WHERE id = ?", claim_id)
    return _claim(row) if row else None


def open_on(db: Database, instance_id: str) -> list[Claim]:
    """The open claims of an instance, the longest first."""
    found = rows(
        db, "SELECT * FROM claims WHERE instance_id = ? AND ended_at IS NULL ORDER BY until_at DESC", instance_id
    )
    return [_claim(row) for row in found]


def due(db: Database, now: int) -> list[Claim]:
    """Open claims whose time is over."""
    found = rows(db, "SELECT * FROM claims WHERE ended_at IS NULL AND until_at <= ? ORDER BY until_at", now)
    return [_claim(row) for row in found]


def orphaned(db: Database, before: int) -> list[Claim]:
    """Open claims on instances that were gone before then."""
    found = rows(
        db,
        "SELECT c.* FROM claims c JOIN instances i ON i.id = c.instance_id WHERE c.ended_at IS NULL AND i.gone_at <= ?",
        before,
    )
    return [_claim(row) for row in found]


def _claim(row: Row) -> Claim:
    return Claim(**{**row, "gpus": tuple(json.loads(row["gpus"]))})
