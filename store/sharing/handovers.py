"""Handovers. The database keeps the promise of one open offer per claim."""

from sqlite_utils import Database

from bot.domain.preconditions import Conditions
from bot.domain.sharing.handovers import Handover, HandoverState
from store.records import insert, record_of
from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE handovers (
        id TEXT PRIMARY KEY,
        claim_id TEXT NOT NULL REFERENCES claims (id),
        giver TEXT NOT NULL,
        taker TEXT NOT NULL CHECK (taker <> giver),
        made_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL CHECK (expires_at > made_at),
        state TEXT NOT NULL CHECK (state IN ('open', 'taken', 'declined', 'withdrawn', 'lapsed')),
        settled_at INTEGER,
        CHECK ((state = 'open') = (settled_at IS NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_handover ON handovers (claim_id) WHERE state = 'open'",
)

HANDOVER_SHOWN_SCHEMA = ("ALTER TABLE handovers ADD COLUMN shown TEXT",)
"""What was offered; NULL where that was not kept."""


def add(db: Database, offer: Handover) -> None:
    """Write a new, open offer."""
    insert(db, "handovers", offer, shown=offer.shown.to_json() if offer.shown else None)


def show_anew(db: Database, offer_id: str, shown: Conditions) -> None:
    """Offer it anew, as it is by now."""
    changed(db, "UPDATE handovers SET shown = ? WHERE id = ? AND state = 'open'", shown.to_json(), offer_id)


def settle_handover(db: Database, offer_id: str, state: HandoverState, now: int) -> bool:
    """End an open offer; False when it has been settled already."""
    sql = "UPDATE handovers SET state = ?, settled_at = ? WHERE id = ? AND state = 'open'"
    return changed(db, sql, state, now, offer_id) == 1


def by_id(db: Database, offer_id: str) -> Handover | None:
    """One offer, open or settled."""
    row = one(db, "SELECT * FROM handovers WHERE id = ?", offer_id)
    return _handover(row) if row else None


def open_handover(db: Database, claim_id: str) -> Handover | None:
    """The open offer of a claim."""
    row = one(db, "SELECT * FROM handovers WHERE claim_id = ? AND state = 'open'", claim_id)
    return _handover(row) if row else None


def open_handovers_to(db: Database, taker: str) -> list[Handover]:
    """Open offers to a person, the oldest first."""
    sql = "SELECT * FROM handovers WHERE state = 'open' AND taker = ? ORDER BY made_at, rowid"
    return [_handover(row) for row in rows(db, sql, taker)]


def overdue_handovers(db: Database, now: int) -> list[Handover]:
    """Open offers whose time is up or whose claim has ended."""
    sql = (
        "SELECT h.* FROM handovers h JOIN claims c ON c.id = h.claim_id "
        "WHERE h.state = 'open' AND (h.expires_at <= ? OR c.ended_at IS NOT NULL)"
    )
    return [_handover(row) for row in rows(db, sql, now)]


def _handover(row: Row) -> Handover:
    return record_of(Handover, row, shown=Conditions.from_json(row["shown"]) if row["shown"] else None)
