"""/gpu book, bookings and unbook."""

import re
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.clock import MINUTE_MS
from bot.domain.days import days_after, local
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import Slot, Wish
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import booking_slots, grants, limits
from bot.services.sharing import bookings as bookings_service
from handlers import ids
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.blocks.sharing import grants as grants_blocks
from handlers.controller import Draw, Press, fields, listed
from handlers.controller import whole as whole_of_controller
from handlers.parsing.dates import weekday
from handlers.parsing.ends import apart, whole
from handlers.parsing.lasting import Asker
from handlers.parsing.lengths import is_length, measured
from handlers.parsing.moments import clock
from handlers.parsing.spans import chosen, claim_words
from handlers.parsing.text import gpu_choice, readable
from handlers.parsing.unclear import Unclear, choice
from handlers.verbs import Ask, Verb, named, no_more


def book(ask: Ask) -> Reply:
    """Book an instance, or some of its GPUs, for later."""
    listing, rest = named(ask, "book")
    made, remark = wish(rest, ask.asker())
    return put(ask, listing, made, remark=remark)


def put(ask: Ask, listing: Listing, wanted: Wish, *, remark: str = "") -> Reply:
    """Book this one; when others have it then, say who and when it could be instead."""
    try:
        made, slots = bookings_service.book(ask.ctx, listing.instance.id, ask.user, wanted)
    except bookings_service.Own as own:
        return bookings_blocks.own(listing, own.hold, same=own.same)
    except bookings_service.Clash as found:
        return bookings_blocks.clash(listing, found.wanted, found.holds, found.free_at, ask.ctx.zone(ask.user))
    except limits.OverLimit as over:
        if not over.may_ask:
            raise
        return grants_blocks.offer(grants.draft_booking(ask.ctx, over, wanted), str(over))
    remark = " ".join(part for part in (remark, bookings_service.warnings(ask.ctx, slots)) if part)
    minutes = ask.ctx.settings.claims.no_show_minutes
    return bookings_blocks.booked(listing, made, slots, no_show_minutes=minutes, remark=remark)


def wish(rest: list[str], asker: Asker) -> tuple[Wish, str]:
    """The parts of "[gpus:2] [every] tue 20:00 [for 6h|until 23:00] [until 20 dec] [note...]", and a remark on them.

    Raises Refused.
    """
    choice, rest = chosen(apart(rest))
    rest, weekly = _weekly(rest)
    rest = rest[1:] if rest and rest[0].lower() in {"on", "from"} else rest
    if weekly and (not rest or weekday(rest[0]) is None):
        raise Refused("Bookings come back weekly. Try `every tue 20:00 for 6h`.")
    ahead, rest = _length_ahead(rest)
    rest = _whole(rest, asker)
    begin, rest = asker.moment(rest)
    rest = ahead + rest
    last_day, rest = _last_day(rest, asker) if weekly else (None, rest)
    asked = claim_words(rest, replace(asker, start=begin.at), choice=choice)
    lasts = asked.span
    length = lasts.length if lasts.end is None else lasts.end - begin.at
    note = readable(asked.note)
    return Wish(begin.at, length, asked.choice or GpuChoice(), weekly, last_day, note), begin.remark


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
    said = rest[1:] if rest and rest[0].lower() == "for" else rest
    if not is_length(said, spelled=said != rest) or clock(said) is not None:
        return [], rest
    length, after = measured(said)
    return (["for", f"{length // MINUTE_MS}m"], after) if after else ([], rest)


def _whole(rest: list[str], asker: Asker) -> list[str]:
    """With "overnight" and "the weekend" from their beginning to their end, where nothing else begins it."""
    said = " ".join(word.lower() for word in rest[:4])
    found = _NIGHT_OR_WEEKEND.match(said)
    if found is None:
        return rest
    there, after = local(asker.now, ZoneInfo(asker.zone())), rest[len(found[0].split()) :]
    is_weekend = "week" in found[0]
    begins, ends = (
        f"{days_after(there.date(), days):%Y-%m-%d} {at:%H:%M}"
        for days, at in whole("weekend" if is_weekend else "overnight", there)
    )
    if begins <= f"{there:%Y-%m-%d %H:%M}":
        raise _has_begun(rest[: len(found[0].split())], there, ends, days=7 if is_weekend else 1)
    says_how_long = any(is_length(after[at + 1 :]) for at, word in enumerate(after) if word == "for")
    return [*begins.split(), *([] if says_how_long else ["until", *ends.split()]), *after]


