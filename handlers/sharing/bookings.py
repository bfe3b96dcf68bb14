"""/gpu book, bookings and unbook."""

import re
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain import parts
from bot.domain.clock import MINUTE_MS
from bot.domain.days import days_after, local
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingRequest, BookingSlot
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import booking_slots, grants, limits
from bot.services.sharing import bookings as bookings_service
from handlers.blocks.buttons import BOOKINGS_BUTTON
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.blocks.sharing import grants as grants_blocks
from handlers.blocks.sharing.bookings import (
    BOOK_AT_BUTTON,
    CANCEL_ALL_BUTTON,
    CANCEL_BOOKING_BUTTON,
    CANCEL_ONE_BUTTON,
    IM_HERE_BUTTON,
)
from handlers.controller import Draw, Press, listed, value_parts
from handlers.controller import whole as whole_of_controller
from handlers.parsing.dates import weekday
from handlers.parsing.ends import named_bounds, split_times
from handlers.parsing.lasting import Asker
from handlers.parsing.lengths import is_length, read_lengths
from handlers.parsing.moments import read_clock
from handlers.parsing.spans import chosen_gpus, claim_words
from handlers.parsing.text import gpu_choice, readable
from handlers.parsing.unclear import Unclear, word_choice
from handlers.verbs import Ask, Verb, named, no_more


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
        return bookings_blocks.booking_is_own(listing, own.hold, same=own.same)
    except bookings_service.BookingClash as clash:
        return bookings_blocks.booking_clash(listing, clash.wanted, clash.holds, clash.free_at, ask.ctx.zone(ask.user))
    except limits.OverLimit as over:
        if not over.may_ask:
            raise
        return grants_blocks.grant_offer(grants.draft_booking(ask.ctx, over, wanted), str(over))
    remark = " ".join(part for part in (remark, bookings_service.booking_warnings(ask.ctx, slots)) if part)
    minutes = ask.ctx.settings.claims.no_show_minutes
    return bookings_blocks.booking_made(listing, booking, slots, no_show_minutes=minutes, remark=remark)


def read_booking(rest: list[str], asker: Asker) -> tuple[BookingRequest, str]:
    """The parts of "[gpus:2] [every] tue 20:00 [for 6h|until 23:00] [until 20 dec] [note...]", and a remark on them.

    Raises Refused.
    """
    choice, rest = chosen_gpus(split_times(rest))
    rest, weekly = _weekly(rest)
    rest = rest[1:] if rest and rest[0].lower() in {"on", "from"} else rest
    if weekly and (not rest or weekday(rest[0]) is None):
        raise Refused("Bookings come back weekly. Try `every tue 20:00 for 6h`.")
    ahead, rest = _length_ahead(rest)
    rest = _whole(rest, asker)
    begin, rest = asker.moment(rest)
    rest = ahead + rest
    last_day, rest = _last_day(rest, asker) if weekly else (None, rest)
    words = claim_words(rest, replace(asker, start=begin.at), choice=choice)
    lasts = words.span
    length = lasts.length if lasts.end is None else lasts.end - begin.at
    note = readable(words.note)
    return BookingRequest(begin.at, length, words.choice or GpuChoice(), weekly, last_day, note), begin.remark


def _weekly(rest: list[str]) -> tuple[list[str], bool]:
    """The words without "every" before the day, or "weekly" behind all, and whether that was there. Raises Refused."""
    words = [word.lower() for word in rest]
    if words and words[0] in {"every", "each", "weekly"}:
        return rest[1:], True
    if words[-1:] == ["weekly"]:
        return rest[:-1], True
    if words[-2:] in (["every", "week"], ["each", "week"]):
        return rest[:-2], True
    if words[-2:-1] in (["every"], ["each"]) and (words[-1] == "day" or weekday(words[-1]) is not None):
        raise Refused("Bookings come back weekly. Say so before the day: `every tue 20:00 for 6h`.")
    return rest, False


