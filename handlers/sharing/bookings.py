"""/gpu book, bookings and unbook."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain import parts
from bot.domain.days import local
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingRequest, BookingSlot
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import names, queries
from bot.services.context import Context
from bot.services.sharing import booking_slots, grants, limits
from bot.services.sharing import bookings as bookings_service
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.buttons import BOOKINGS_BUTTON
from handlers.blocks.parts import Block, Filled, Reply, filled, undone
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.blocks.sharing import grants as grants_blocks
from handlers.blocks.sharing.bookings import (
    BOOK_AT_BUTTON,
    CANCEL_ALL_BUTTON,
    CANCEL_BOOKING_BUTTON,
    CANCEL_ONE_BUTTON,
    IM_HERE_BUTTON,
)
from handlers.controller import Draw, Press, listed, value_parts, whole
from handlers.parsing.bookings import read_booking
from handlers.parsing.moments import Moment
from handlers.parsing.text import gpu_choice
from handlers.verbs import Ask, BadField, Form, Verb, named, no_more


def gpu_book(ask: Ask) -> Reply:
    """Book an instance, or some of its GPUs, for later."""
    listing, rest = named(ask, "book")
    wanted, remark = read_booking(rest, ask.asker())
    return book_or_explain(ask, listing, wanted, remark=remark)


def book_or_explain(ask: Ask, listing: Listing, wanted: BookingRequest, *, remark: str = "") -> Reply:
    """Book this one; when others have it then, say who and when it could be instead."""
    try:
        booking, slots = bookings_service.book_gpus(ask.ctx, listing.instance.id, ask.user, wanted)
    except bookings_service.OwnBooking as own:
        return undone(bookings_blocks.booking_is_own(listing, own.hold, same=own.same))
    except bookings_service.BookingClash as clash:
        zone = ask.ctx.zone(ask.user)
        return undone(bookings_blocks.booking_clash(listing, clash.wanted, clash.holds, clash.free_at, zone))
    except limits.OverLimit as over:
        if not over.may_ask:
            raise
        return undone(grants_blocks.grant_offer(grants.draft_booking(ask.ctx, over, wanted), str(over)))
    remark = " ".join(part for part in (remark, bookings_service.booking_warnings(ask.ctx, slots)) if part)
    minutes = ask.ctx.settings.claims.no_show_minutes
    return bookings_blocks.booking_made(listing, booking, slots, no_show_minutes=minutes, remark=remark)


def booking_in_the_way(ask: Ask, listing: Listing, slot: BookingSlot, choice: GpuChoice | None = None) -> Reply:
    """A claim would run into this booking: what could be had until then."""
    ctx = ask.ctx
    shortest = ctx.settings.claim_limits(ctx.roster().team_of(ask.user)).shortest
    wanted = bookings_blocks.ClaimAttempt(ask.user, choice, ctx.zone(ask.user))
    return bookings_blocks.booking_met(listing, slot, wanted, now=ctx.clock(), shortest=shortest)


def gpu_bookings(ask: Ask) -> Reply:
    """What is booked: one's own, of an instance, or everything."""
    if ask.words and ask.words[0].lower() == "mine":
        return list_bookings(ask, bookings_service.upcoming_bookings(ask.ctx, holder=ask.user), "of yours")
    if ask.words:
        listing, rest = named(ask, "bookings", has_note=False)
        no_more(rest, f"bookings {listing.instance.name}")
        return bookings_of_machine(ask, listing)
    return list_bookings(ask, bookings_service.upcoming_bookings(ask.ctx), "to come")


def bookings_of_machine(ask: Ask, listing: Listing) -> Reply:
    """What is booked of this one."""
    return list_bookings(
        ask, bookings_service.upcoming_bookings(ask.ctx, instance_id=listing.instance.id), f"of {listing.instance.name}"
    )


def list_bookings(ask: Ask, slots: list[BookingSlot], of: str, *, decides: bool = False) -> Reply:
    """These bookings; whoever decides for the machine may cancel all of them."""
    listings_by_id = {slot.instance_id: queries.listing(ask.ctx, slot.instance_id) for slot in slots}
    return bookings_blocks.booking_list(
        slots, {key: listing for key, listing in listings_by_id.items() if listing}, ask.user, of=of, decides=decides
    )