def _has_begun(said: list[str], there: datetime, ends: str, *, days: int) -> Unclear:
    """A booking begins later; what has begun can be claimed."""
    begins, next_ends = whole("weekend" if days > 1 else "overnight", there)
    ahead = [f"{days_after(there.date(), at[0] + days):%Y-%m-%d} {at[1]:%H:%M}" for at in (begins, next_ends)]
    now = choice(f"until {ends}", f"Claim from now until {ends}", verb="claim")
    later = choice(f"{ahead[0]} until {ahead[1]}", f"Book {ahead[0]} to {ahead[1]}")
    return Unclear(f'"{" ".join(said)[:40]}" has begun already. Which is meant?', said, [now, later])


_NIGHT_OR_WEEKEND = re.compile(
    r"(?:for |over )?(?:overnight|over night|(?:(?:the|this) )?(?:weekend|week-end)"
    r"|tonight(?! (?:at|for|until|till|to|from|overnight|\d)))(?= |$)"
)


def _last_day(rest: list[str], asker: Asker) -> tuple[date | None, list[str]]:
    """The day in "until 20 dec", which has no time of day, and the words without it. Raises Refused."""
    for at, word in enumerate(rest):
        if word.lower() in {"until", "till"} and clock(rest[at + 1 :]) is None:
            found, after = asker.day(rest[at + 1 :])
            if not after or clock(after) is None:
                return found, rest[:at] + after
    return None, rest


def in_the_way(ask: Ask, listing: Listing, slot: Slot, choice: GpuChoice | None = None) -> Reply:
    """A claim would run into this booking: what could be had until then."""
    ctx = ask.ctx
    shortest = ctx.settings.claim_limits(ctx.roster().team_of(ask.user)).shortest
    wanted = bookings_blocks.Wanted(ask.user, choice, ctx.zone(ask.user))
    return bookings_blocks.in_the_way(listing, slot, wanted, now=ctx.clock(), shortest=shortest)


def bookings(ask: Ask) -> Reply:
    """What is booked: one's own, of an instance, or everything."""
    if ask.words and ask.words[0].lower() == "mine":
        return show(ask, bookings_service.upcoming(ask.ctx, holder=ask.user), "of yours")
    if ask.words:
        listing, rest = named(ask, "bookings", has_note=False)
        no_more(rest, f"bookings {listing.instance.name}")
        return of_one(ask, listing)
    return show(ask, bookings_service.upcoming(ask.ctx), "to come")


def of_one(ask: Ask, listing: Listing) -> Reply:
    """What is booked of this one."""
    return show(ask, bookings_service.upcoming(ask.ctx, instance_id=listing.instance.id), f"of {listing.instance.name}")


def show(ask: Ask, slots: list[Slot], of: str, *, decides: bool = False) -> Reply:
    """These bookings; whoever decides for the machine may cancel all of them."""
    found = {slot.instance_id: queries.listing(ask.ctx, slot.instance_id) for slot in slots}
    return bookings_blocks.listed(
        slots, {key: each for key, each in found.items() if each}, ask.user, of=of, decides=decides
    )


def unbook(ask: Ask) -> Reply:
    """Cancel a booking: the only one there is, else by buttons."""
    listing, rest = named(ask, "unbook", has_note=False)
    there = bookings_service.upcoming(ask.ctx, instance_id=listing.instance.id)
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
                f"You have no booking of {listing.instance.name} that begins then. `/gpu bookings mine` lists."
            )
    if len({slot.booking_id for slot in mine}) == 1:
        return drop(ask, mine[0], one=bool(rest))
    return show(ask, mine, f"of {listing.instance.name}")