def _length_ahead(rest: list[str]) -> tuple[list[str], list[str]]:
    """ "for 6h" before the beginning, and the words without it."""
    length_words = rest[1:] if rest and rest[0].lower() == "for" else rest
    if not is_length(length_words, spelled=length_words != rest) or read_clock(length_words) is not None:
        return [], rest
    length, after = read_lengths(length_words)
    return (["for", f"{length // MINUTE_MS}m"], after) if after else ([], rest)


def _whole(rest: list[str], asker: Asker) -> list[str]:
    """With "overnight" and "the weekend" from their beginning to their end, where nothing else begins it."""
    beginning = " ".join(word.lower() for word in rest[:4])
    match = _NIGHT_OR_WEEKEND.match(beginning)
    if match is None:
        return rest
    there, after = local(asker.now, ZoneInfo(asker.zone())), rest[len(match[0].split()) :]
    is_weekend = "week" in match[0]
    begins, ends = (
        f"{days_after(there.date(), days):%Y-%m-%d} {at:%H:%M}"
        for days, at in named_bounds("weekend" if is_weekend else "overnight", there)
    )
    if begins <= f"{there:%Y-%m-%d %H:%M}":
        raise _has_begun(rest[: len(match[0].split())], there, ends, days=7 if is_weekend else 1)
    says_how_long = any(is_length(after[at + 1 :]) for at, word in enumerate(after) if word == "for")
    return [*begins.split(), *([] if says_how_long else ["until", *ends.split()]), *after]


def _has_begun(words: list[str], there: datetime, ends: str, *, days: int) -> Unclear:
    """A booking begins later; what has begun can be claimed."""
    begins, next_ends = named_bounds("weekend" if days > 1 else "overnight", there)
    ahead = [f"{days_after(there.date(), at[0] + days):%Y-%m-%d} {at[1]:%H:%M}" for at in (begins, next_ends)]
    now = word_choice(f"until {ends}", f"Claim from now until {ends}", verb="claim")
    later = word_choice(f"{ahead[0]} until {ahead[1]}", f"Book {ahead[0]} to {ahead[1]}")
    return Unclear(f'"{" ".join(words)[:40]}" has begun already. Which is meant?', words, [now, later])


_NIGHT_OR_WEEKEND = re.compile(
    r"(?:for |over )?(?:overnight|over night|(?:(?:the|this) )?(?:weekend|week-end)"
    r"|tonight(?! (?:at|for|until|till|to|from|overnight|\d)))(?= |$)"
)


def _last_day(rest: list[str], asker: Asker) -> tuple[date | None, list[str]]:
    """The day in "until 20 dec", which has no time of day, and the words without it. Raises Refused."""
    for at, word in enumerate(rest):
        if word.lower() in {"until", "till"} and read_clock(rest[at + 1 :]) is None:
            day, after = asker.day(rest[at + 1 :])
            if not after or read_clock(after) is None:
                return day, rest[:at] + after
    return None, rest


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
    """Cancel a booking: the only one there is, else by buttons."""
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


VERBS = (
    Verb(
        "book",
        "book <instance> [gpus:2] [every] tue 20:00 [for 6h] [note]",
        "Claim it from then on, once or every week.",
        gpu_book,
    ),
    Verb("bookings", "bookings [<instance>|mine]", "What is booked, with buttons to cancel.", gpu_bookings),
    Verb("unbook", "unbook <instance> [tue 20:00]", "Cancel your booking.", gpu_unbook),
)


def press_book_at(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Book from Wed 02:00, for 6 h]: the value is the instance, the beginning, the length and the GPUs."""
    instance_id, from_at, length, choice = value_parts(value, 4)
    wanted = BookingRequest(whole_of_controller(from_at), whole_of_controller(length), gpu_choice(choice))
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
    """A booking begins soon and its machine is not running; nothing to say when it runs by now."""
    slot = bookings_service.find_slot(ctx, slot_id)
    listing = queries.listing(ctx, slot.instance_id) if slot else None
    if slot is None or listing is None or listing.running or slot.state != "booked":
        return None
    return bookings_blocks.slot_begins_soon(slot, listing)


MESSAGES: dict[str, Draw] = {"slot": draw_slot, "slot_soon": draw_slot_soon}