def gpu_unbook(ask: Ask) -> Reply:
    """Cancel a booking: the only one there is, else by buttons; without a name, among one's own."""
    if not ask.words:
        return list_bookings(ask, bookings_service.upcoming_bookings(ask.ctx, holder=ask.user), "of yours")
    listing, rest = named(ask, "unbook", has_note=False)
    there = bookings_service.upcoming_bookings(ask.ctx, instance_id=listing.instance.id)
    if not there:
        raise Refused(f"Nobody has booked {listing.instance.name}, so there is nothing to cancel.")
    mine = [slot for slot in there if slot.holder == ask.user]
    if not mine:
        return _of_others(ask, listing, there)
    if rest:
        begin, more = ask.asker().moment(rest)
        no_more(more, f"unbook {listing.instance.name} {' '.join(rest[: len(rest) - len(more)])}")
        mine = [slot for slot in mine if slot.from_at == begin.at]
        if not mine:
            raise Refused(
                f"You have no booking of {listing.instance.name} that begins then. {parts.gpu('bookings mine')} lists."
            )
    if len({slot.booking_id for slot in mine}) == 1:
        return cancel_or_ask(ask, mine[0], one=bool(rest))
    return list_bookings(ask, mine, f"of {listing.instance.name}")


def _of_others(ask: Ask, listing: Listing, there: list[BookingSlot]) -> Reply:
    roster, name = ask.ctx.roster(), listing.instance.name
    if ask.user not in roster.approvers(listing.team) | roster.admins:
        raise Refused(f"You have no booking of {name}. {parts.gpu('bookings', name)} shows whose it is.")
    return list_bookings(ask, there, f"of {name}", decides=True)


def cancel_or_ask(ask: Ask, slot: BookingSlot, *, one: bool = False, series: bool = False) -> Reply:
    """Cancel this one; of a weekly booking, ask how much of it."""
    name = queries.name_of(ask.ctx, slot.instance_id)
    if slot.weekly and not (one or series):
        bookings_service.check_booking_cancel(ask.ctx, slot, ask.user)
        return bookings_blocks.which_bookings(slot, name)
    off = bookings_service.cancel_booking(ask.ctx, slot.id, ask.user, series=series)
    return bookings_blocks.booking_cancelled(off, name, ask.user, series=series)


DAY, TIME, WEEKLY = "day", "time", "weekly"
HOURS = (1, 2, 4, 6, 8, 12, 24)
EVENING = "20:00"


def book_given(ask: Ask) -> Filled | None:
    """What "book train-7" says without a time; None where one is said, or anything else."""
    machine = names.whole_name(ask.ctx, ask.words) if ask.words else None
    if ask.words and (machine is None or machine.count < len(ask.words) or len(machine.listings) > 1):
        return None
    return filled(machine=machine.listings[0].instance.id if machine else "")


def draw_book_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, which GPUs, from when, for how long, once or every week."""
    listing = fields.shown_machine(ask, given)
    there = local(ask.ctx.clock(), ZoneInfo(ask.ctx.zone(ask.user)))
    usual = ask.usual_length()
    first = there if f"{there:%H:%M}" < EVENING else there + timedelta(days=1)
    day = given.one(DAY) or f"{first:%Y-%m-%d}"
    often = [form_blocks.option("Once", "once"), form_blocks.option("Every week", "weekly")]
    return [
        fields.machine_field(ask, given),
        *fields.gpu_fields(listing, given),
        form_blocks.picker_field(DAY, "Day", "datepicker", value=day),
        form_blocks.picker_field(TIME, "From", "timepicker", value=given.one(TIME) or EVENING),
        fields.plain_length_field(given, usual=usual, hours=HOURS),
        form_blocks.choice_field(WEEKLY, "How often", often, chosen=given.one(WEEKLY) or "once"),
        fields.note_field(given),
    ]


def submit_book_form(ask: Ask, given: Filled) -> Reply:
    """As `book train-7 gpus:2 tue 20:00 for 6h note` does; what is in the way is shown below its time."""
    listing, length = fields.chosen_machine(ask, given), fields.chosen_span(ask, given).length
    begin = _chosen_begin(ask, given)
    choice, note = fields.chosen_gpus(given) or GpuChoice(), fields.chosen_note(given)
    wanted = BookingRequest(begin.at, length, choice, given.one(WEEKLY) == "weekly", None, note)
    return book_or_explain(ask, listing, wanted, remark=begin.remark)


def _chosen_begin(ask: Ask, given: Filled) -> Moment:
    """When a booking is to begin. Raises BadField for what is not chosen, or over, which nobody has typed."""
    day, hour = given.one(DAY), given.one(TIME)
    if not day:
        raise BadField(DAY, "Choose a day.")
    if not hour:
        raise BadField(TIME, "Choose a time.")
    there = local(ask.ctx.clock(), ZoneInfo(ask.ctx.zone(ask.user)))
    if day < f"{there:%Y-%m-%d}":
        raise BadField(DAY, "That day is over. Choose a later one.")
    if day > f"{there + timedelta(days=366):%Y-%m-%d}":
        raise BadField(DAY, "That day is too far ahead. Choose an earlier one.")
    if (day, hour) <= (f"{there:%Y-%m-%d}", f"{there:%H:%M}"):
        raise BadField(TIME, "That time is over. Choose a later one.")
    return ask.asker().moment([day, hour])[0]


BOOK_FORM = Form(
    name="book",
    title="Book a machine",
    send="Book",
    question="Which machine do you want to book, and from when?",
    draw=draw_book_form,
    submit=submit_book_form,
    subject=TIME,
    given=book_given,
    menus={fields.MACHINE: fields.machine_search()},
)
FORMS = (BOOK_FORM,)

VERBS = (
    Verb(
        "book",
        "book <instance> [gpus:2] [every] tue 20:00 [for 6h] [note]",
        "Claim it from then on, once or every week.",
        gpu_book,
        form=BOOK_FORM,
    ),
    Verb("bookings", "bookings [<instance>|mine]", "What is booked, with buttons to cancel.", gpu_bookings),
    Verb("unbook", "unbook <instance> [tue 20:00]", "Cancel your booking.", gpu_unbook),
)


def press_book_at(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Book from Wed 02:00, for 6 h]: the value is the instance, the beginning, the length and the GPUs."""
    instance_id, from_at, length, choice = value_parts(value, 4)
    wanted = BookingRequest(whole(from_at), whole(length), gpu_choice(choice))
    return book_or_explain(Ask(ctx, user, channel, []), listed(ctx, instance_id), wanted)


