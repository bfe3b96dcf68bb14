"""What bookings do when their time comes: become claims, wait for a machine, or are given up."""

import secrets

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import gone_since, is_gone
from bot.domain.machines.listing import Listing
from bot.domain.machines.states import in_words
from bot.domain.sharing.bookings import BOOKING_NOTICE_MS, BookingSlot, Gap, holder_came, pick_free
from bot.domain.sharing.claims import Claim
from bot.errors import Refused
from bot.services import digest
from bot.services.acting import approvals
from bot.services.context import Context
from bot.services.machines import verdict as verdict_service
from bot.services.sharing import bookings, claims, turns
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims


def run_booking_slots(ctx: Context) -> None:
    """Do all that is due. Safe to call at any time and after any crash: each step is a compare-and-set on its slot."""
    drop_orphaned_bookings(ctx)
    begin_bookings(ctx)
    warn_of_bookings(ctx)
    give_up_bookings(ctx)


def begin_bookings(ctx: Context) -> int:
    """Turn the bookings whose time has come into claims; how many became one."""
    begun = 0
    for slot in stored_bookings.slots_due(ctx.store.reading(), ctx.clock()):
        is_here = ctx.is_colleague(slot.holder)
        with ctx.store.writing() as db:
            begun += _begin(ctx, db, slot) if is_here else _departed(ctx, db, slot)
        ctx.wake()
    return begun


def _begin(ctx: Context, db: Database, slot: BookingSlot) -> bool:
    now, current = ctx.clock(), stored_bookings.slot_by_id(db, slot.id)
    if current is None or current.state != "booked":
        return False
    obstacle, listing = _obstacle(ctx, db, slot)
    if slot.until_at <= now:
        _miss(db, slot, obstacle or "Valet was not running in that time.", now)
        return False
    if obstacle or listing is None:
        if current.told_at is None or current.told_at < slot.from_at:
            stored_bookings.mark_slot_told(db, slot.id, now)
            bookings.tell_booker(db, slot, now)
        return False
    gpus = _free(ctx, db, slot, listing) or slot.gpus
    claim = Claim(
        id=secrets.token_hex(16),
        instance_id=slot.instance_id,
        holder=slot.holder,
        from_at=now,
        until_at=slot.until_at,
        gpus=gpus,
        team=slot.team,
        note=slot.note,
    )
    if any(offer.person != slot.holder and set(offer.gpus) & set(gpus) for offer in listing.offers):
        return False  # somebody from the line may still take them; that is known in minutes
    turns.leave_when_served(ctx, db, claim)
    if not stored_claims.add(db, claim):
        return False
    stored_bookings.move_slot(db, slot, "claimed", claim_id=claim.id, gpus=gpus)
    stored_audit.add(db, now, slot.holder, "began a booking", subject=slot.instance_id, detail=slot.note)
    digest.refresh_digest(ctx, db, slot.instance_id)
    bookings.tell_booker(db, slot, now)
    return True


def _departed(ctx: Context, db: Database, slot: BookingSlot) -> int:
    """Whoever booked it is in the workspace no more: nothing begins in their name, now or later."""
    why = f"{parts.person(slot.holder)} is no longer a member of this workspace."
    stored_bookings.end(db, slot.booking_id, ctx.clock(), who="valet")
    off = [
        later
        for later in stored_bookings.slots_ahead(db, booking_id=slot.booking_id)
        if stored_bookings.move_slot(db, later, "off", outcome=why)
    ]
    for later in off[:1]:
        stored_audit.add(
            db, ctx.clock(), "valet", "cancelled a booking", subject=later.instance_id, detail=later.holder, after=why
        )
    return 0


