"""Bookings and their slots. The database keeps the promise that no GPU is booked twice for one time."""

import json
from collections.abc import Mapping
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.sharing.bookings import Booking, BookingSlot, SlotState
from store.records import find_all, find_record, insert
from store.sql import changed, many, one

SCHEMA = (
    """CREATE TABLE bookings (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        holder TEXT NOT NULL,
        team TEXT NOT NULL,
        note TEXT NOT NULL,
        choice TEXT NOT NULL,
        zone TEXT NOT NULL,
        first_day TEXT NOT NULL,
        wall TEXT NOT NULL,
        length INTEGER NOT NULL CHECK (length > 0),
        last_day TEXT,
        made_at INTEGER NOT NULL,
        ended_at INTEGER,
        ended_by TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX weekly_bookings ON bookings (last_day) WHERE last_day IS NOT NULL AND ended_at IS NULL",
    """CREATE TABLE slots (
        id TEXT PRIMARY KEY,
        booking_id TEXT NOT NULL REFERENCES bookings (id),
        instance_id TEXT NOT NULL,
        holder TEXT NOT NULL,
        gpus TEXT NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > from_at),
        state TEXT NOT NULL DEFAULT 'booked'
            CHECK (state IN ('booked', 'claimed', 'used', 'unused', 'missed', 'off')),
        claim_id TEXT NOT NULL DEFAULT '',
        told_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        UNIQUE (booking_id, from_at),
        CHECK ((state IN ('claimed', 'used', 'unused')) = (claim_id <> ''))
    ) STRICT""",
    "CREATE INDEX slots_of_instance ON slots (instance_id, from_at) WHERE state = 'booked'",
    "CREATE INDEX slots_of_person ON slots (holder, from_at) WHERE state = 'booked'",
    "CREATE INDEX slots_due ON slots (from_at) WHERE state IN ('booked', 'claimed')",
    "CREATE UNIQUE INDEX one_slot_per_claim ON slots (claim_id) WHERE claim_id <> ''",
    """CREATE TABLE booked_gpus (
        slot_id TEXT NOT NULL REFERENCES slots (id),
        instance_id TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL,
        PRIMARY KEY (instance_id, gpu, from_at)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX booked_by ON booked_gpus (slot_id)",
    """CREATE TRIGGER one_booking_at_a_time BEFORE INSERT ON booked_gpus WHEN EXISTS (
        SELECT 1 FROM booked_gpus b WHERE b.instance_id = NEW.instance_id AND b.gpu = NEW.gpu
        AND b.from_at < NEW.until_at AND NEW.from_at < b.until_at
    ) BEGIN SELECT RAISE(ABORT, 'that GPU is booked for that time'); END""",
)
_HELD = "state IN ('booked', 'claimed', 'used', 'unused')"
SLOTS_BY_END = (f"CREATE INDEX slots_by_end ON slots (until_at) WHERE {_HELD}",)
_SLOTS = (
    "SELECT s.*, b.team, b.note, b.made_at, b.last_day IS NOT NULL AS weekly "
    "FROM slots s JOIN bookings b ON b.id = s.booking_id"
)


def add(db: Database, booking: Booking) -> None:
    """Keep a booking; its slots are added one by one."""
    insert(db, "bookings", booking, wall=booking.wall.isoformat("minutes"))


def add_slot(db: Database, slot: BookingSlot) -> None:
    """Keep a slot, and its GPUs for it while it is still to come."""
    changed(
        db,
        "INSERT INTO slots (id, booking_id, instance_id, holder, gpus, from_at, until_at, state, outcome) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        slot.id,
        slot.booking_id,
        slot.instance_id,
        slot.holder,
        json.dumps(slot.gpus),
        slot.from_at,
        slot.until_at,
        slot.state,
        slot.outcome,
    )
    if slot.state == "booked":
        _keep_gpus(db, slot)


def _keep_gpus(db: Database, slot: BookingSlot) -> None:
    gpu_rows = ((slot.id, slot.instance_id, gpu, slot.from_at, slot.until_at) for gpu in slot.gpus)
    sql = "INSERT INTO booked_gpus (slot_id, instance_id, gpu, from_at, until_at) VALUES (?, ?, ?, ?, ?)"
    many(db, sql, gpu_rows)


def move_slot(
    db: Database,
    slot: BookingSlot,
    state: SlotState,
    *,
    claim_id: str = "",
    gpus: tuple[int, ...] = (),
    outcome: str = "",
) -> bool:
    """Let a slot go on to another state; False when it has gone on already."""
    done = changed(
        db,
        "UPDATE slots SET state = ?, claim_id = coalesce(nullif(?, ''), claim_id), gpus = ?, outcome = ? "
        "WHERE id = ? AND state = ?",
        state,
        claim_id,
        json.dumps(gpus or slot.gpus),
        outcome,
        slot.id,
        slot.state,
    )
    if done:
        changed(db, "DELETE FROM booked_gpus WHERE slot_id = ?", slot.id)
    return done == 1