def _of_others(ask: Ask, listing: Listing, there: list[Slot]) -> Reply:
    roster, name = ask.ctx.roster(), listing.instance.name
    if ask.user not in roster.approvers(listing.team) | roster.admins:
        raise Refused(f"You have no booking of {name}. `/gpu bookings {name}` shows whose it is.")
    return show(ask, there, f"of {name}", decides=True)


def drop(ask: Ask, slot: Slot, *, one: bool = False, series: bool = False) -> Reply:
    """Cancel this one; of a weekly booking, ask how much of it."""
    name = queries.name_of(ask.ctx, slot.instance_id)
    if slot.weekly and not (one or series):
        bookings_service.check_cancel(ask.ctx, slot, ask.user)
        return bookings_blocks.which(slot, name)
    off = bookings_service.cancel(ask.ctx, slot.id, ask.user, series=series)
    return bookings_blocks.cancelled(off, name, ask.user, series=series)


VERBS = (
    Verb(
        "book",
        "book <instance> [gpus:2] [every] tue 20:00 [for 6h] [note]",
        "Claim it from then on, once or every week.",
        book,
    ),
    Verb("bookings", "bookings [<instance>|mine]", "What is booked, with buttons to cancel.", bookings),
    Verb("unbook", "unbook <instance> [tue 20:00]", "Cancel your booking.", unbook),
)


def book_at(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Book from Wed 02:00, for 6 h]: the value is the instance, the beginning, the length and the GPUs."""
    instance_id, from_at, length, choice = fields(value, 4)
    wanted = Wish(whole_of_controller(from_at), whole_of_controller(length), gpu_choice(choice))
    return put(Ask(ctx, user, channel, []), listed(ctx, instance_id), wanted)


def cancel(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Cancel booking]: of a weekly one, it is asked how much of it."""
    return drop(Ask(ctx, user, channel, []), _slot(ctx, value))


def cancel_one(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Cancel only this one]"""
    return drop(Ask(ctx, user, channel, []), _slot(ctx, value), one=True)


def cancel_all(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Cancel all of them]"""
    return drop(Ask(ctx, user, channel, []), _slot(ctx, value), series=True)


def im_here(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[I'm here]: the booking is not given up any more."""
    booking_slots.confirm(ctx, value, user)
    slot = _slot(ctx, value)
    name, minutes = queries.name_of(ctx, slot.instance_id), ctx.settings.claims.no_show_minutes
    shown = bookings_blocks.progress(slot, queries.listing(ctx, slot.instance_id), name, no_show_minutes=minutes)
    return Reply(shown.text, shown.blocks, replace=True)


def on_show(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Bookings of X]"""
    return of_one(Ask(ctx, user, channel, []), listed(ctx, value))


def _slot(ctx: Context, slot_id: str) -> Slot:
    found = bookings_service.slot(ctx, slot_id)
    if found is None:
        raise Refused("That booking is not known here any more. `/gpu bookings mine` shows yours.")
    return found


BUTTONS: dict[str, Press] = {
    ids.BOOK_AT: book_at,
    ids.CANCEL_BOOKING: cancel,
    ids.CANCEL_ONE: cancel_one,
    ids.CANCEL_ALL: cancel_all,
    ids.IM_HERE: im_here,
    ids.BOOKINGS: on_show,
}


def slot(ctx: Context, slot_id: str) -> Reply | None:
    """How a booking goes, for its holder."""
    found = bookings_service.slot(ctx, slot_id)
    if found is None:
        return None
    listing, name = queries.listing(ctx, found.instance_id), queries.name_of(ctx, found.instance_id)
    return bookings_blocks.progress(found, listing, name, no_show_minutes=ctx.settings.claims.no_show_minutes)


def slot_soon(ctx: Context, slot_id: str) -> Reply | None:
    """A booking begins soon and its machine is not running; nothing to say when it runs by now."""
    found = bookings_service.slot(ctx, slot_id)
    listing = queries.listing(ctx, found.instance_id) if found else None
    if found is None or listing is None or listing.running or found.state != "booked":
        return None
    return bookings_blocks.soon(found, listing)


MESSAGES: dict[str, Draw] = {"slot": slot, "slot_soon": slot_soon}
