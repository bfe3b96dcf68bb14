"""Bookings: making and cancelling them, and keeping claims clear of them. `slots` does what is due."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import DAY_MS, WEEK_MS
from bot.domain.days import local
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import (
    MOST_BOOKED_WEEKS,
    Booking,
    BookingRequest,
    BookingSlot,
    Gap,
    Hold,
    hold_from,
    next_free_start,
    pick_free,
)
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.limits import Allowance, beyond_allowance, claim_use
from bot.errors import NotFound, Refused
from bot.services.context import Context
from bot.services.sharing import limits, turns
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims


class BookingInTheWay(Refused):
    """A claim would run into a booking; `slot` is the first in its way."""

    def __init__(self, sentence: str, slot: BookingSlot) -> None:
        super().__init__(sentence)
        self.slot = slot


class BookingClash(Refused):
    """A booking that can't be had: `holds` are in its way, and `free_at` is when it could begin instead."""

    def __init__(self, sentence: str, holds: tuple[Hold, ...], wanted: Gap, free_at: int | None) -> None:
        super().__init__(sentence)
        self.holds = holds
        self.wanted = wanted
        self.free_at = free_at


class OwnBooking(Refused):
    """What is to be booked is one's own then already: `hold` is what keeps it, `same` that it is all of it."""

    def __init__(self, sentence: str, hold: Hold, *, same: bool) -> None:
        super().__init__(sentence)
        self.hold = hold
        self.same = same


def book_gpus(
    ctx: Context, instance_id: str, holder: str, wish: BookingRequest, *, grant_id: str = ""
) -> tuple[Booking, list[BookingSlot]]:
    """Book GPUs of an instance for later, once or every week; its slots within reach.

    With the id of a grant, which becomes its own, it may go beyond fair use. Raises Refused, Clash, OverLimit.
    """
    with ctx.store.writing() as db:
        booking, slots = book_within(ctx, db, instance_id, holder, wish, grant_id=grant_id)
    ctx.wake()
    return booking, slots


def book_within(
    ctx: Context, db: Database, instance_id: str, holder: str, wish: BookingRequest, *, grant_id: str
) -> tuple[Booking, list[BookingSlot]]:
    """As `book`, in the caller's transaction."""
    now = ctx.clock()
    listing = listings.by_id(db, instance_id)
    if listing is None:
        raise Refused("That instance is gone.")
    if listing.drain is not None:
        raise Refused(listing.drain.refusal(listing.instance.name))
    check_booking_time(ctx, wish.from_at, now)
    booking = _planned(ctx, holder, instance_id, wish, now=now, booking_id=grant_id)
    check_booking_number(ctx, db, booking)
    stored_bookings.add(db, booking)
    slots = [_slot(ctx, db, listing, booking, start) for start in booking.starts(now, booking_reach(ctx, now))]
    for slot in () if grant_id else slots:
        check_booking_use(ctx, db, slot)
    every = f"weekly until {booking.last_day}" if booking.weekly else ""
    stored_audit.add(db, now, holder, "booked", subject=instance_id, detail=wish.note, after=every)
    return booking, slots


def _planned(
    ctx: Context, holder: str, instance_id: str, wish: BookingRequest, *, now: int, booking_id: str
) -> Booking:
    """The booking as it would be. Raises Refused."""
    team, zone = ctx.roster().team_of(holder), ctx.zone(holder)
    begins = local(wish.from_at, ZoneInfo(zone))
    length = ctx.settings.claim_limits(team).length(wish.length)
    last_day = None
    if wish.weekly:
        if length > 6 * DAY_MS:
            raise Refused("A weekly booking lasts at most 6 days each time. Try `for 8h`.")
        last_day = begins.date() + timedelta(weeks=MOST_BOOKED_WEEKS - 1)
        last_day = min(last_day, wish.last_day or last_day)
    return Booking(
        id=booking_id or secrets.token_hex(16),
        instance_id=instance_id,
        holder=holder,
        choice=wish.choice,
        zone=zone,
        first_day=begins.date(),
        wall=begins.time(),
        length=length,
        made_at=now,
        last_day=last_day,
        team=team,
        note=wish.note,
    )


def _slot(ctx: Context, db: Database, listing: Listing, booking: Booking, from_at: int) -> BookingSlot:
    """Write one slot of a booking. Raises Refused, Clash."""
    gap = Gap(booking.holder, booking.choice, listing.instance.gpu_count, from_at, booking.length)
    holds = holds_of_machine(db, listing)
    if pick_free(gap, holds) is None:
        _refuse_own(listing, gap, holds)
    holds = sorted([*holds, *turns.promised_holds(ctx, db, listing, booking.holder)], key=lambda hold: hold.from_at)
    gpus = pick_free(gap, holds)
    if gpus is None:
        there = tuple(hold for hold in holds if hold.meets(gap.from_at, gap.until_at))
        raise BookingClash(f"{listing.instance.name} is taken then.", there, gap, next_free_start(gap, holds))
    return keep_slot(db, booking, gpus, from_at)