def press_cancel_booking(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Cancel booking]: of a weekly one, it is asked how much of it."""
    return cancel_or_ask(Ask(ctx, user, channel, []), _slot(ctx, value))


def press_cancel_one(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Cancel only this one]"""
    return cancel_or_ask(Ask(ctx, user, channel, []), _slot(ctx, value), one=True)


def press_cancel_all(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Cancel all of them]"""
    return cancel_or_ask(Ask(ctx, user, channel, []), _slot(ctx, value), series=True)


def press_im_here(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[I'm here]: the booking is not given up any more."""
    booking_slots.confirm_booking(ctx, value, user)
    slot = _slot(ctx, value)
    name, minutes = queries.name_of(ctx, slot.instance_id), ctx.settings.claims.no_show_minutes
    shown = bookings_blocks.slot_progress(slot, queries.listing(ctx, slot.instance_id), name, no_show_minutes=minutes)
    return Reply(shown.text, shown.blocks, replace=True)


def press_bookings(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Bookings of X]"""
    return bookings_of_machine(Ask(ctx, user, channel, []), listed(ctx, value))


def _slot(ctx: Context, slot_id: str) -> BookingSlot:
    slot = bookings_service.find_slot(ctx, slot_id)
    if slot is None:
        raise Refused(f"That booking is not known here any more. {parts.gpu('bookings mine')} shows yours.")
    return slot


BUTTONS: dict[str, Press] = {
    BOOK_AT_BUTTON: press_book_at,
    CANCEL_BOOKING_BUTTON: press_cancel_booking,
    CANCEL_ONE_BUTTON: press_cancel_one,
    CANCEL_ALL_BUTTON: press_cancel_all,
    IM_HERE_BUTTON: press_im_here,
    BOOKINGS_BUTTON: press_bookings,
}


def draw_slot(ctx: Context, slot_id: str) -> Reply | None:
    """How a booking goes, for its holder."""
    slot = bookings_service.find_slot(ctx, slot_id)
    if slot is None:
        return None
    listing, name = queries.listing(ctx, slot.instance_id), queries.name_of(ctx, slot.instance_id)
    return bookings_blocks.slot_progress(slot, listing, name, no_show_minutes=ctx.settings.claims.no_show_minutes)


def draw_slot_soon(ctx: Context, slot_id: str) -> Reply | None:
    """A booking begins soon and its machine does not run or lacks GPUs; nothing to say when all is well by now."""
    slot = bookings_service.find_slot(ctx, slot_id)
    listing = queries.listing(ctx, slot.instance_id) if slot else None
    if slot is None or listing is None or slot.state != "booked":
        return None
    if listing.running and not listing.lacks(slot.gpus):
        return None
    return bookings_blocks.slot_begins_soon(slot, listing)


MESSAGES: dict[str, Draw] = {"slot": draw_slot, "slot_soon": draw_slot_soon}