def move_booking(db: Database, booking_id: str, instance_id: str, gpus: Mapping[str, tuple[int, ...]]) -> None:
    """Let a booking be of another instance from now on, with these GPUs for each slot that is to come."""
    changed(db, "UPDATE bookings SET instance_id = ? WHERE id = ?", instance_id, booking_id)
    for slot in slots_ahead(db, booking_id=booking_id):
        values = (instance_id, json.dumps(gpus[slot.id]), slot.id)
        changed(db, "UPDATE slots SET instance_id = ?, gpus = ?, told_at = NULL WHERE id = ?", *values)
        changed(db, "DELETE FROM booked_gpus WHERE slot_id = ?", slot.id)
        _keep_gpus(db, replace(slot, instance_id=instance_id, gpus=gpus[slot.id]))


def mark_slot_told(db: Database, slot_id: str, now: int) -> None:
    """Its holder is told that the machine is not there for them."""
    changed(db, "UPDATE slots SET told_at = ? WHERE id = ?", now, slot_id)


def end(db: Database, booking_id: str, now: int, *, who: str) -> bool:
    """No further slots come of a booking; False when it had ended."""
    sql = "UPDATE bookings SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL"
    return changed(db, sql, now, who, booking_id) == 1


def by_id(db: Database, booking_id: str) -> Booking | None:
    """A booking, whether it has ended or not."""
    return find_record(db, Booking, "SELECT * FROM bookings WHERE id = ?", booking_id)


def slot_by_id(db: Database, slot_id: str) -> BookingSlot | None:
    """A slot, in whatever state."""
    return find_record(db, BookingSlot, f"{_SLOTS} WHERE s.id = ?", slot_id)


def slots_ahead(
    db: Database, *, instance_id: str = "", holder: str = "", booking_id: str = "", team: str = ""
) -> list[BookingSlot]:
    """Slots that have not become claims, the first to begin first."""
    given = (("s.instance_id", instance_id), ("s.holder", holder), ("s.booking_id", booking_id), ("b.team", team))
    where = "".join(f" AND {column} = ?" for column, value in given if value)
    values = [value for _, value in given if value]
    return find_all(db, BookingSlot, f"{_SLOTS} WHERE s.state = 'booked'{where} ORDER BY s.from_at, s.id", *values)


def slots_due(db: Database, before: int) -> list[BookingSlot]:
    """Slots that begin by then and have not become claims."""
    return find_all(
        db, BookingSlot, f"{_SLOTS} WHERE s.state = 'booked' AND s.from_at <= ? ORDER BY s.from_at, s.id", before
    )


def slots_watched(db: Database) -> list[BookingSlot]:
    """Slots whose claims nobody is known to use yet."""
    return find_all(db, BookingSlot, f"{_SLOTS} WHERE s.state = 'claimed' ORDER BY s.from_at, s.id")


def orphaned_slots(db: Database, before: int) -> list[BookingSlot]:
    """Slots to come of instances that were gone before then."""
    sql = f"{_SLOTS} JOIN instances i ON i.id = s.instance_id WHERE s.state = 'booked' AND i.gone_at <= ?"
    return find_all(db, BookingSlot, f"{sql} ORDER BY s.from_at, s.id", before)


def weekly_bookings(db: Database) -> list[Booking]:
    """Weekly bookings that go on."""
    sql = "SELECT * FROM bookings WHERE last_day IS NOT NULL AND ended_at IS NULL ORDER BY made_at, id"
    return find_all(db, Booking, sql)


def last_slot_start(db: Database, booking_id: str) -> int:
    """When the last slot there is of a booking begins; 0 where there is none."""
    row = one(db, "SELECT coalesce(max(from_at), 0) AS at FROM slots WHERE booking_id = ?", booking_id)
    return int(row["at"]) if row else 0


def slots_since(db: Database, after: int) -> list[BookingSlot]:
    """Slots to come and slots that became claims, which end after then, the first to begin first."""
    sql = f"{_SLOTS} WHERE s.{_HELD} AND s.until_at > ?"
    return find_all(db, BookingSlot, f"{sql} ORDER BY s.from_at, s.id", after)


def count_bookings(db: Database, holder: str) -> int:
    """How many bookings of a person are to come; a weekly one counts once."""
    sql = "SELECT count(DISTINCT booking_id) AS n FROM slots WHERE holder = ? AND state = 'booked'"
    row = one(db, sql, holder)
    return int(row["n"]) if row else 0