def _refuse_own(listing: Listing, gap: Gap, holds: Sequence[Hold]) -> None:
    """Whoever types a booking twice is not in their own way. Raises Own."""
    there = [hold for hold in holds if hold.meets(gap.from_at, gap.until_at)]
    if there and all(hold.holder == gap.holder for hold in there):
        first = there[0]
        same = first.booked and (first.from_at, first.until_at) == (gap.from_at, gap.until_at)
        raise OwnBooking(f"{listing.instance.name} is yours then already.", first, same=same)


def keep_slot(
    db: Database, booking: Booking, gpus: tuple[int, ...], from_at: int, *, taken: bool = False
) -> BookingSlot:
    """Keep these GPUs for one time of a booking, or note that others have them then."""
    slot = BookingSlot(
        id=secrets.token_hex(16),
        booking_id=booking.id,
        instance_id=booking.instance_id,
        holder=booking.holder,
        gpus=gpus,
        from_at=from_at,
        until_at=from_at + booking.length,
        state="missed" if taken else "booked",
        outcome="Others have it then." if taken else "",
        team=booking.team,
        note=booking.note,
        made_at=booking.made_at,
        weekly=booking.weekly,
    )
    stored_bookings.add_slot(db, slot)
    return slot


def upcoming_bookings(ctx: Context, *, instance_id: str = "", holder: str = "") -> list[BookingSlot]:
    """Bookings to come, the next first."""
    return stored_bookings.slots_ahead(ctx.store.reading(), instance_id=instance_id, holder=holder)


def find_slot(ctx: Context, slot_id: str) -> BookingSlot | None:
    """One time of a booking, past or to come."""
    return stored_bookings.slot_by_id(ctx.store.reading(), slot_id)


def holds_of_machine(db: Database, listing: Listing) -> list[Hold]:
    """What is kept of an instance, by claims and by bookings, the first to begin first."""
    kept: list[Claim | BookingSlot] = [
        *listing.claims,
        *stored_bookings.slots_ahead(db, instance_id=listing.instance.id),
    ]
    return sorted(map(hold_from, kept), key=lambda hold: (hold.from_at, hold.until_at))


def booked_gpus(db: Database, instance_id: str, until: int) -> set[int]:
    """The GPUs that are booked for a time which begins before then."""
    return {gpu for slot in _before(db, instance_id, until) for gpu in slot.gpus}


def check_clear_of_bookings(ctx: Context, db: Database, planned: Claim, name: str) -> None:
    """Whether a claim, as planned, keeps clear of bookings. Raises Booked."""
    for slot in _before(db, planned.instance_id, planned.until_at):
        if slot.holder == planned.holder or set(slot.gpus) & set(planned.gpus):
            minutes = max(0, slot.from_at - ctx.clock()) // 60_000
            short = f"{minutes // 60}h{minutes % 60}m" if minutes >= 60 else f"{minutes}m"
            if slot.holder == planned.holder:
                raise BookingInTheWay(
                    f"{name} becomes yours in {short}, as you booked it. Claim it for less than that.", slot
                )
            raise BookingInTheWay(
                f"{name} is booked by {parts.person(slot.holder)} and needed in {short}. Claim it for less.", slot
            )


def _before(db: Database, instance_id: str, until: int) -> Sequence[BookingSlot]:
    return [slot for slot in stored_bookings.slots_ahead(db, instance_id=instance_id) if slot.from_at < until]


