"""What goes along when a machine of another type takes the place of one: one's own bookings, on-hours and snoozes.

What others have booked keeps a machine from being resized, so nothing of theirs is moved without their knowing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.domain.acting.actions import VALET, Action
from bot.domain.acting.parking import HoursRule
from bot.domain.acting.snoozes import Snooze
from bot.domain.fleet import Instance
from bot.domain.sharing.bookings import Gap, Hold, Slot, hold_of, pick
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services.desk import Desk
from store import audit
from store.acting import parkings, snoozes
from store.sharing import bookings, claims

Kept = tuple[Slot, tuple[int, ...]]
"""One time of a booking, and the GPUs it has on the new machine."""


@dataclass(frozen=True, slots=True)
class Luggage:
    """What goes along, and how many bookings don't fit."""

    booked: tuple[tuple[Kept, ...], ...]
    """Each booking by its times."""
    unfit: int
    hours: HoursRule | None
    snoozed: tuple[Snooze, ...]

    def said(self, name: str) -> str:
        """For people; empty where there is nothing to say. `name`: of the old machine."""
        bookings_said = f"{_count(len(self.booked))} of yours" if self.booked else ""
        goes = [each for each in (self.hours and "on-hours", self.snoozed and "snooze", bookings_said) if each]
        took = f"It took over from {name}: {', '.join(goes)}." if goes else ""
        stay = f"{_count(self.unfit)} of yours did not fit and stayed with {name}: `/gpu bookings mine`."
        return " ".join(filter(None, [took, stay if self.unfit else ""]))


def _count(number: int) -> str:
    return "1 booking" if number == 1 else f"{number} bookings"


def pack(desk: Desk, db: Database, action: Action, made: Instance) -> Luggage:
    """What goes along to the machine that a resize made."""
    slots = bookings.ahead(db, instance_id=action.instance_id, holder=action.requester)
    taken = [hold_of(each) for each in claims.open_on(db, made.id)]
    taken += [hold_of(each) for each in bookings.ahead(db, instance_id=made.id)]
    found: list[tuple[Kept, ...]] = []
    ids = list(dict.fromkeys(each.booking_id for each in slots))
    for booking_id in ids:
        kept = _kept(db, [each for each in slots if each.booking_id == booking_id], made, taken)
        if kept:
            found.append(kept)
            taken += [replace(hold_of(slot), gpus=gpus) for slot, gpus in kept]
    rule = parkings.hours(db).get(action.instance_id)
    now = desk.clock()
    snoozed = [each for each in snoozes.lately(db, action.instance_id, now) if each.until_at > now]
    return Luggage(tuple(found), len(ids) - len(found), rule, tuple(snoozed))


def _kept(db: Database, slots: Sequence[Slot], made: Instance, taken: Sequence[Hold]) -> tuple[Kept, ...]:
    """The GPUs of the new machine for every time of a booking; none where one of them does not fit."""
    booked = bookings.by_id(db, slots[0].booking_id)
    picked = [_picked(slot, booked.choice, made, taken) for slot in slots] if booked else []
    kept = tuple((slot, gpus) for slot, gpus in zip(slots, picked, strict=False) if gpus)
    return kept if len(kept) == len(slots) else ()


def _picked(slot: Slot, choice: GpuChoice, made: Instance, taken: Sequence[Hold]) -> tuple[int, ...] | None:
    try:
        return pick(Gap(slot.holder, choice, made.gpu_count, slot.from_at, slot.until_at - slot.from_at), taken)
    except Refused:  # it has fewer GPUs
        return None


def carry(desk: Desk, db: Database, luggage: Luggage, action: Action, made: Instance) -> None:
    """Move it, in the transaction that notes that the new machine runs."""
    for kept in luggage.booked:
        bookings.rehouse(db, kept[0][0].booking_id, made.id, {slot.id: gpus for slot, gpus in kept})
    if luggage.hours:
        parkings.set_hours(db, replace(luggage.hours, instance_id=made.id))
    for each in luggage.snoozed:
        snoozes.put(db, replace(each, instance_id=made.id))
    said = luggage.said(action.facts.name)
    if said:
        audit.add(db, desk.clock(), VALET, "took along", subject=made.id, detail=said)
