"""The line and the offers made from it.

The database keeps three promises: nobody stands twice in one line, nobody has two offers at a time for one place, and
a GPU is either claimed, offered to one person, or neither.
"""

import json
from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from bot.domain.machines import models
from bot.domain.sharing.line import WaitEnd, Waiter
from bot.domain.sharing.offers import LineOffer, LineOfferState
from store.sql import Row, bound, changed, many, one, rows

SCHEMA = (
    """CREATE TABLE waiters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL,
        instance_id TEXT REFERENCES instances (id),
        kind TEXT NOT NULL,
        count INTEGER CHECK (count > 0),
        length INTEGER NOT NULL CHECK (length > 0),
        note TEXT NOT NULL,
        since INTEGER NOT NULL,
        ended_at INTEGER,
        end_reason TEXT,
        run TEXT NOT NULL DEFAULT '',
        CHECK ((instance_id IS NULL) = (kind <> '')),
        CHECK (instance_id IS NOT NULL OR count IS NOT NULL),
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) STRICT""",
    """CREATE UNIQUE INDEX one_place_per_line ON waiters (coalesce(instance_id, ''), kind, person)
        WHERE ended_at IS NULL""",
    """CREATE INDEX waiters_in_line ON waiters (coalesce(instance_id, ''), kind, count, id)
        WHERE ended_at IS NULL""",
    "CREATE INDEX waiters_of ON waiters (person) WHERE ended_at IS NULL",
    "CREATE INDEX waiters_by_age ON waiters (since) WHERE ended_at IS NULL",
    # how long each line is, so that nobody has to count ten thousand people to find out
    """CREATE TABLE lines (
        instance_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        count INTEGER NOT NULL,
        people INTEGER NOT NULL CHECK (people >= 0),
        PRIMARY KEY (instance_id, kind, count)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER one_more_waits AFTER INSERT ON waiters BEGIN
        INSERT INTO lines VALUES (coalesce(NEW.instance_id, ''), NEW.kind, coalesce(NEW.count, 0), 1)
        ON CONFLICT DO UPDATE SET people = people + 1; END""",
    """CREATE TRIGGER one_less_waits AFTER UPDATE OF ended_at ON waiters
        WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
        UPDATE lines SET people = people - 1 WHERE instance_id = coalesce(NEW.instance_id, '')
        AND kind = NEW.kind AND count = coalesce(NEW.count, 0); END""",
    """CREATE TABLE offers (
        id TEXT PRIMARY KEY,
        waiter_id INTEGER NOT NULL REFERENCES waiters (id),
        instance_id TEXT NOT NULL REFERENCES instances (id),
        gpus TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > made_at),
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'passed', 'lapsed', 'withdrawn')),
        ended_at INTEGER,
        CHECK ((state = 'open') = (ended_at IS NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX one_offer_at_a_time ON offers (waiter_id) WHERE state = 'open'",
    "CREATE INDEX open_offers ON offers (instance_id) WHERE state = 'open'",
    """CREATE TABLE offered_gpus (
        offer_id TEXT NOT NULL REFERENCES offers (id),
        instance_id TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        PRIMARY KEY (instance_id, gpu)
    ) STRICT""",
    """CREATE TRIGGER offered_is_not_claimed BEFORE INSERT ON claimed_gpus
        WHEN EXISTS (SELECT 1 FROM offered_gpus o WHERE o.instance_id = NEW.instance_id AND o.gpu = NEW.gpu)
        BEGIN SELECT RAISE(ABORT, 'claimed_gpus: one of them is offered to somebody'); END""",
    """CREATE TRIGGER claimed_is_not_offered BEFORE INSERT ON offered_gpus
        WHEN EXISTS (SELECT 1 FROM claimed_gpus c WHERE c.instance_id = NEW.instance_id AND c.gpu = NEW.gpu)
        BEGIN SELECT RAISE(ABORT, 'offered_gpus: one of them is claimed'); END""",
    """CREATE TABLE told_of_line (
        claim_id TEXT PRIMARY KEY REFERENCES claims (id)
    ) STRICT, WITHOUT ROWID""",
)
_IN_LINE = "FROM waiters WHERE ended_at IS NULL AND coalesce(instance_id, '') = ? AND kind = ? AND count IS ?"
_OFFERS = """SELECT o.*, w.person, w.length FROM offers o JOIN waiters w ON w.id = o.waiter_id"""


def join_end(db: Database, waiter: Waiter) -> Waiter:
    """Put somebody at the end of a line; its id is its place in the order."""
    cursor = db.execute(
        "INSERT INTO waiters (person, instance_id, kind, count, length, note, since, run) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [
            *bound((waiter.person, waiter.instance_id or None, _key(waiter)[1])),
            *bound((waiter.count, waiter.length, waiter.note, waiter.since, waiter.run)),
        ],
    )
    (number,) = cursor.fetchone()
    joined = by_id(db, number)
    if joined is None:
        raise LookupError(number)
    return joined


def by_id(db: Database, waiter_id: int) -> Waiter | None:
    """One place, held or given up."""
    row = one(db, "SELECT * FROM waiters WHERE id = ?", waiter_id)
    return _waiter(row) if row else None


def end(db: Database, waiter_id: int, now: int, reason: WaitEnd) -> bool:
    """Take somebody out of the line; False when they were out already."""
    sql = "UPDATE waiters SET ended_at = ?, end_reason = ? WHERE id = ? AND ended_at IS NULL"
    return changed(db, sql, now, reason, waiter_id) == 1


def waiters_unoffered(db: Database, *, before: int | None = None, instance_id: str = "") -> list[Waiter]:
    """Those who have no offer just now, the first first; only those before a place, or for one instance, if given."""
    chosen, values = "", []
    for part, value in ((" AND id < ?", before), (" AND coalesce(instance_id, '') = ?", instance_id or None)):
        if value is not None:
            chosen += part
            values.append(value)
    sql = (
        f"SELECT * FROM waiters w WHERE ended_at IS NULL{chosen} AND NOT EXISTS "
        "(SELECT 1 FROM offers o WHERE o.waiter_id = w.id AND o.state = 'open') ORDER BY id"
    )
    return [_waiter(row) for row in rows(db, sql, *values)]


def is_anybody_waiting(db: Database) -> bool:
    """Whether anybody waits for anything."""
    return one(db, "SELECT 1 FROM waiters WHERE ended_at IS NULL LIMIT 1") is not None


def places_of(db: Database, person: str) -> list[Waiter]:
    """The places of a person, the oldest first."""
    waiter_rows = rows(db, "SELECT * FROM waiters WHERE person = ? AND ended_at IS NULL ORDER BY id", person)
    return [_waiter(row) for row in waiter_rows]


def first_of_lines(db: Database) -> list[tuple[Waiter, int]]:
    """Every line as its first waiter and how many stand in it, those who want different numbers of GPUs apart."""
    line_rows = rows(db, "SELECT * FROM lines WHERE people > 0")
    pairs = [(_first(db, row["instance_id"], row["kind"], row["count"] or None), row["people"]) for row in line_rows]
    return sorted(((first, people) for first, people in pairs if first is not None), key=lambda pair: pair[0].id)


def _first(db: Database, instance_id: str, kind: str, count: int | None) -> Waiter | None:
    row = one(db, f"SELECT * {_IN_LINE} ORDER BY id LIMIT 1", instance_id, kind, count)
    return _waiter(row) if row else None


def count_before(db: Database, first: Waiter, waiter_id: int) -> int:
    """How many came before a place, of those in the line of `first`."""
    row = one(db, f"SELECT count(*) AS n {_IN_LINE} AND id < ?", *_key(first), waiter_id)
    return row["n"] if row else 0


def waiters_in_lines(db: Database, wanted: Iterable[Waiter]) -> list[Waiter]:
    """Everybody in the lines of these, those with an offer included, the first first."""
    waiters = [_waiter(row) for first in wanted for row in rows(db, f"SELECT * {_IN_LINE}", *_key(first))]
    return sorted(waiters, key=lambda waiter: waiter.id)


def _key(waiter: Waiter) -> tuple[str, str, int | None]:
    return waiter.instance_id, "" if waiter.instance_id else str(waiter.kind), waiter.count


def place_of_person(db: Database, person: str, instance_id: str, kind: str) -> Waiter | None:
    """The place a person has in a line."""
    sql = "SELECT * FROM waiters WHERE person = ? AND coalesce(instance_id, '') = ? AND kind = ? AND ended_at IS NULL"
    row = one(db, sql, person, instance_id, kind)
    return _waiter(row) if row else None


def stale_waiters(db: Database, before: int) -> list[Waiter]:
    """Those who have waited since then or longer."""
    waiter_rows = rows(db, "SELECT * FROM waiters WHERE ended_at IS NULL AND since <= ? ORDER BY id", before)
    return [_waiter(row) for row in waiter_rows]


def orphaned_waiters(db: Database, before: int) -> list[Waiter]:
    """Those who wait for an instance that was gone before then."""
    waiter_rows = rows(
        db,
        "SELECT w.* FROM waiters w JOIN instances i ON i.id = w.instance_id "
        "WHERE w.ended_at IS NULL AND i.gone_at <= ? ORDER BY w.id",
        before,
    )
    return [_waiter(row) for row in waiter_rows]


def add_offer(db: Database, offer: LineOffer) -> None:
    """Hold GPUs for somebody whose turn it is."""
    changed(
        db,
        "INSERT INTO offers (id, waiter_id, instance_id, gpus, made_at, until_at) VALUES (?, ?, ?, ?, ?, ?)",
        offer.id,
        offer.waiter_id,
        offer.instance_id,
        json.dumps(offer.gpus),
        offer.made_at,
        offer.until_at,
    )
    gpu_rows = ((offer.id, offer.instance_id, gpu) for gpu in offer.gpus)
    many(db, "INSERT INTO offered_gpus (offer_id, instance_id, gpu) VALUES (?, ?, ?)", gpu_rows)


def offers_for_runs(db: Database) -> list[tuple[str, Waiter]]:
    """The open offers to those for whom a run waits, as the id of the offer and whose it is."""
    sql = (
        "SELECT o.id AS offer_id, w.* FROM offers o JOIN waiters w ON w.id = o.waiter_id "
        "WHERE o.state = 'open' AND w.run <> '' ORDER BY w.id"
    )
    return [(row.pop("offer_id"), _waiter(row)) for row in rows(db, sql)]


def close_offer(db: Database, offer_id: str, now: int, state: LineOfferState) -> bool:
    """End an open offer and let its GPUs go; False when it has ended already."""
    sql = "UPDATE offers SET state = ?, ended_at = ? WHERE id = ? AND state = 'open'"
    done = changed(db, sql, state, now, offer_id)
    changed(db, "DELETE FROM offered_gpus WHERE offer_id = ?", offer_id)
    return done == 1


def prolong_offer(db: Database, offer_id: str, until: int) -> None:
    """Hold the GPUs of an open offer for longer."""
    changed(db, "UPDATE offers SET until_at = ? WHERE id = ? AND state = 'open'", until, offer_id)


def offer_by_id(db: Database, offer_id: str) -> LineOffer | None:
    """One offer, open or ended."""
    row = one(db, f"{_OFFERS} WHERE o.id = ?", offer_id)
    return _offer(row) if row else None


def open_offers(db: Database) -> list[LineOffer]:
    """Every offer that waits for an answer, the oldest first."""
    return [_offer(row) for row in rows(db, f"{_OFFERS} WHERE o.state = 'open' ORDER BY o.made_at, o.waiter_id")]


def offers_on(db: Database, instance_ids: Sequence[str]) -> dict[str, list[LineOffer]]:
    """The open offers of some instances, by instance."""
    wanted, offers = set(instance_ids), dict[str, list[LineOffer]]()
    for offer in open_offers(db):
        if offer.instance_id in wanted:
            offers.setdefault(offer.instance_id, []).append(offer)
    return offers


def newest_offer(db: Database, waiter_id: int) -> LineOffer | None:
    """The newest offer that somebody was made."""
    row = one(db, f"{_OFFERS} WHERE o.waiter_id = ? ORDER BY o.made_at DESC, o.rowid DESC LIMIT 1", waiter_id)
    return _offer(row) if row else None


def offer_to(db: Database, waiter_id: int) -> LineOffer | None:
    """The open offer to somebody in the line."""
    row = one(db, f"{_OFFERS} WHERE o.waiter_id = ? AND o.state = 'open'", waiter_id)
    return _offer(row) if row else None


def holders_not_told(db: Database, claim_ids: Iterable[str]) -> list[str]:
    """Of these claims, those whose holders were not told yet that somebody waits; they count as told from now on."""
    sql = "INSERT INTO told_of_line (claim_id) VALUES (?) ON CONFLICT DO NOTHING"
    return [claim_id for claim_id in claim_ids if changed(db, sql, claim_id) == 1]


def _waiter(row: Row) -> Waiter:
    kind = models.gpu_kind(row["kind"]) if row["kind"] else models.GpuKind()
    return Waiter(**{**row, "kind": kind, "instance_id": row["instance_id"] or ""})


def _offer(row: Row) -> LineOffer:
    return LineOffer(**{**row, "gpus": tuple(json.loads(row["gpus"]))})