def cancel_booking(ctx: Context, slot_id: str, person: str, *, series: bool = False) -> list[BookingSlot]:
    """Cancel a slot, or all that are to come of its booking; what was cancelled. Raises Refused."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        chosen = stored_bookings.slot_by_id(db, slot_id)
        if chosen is None:
            raise NotFound("That booking is not known here any more.")
        _check_cancel(ctx, db, chosen, person)
        slots = stored_bookings.slots_ahead(db, booking_id=chosen.booking_id) if series else [chosen]
        if series or not chosen.weekly:
            stored_bookings.end(db, chosen.booking_id, now, who=person)
        off = [
            slot
            for slot in slots
            if stored_bookings.move_slot(db, slot, "off", outcome=f"{parts.person(person)} cancelled it.")
        ]
        if not off:
            raise Refused(f"That booking is cancelled, over or has begun. {parts.gpu('bookings mine')} shows yours.")
        stored_audit.add(db, now, person, "cancelled a booking", subject=chosen.instance_id, detail=chosen.holder)
        if person != chosen.holder:
            tell_booker(db, off[0], now)
    ctx.wake()
    return off


def check_booking_cancel(ctx: Context, slot: BookingSlot, person: str) -> None:
    """Raises Refused when this person may not cancel it, or there is nothing left to cancel."""
    _check_cancel(ctx, ctx.store.reading(), slot, person)


def _check_cancel(ctx: Context, db: Database, slot: BookingSlot, person: str) -> None:
    listing = listings.by_id(db, slot.instance_id)
    roster = ctx.roster()
    if person != slot.holder and person not in roster.approvers(listing.team if listing else "") | roster.admins:
        raise Refused(f"That is {parts.person(slot.holder)}'s booking; only they or an approver can cancel it.")
    if slot.state != "booked":
        raise Refused(f"That booking is cancelled, over or has begun. {parts.gpu('bookings mine')} shows yours.")


def tell_booker(db: Database, slot: BookingSlot, now: int) -> None:
    """Tell the holder how their booking goes, as things stand when it is sent; later changes edit the message."""
    stored_outbox.tell(db, slot.holder, slot_message(slot), kind="slot", subject=slot.id, now=now)


def slot_message(slot: BookingSlot) -> str:
    """Of its message."""
    return f"slot:{slot.id}"


def booking_reach(ctx: Context, now: int) -> int:
    """The latest instant at which a booking may begin."""
    return now + ctx.settings.claims.book_days_ahead * DAY_MS


def check_booking_time(ctx: Context, from_at: int, now: int) -> None:
    """Whether a booking may begin then. Raises Refused."""
    if from_at <= now:
        raise Refused("That time is over already. Say one that is still to come.")
    if from_at > booking_reach(ctx, now):
        days = ctx.settings.claims.book_days_ahead
        raise Refused(f"You can book at most {days} days ahead. Ask again nearer the time.")


def check_booking_number(ctx: Context, db: Database, booking: Booking) -> None:
    """Whether this person may have one more. Raises Refused."""
    most = ctx.settings.claims.bookings_per_person
    if booking.last_day is not None and booking.last_day < booking.first_day:
        raise Refused("The last day is before the first time. Say a later one.")
    if stored_bookings.count_bookings(db, booking.holder) >= most:
        have = f"{most} booking{'' if most == 1 else 's'}, as many as there may be"
        raise Refused(f"You have {have}. {parts.gpu('bookings mine')} shows them, with buttons to cancel.")


def check_booking_use(ctx: Context, db: Database, slot: BookingSlot) -> None:
    """Whether a slot keeps to the limits of fair use, or only a warning follows. Raises OverLimit."""
    advice = "Book fewer GPUs, less time, or another one less."
    limits.refuse_over_limit(ctx, _as_claim(slot), _beyond_limits(ctx, db, slot), advice)


def booking_warnings(ctx: Context, slots: list[BookingSlot]) -> str:
    """What to tell somebody who booked beyond a limit, for the first time that is; empty where they keep to them."""
    db = ctx.store.reading()
    sentences = (limits.limit_warning(_beyond_limits(ctx, db, slot)) for slot in slots)
    return next((sentence for sentence in sentences if sentence), "")


def _beyond_limits(ctx: Context, db: Database, slot: BookingSlot) -> list[str]:
    rules, now = ctx.settings.fair_use(slot.team), ctx.clock()
    phrases: list[str] = []
    if rules.person.is_set:
        phrases += _beyond(rules.person, _kept(db, now, holder=slot.holder), slot, "you")
    if rules.team.is_set and slot.team:
        phrases += _beyond(rules.team, _kept(db, now, team=slot.team), slot, f"team {slot.team}")
    return phrases


def _kept(db: Database, now: int, **whose: str) -> list[Claim]:
    """What a person or a team has held within a week or holds, and has booked."""
    booked = (_as_claim(slot) for slot in stored_bookings.slots_ahead(db, **whose))
    return [*stored_claims.recent_claims(db, now - WEEK_MS, **whose), *booked]


def _beyond(allowance: Allowance, kept: list[Claim], slot: BookingSlot, whose: str) -> list[str]:
    """Of claims and GPUs those at the same time count, of hours the seven days up to the slot."""
    at_once = [claim for claim in kept if claim.from_at < slot.until_at and slot.from_at < claim.until_at]
    at_once = [replace(claim, from_at=slot.from_at) for claim in at_once if claim.ended_at is None]
    week = [claim for claim in kept if claim.from_at < slot.until_at]
    phrases = beyond_allowance(replace(allowance, gpu_hours_per_week=None), claim_use(at_once, slot.from_at), whose)
    only_hours = Allowance(gpu_hours_per_week=allowance.gpu_hours_per_week)
    return phrases + beyond_allowance(only_hours, claim_use(week, slot.from_at), whose)


def _as_claim(slot: BookingSlot) -> Claim:
    return Claim(
        id=slot.id,
        instance_id=slot.instance_id,
        holder=slot.holder,
        from_at=slot.from_at,
        until_at=slot.until_at,
        gpus=slot.gpus,
        team=slot.team,
        note=slot.note,
    )