def _obstacle(ctx: Context, db: Database, slot: BookingSlot) -> tuple[str, Listing | None]:
    """Why a booking can't begin now, as a sentence; and the instance. Claims whose time is over make way for it."""
    listing = listings.by_id(db, slot.instance_id)
    if listing is None:
        gone = is_gone(stored_fleet.missed_at(db, slot.instance_id), ctx.clock())
        return "The machine is gone." if gone else "The machine was not to be seen.", None
    name = listing.instance.name
    if unfit := _unfit(listing, slot):
        return unfit, listing
    for claim in listing.claims:
        if claim.until_at <= ctx.clock() and (claim.holder == slot.holder or set(claim.gpus) & set(slot.gpus)):
            # whoever books the time after their own claim is told once, by the booking
            claims.end_claim(ctx, db, claim, "booked", who=slot.holder if claim.holder == slot.holder else "")
    listing = listings.by_id(db, slot.instance_id) or listing
    if listing.claim_of(slot.holder):
        return f"You still hold another part of {name}.", listing
    if _free(ctx, db, slot, listing) is None:
        return f"Others still hold {name}.", listing
    try:
        approvals.make_way(ctx, db, listing, slot.holder)
    except Refused as refused:
        return refused.sentence, listing
    return "", listing


def _unfit(listing: Listing, slot: BookingSlot) -> str:
    """Why nobody could have it just now; empty where they could."""
    instance = listing.instance
    if not listing.running or listing.drain is not None:
        return f"{instance.name} is {'being drained' if listing.drain else in_words(instance.state)}."
    if listing.lacks(slot.gpus):
        what = "" if instance.provider == "owned" else f" is a {instance.type} by now and"
        return f"{instance.name}{what} has fewer GPUs than were booked."
    return ""


def _free(ctx: Context, db: Database, slot: BookingSlot, listing: Listing) -> tuple[int, ...] | None:
    """The GPUs to hold: those that were kept for it, else as many others."""
    taken = {gpu for claim in listing.claims for gpu in claim.gpus}
    if not taken & set(slot.gpus):
        return slot.gpus
    booking = stored_bookings.by_id(db, slot.booking_id)
    if booking is None or booking.choice.indexes:
        return None
    others = [hold for hold in bookings.holds_of_machine(db, listing) if hold.id != slot.id]
    now = ctx.clock()
    return pick_free(Gap(slot.holder, booking.choice, listing.instance.gpu_count, now, slot.until_at - now), others)


def _miss(db: Database, slot: BookingSlot, why: str, now: int) -> None:
    if stored_bookings.move_slot(db, slot, "missed", outcome=why):
        stored_audit.add(db, now, "valet", "missed a booking", subject=slot.instance_id, detail=slot.holder, after=why)
        bookings.tell_booker(db, slot, now)


def warn_of_bookings(ctx: Context) -> None:
    """Tell those whose booking begins soon that the machine is not running, or lacks some of the GPUs."""
    now = ctx.clock()
    soon = [
        slot for slot in stored_bookings.slots_due(ctx.store.reading(), now + BOOKING_NOTICE_MS) if slot.told_at is None
    ]
    for slot in soon:
        listing = listings.by_id(ctx.store.reading(), slot.instance_id)
        if slot.from_at <= now or listing is None or (listing.running and not listing.lacks(slot.gpus)):
            continue
        with ctx.store.writing() as db:
            stored_bookings.mark_slot_told(db, slot.id, now)
            stored_outbox.tell(db, slot.holder, f"slot-soon:{slot.id}", kind="slot_soon", subject=slot.id, now=now)
        ctx.wake()


def drop_orphaned_bookings(ctx: Context) -> None:
    """Let go of bookings of machines that are gone, and tell their holders once each."""
    now = ctx.clock()
    told_bookings: set[str] = set()
    for slot in stored_bookings.orphaned_slots(ctx.store.reading(), gone_since(now)):
        with ctx.store.writing() as db:
            why = "The machine is gone."
            if slot.booking_id not in told_bookings:
                _miss(db, slot, why, now)
                stored_bookings.end(db, slot.booking_id, now, who="valet")
            else:
                stored_bookings.move_slot(db, slot, "missed", outcome=why)
            told_bookings.add(slot.booking_id)
        ctx.wake()


def give_up_bookings(ctx: Context) -> int:
    """End the claims of bookings that nobody came for; how many. Never while a GPU of one works or is unknown."""
    return sum(_looked_after(ctx, slot) for slot in stored_bookings.slots_watched(ctx.store.reading()))


def _looked_after(ctx: Context, slot: BookingSlot) -> bool:
    now = ctx.clock()
    with ctx.store.writing() as db:
        held = stored_claims.by_id(db, slot.claim_id)
        listing = listings.by_id(db, slot.instance_id)
        if held is None or held.ended_at is not None or held.until_at != slot.until_at:
            stored_bookings.move_slot(db, slot, "used")  # released or extended: somebody was there
            return False
        late = now - _heard_at(db, slot, held, now) >= ctx.settings.claims.no_show_minutes * MINUTE_MS
        seen = _came(ctx, db, held, listing)
        if seen is None or listing is None or not (seen or late):
            return False
        if seen:
            if stored_bookings.move_slot(db, slot, "used"):
                bookings.tell_booker(db, slot, now)
            return False
        if not stored_bookings.move_slot(db, slot, "unused"):
            return False
        claims.end_claim(ctx, db, held, "unused")
        bookings.tell_booker(db, slot, now)
    ctx.wake()
    return True


def _heard_at(db: Database, slot: BookingSlot, held: Claim, now: int) -> int:
    """Since when whoever booked it could say that they are there."""
    if stored_outbox.is_on_its_way(db, slot.holder, bookings.slot_message(slot)):
        return now
    return max(held.from_at, stored_outbox.posted_at(db, slot.holder, bookings.slot_message(slot)) or 0)


def _came(ctx: Context, db: Database, held: Claim, listing: Listing | None) -> bool | None:
    if listing is None or not listing.running:
        return None
    instance = listing.instance
    verdict = verdict_service.judge_now(ctx, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)
    seen = [gpu for gpu in verdict.gpus if gpu.gpu in held.gpus]
    return holder_came(seen, held.from_at) if len(seen) == len(held.gpus) else None


def confirm_booking(ctx: Context, slot_id: str, person: str) -> BookingSlot:
    """[I'm here]: it is not given up any more. Raises Refused."""
    with ctx.store.writing() as db:
        slot = stored_bookings.slot_by_id(db, slot_id)
        if slot is None or slot.holder != person:
            raise Refused("Only whoever booked it can say that.")
        if slot.state == "unused":
            raise Refused(
                f"Too late: nobody came, so it was given up. {parts.gpu('claim')} takes it again if it is free."
            )
        if slot.state == "claimed" and stored_bookings.move_slot(db, slot, "used"):
            stored_audit.add(db, ctx.clock(), person, "confirmed a booking", subject=slot.instance_id)
            bookings.tell_booker(db, slot, ctx.clock())
    ctx.wake()
    return slot


def extend_weekly_bookings(ctx: Context) -> None:
    """Keep the next times of weekly bookings as they come within reach; one that is taken is said."""
    now, known = ctx.clock(), ctx.store.reading()
    reach = bookings.booking_reach(ctx, now)
    for booking in stored_bookings.weekly_bookings(known):
        if not booking.starts(max(now, stored_bookings.last_slot_start(known, booking.id)), reach):
            continue
        with ctx.store.writing() as db:
            # looked at once more, as it may just have been cancelled or moved to another machine
            current = next((other for other in stored_bookings.weekly_bookings(db) if other.id == booking.id), None)
            listing = None if current is None else listings.by_id(db, current.instance_id)
            if current is None or listing is None:
                continue
            for start in current.starts(max(now, stored_bookings.last_slot_start(db, current.id)), reach):
                gap = Gap(current.holder, current.choice, listing.instance.gpu_count, start, current.length)
                gpus = _fitting(gap, db, listing)
                slot = bookings.keep_slot(db, current, gpus or listing.gpus, start, taken=gpus is None)
                if gpus is None:
                    bookings.tell_booker(db, slot, now)
        ctx.wake()


def _fitting(gap: Gap, db: Database, listing: Listing) -> tuple[int, ...] | None:
    try:
        return pick_free(gap, bookings.holds_of_machine(db, listing))
    except Refused:  # it has fewer GPUs than it had
        return None
