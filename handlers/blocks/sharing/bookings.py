"""Bookings as people see them: made, in the way, listed, begun, given up."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bot.domain.days import local
from bot.domain.machines.listing import Listing
from bot.domain.machines.states import in_words
from bot.domain.sharing.bookings import Booking, BookingSlot, Gap, Hold
from bot.domain.sharing.claims import GpuChoice
from handlers.blocks.acting.approvals import START_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON, RELEASE_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, confirm, context, lines, plainly, section
from handlers.blocks.sharing.calendar import CALENDAR_BUTTON
from handlers.blocks.sharing.claims import CLAIM_UNTIL_BUTTON
from handlers.blocks.words import day_at, ends, esc, gpu_command, gpus, length, near, person, plural, say, when

# Messages that stand in Slack carry these, so their text never changes.
BOOK_AT_BUTTON = "book_at"
CANCEL_BOOKING_BUTTON = "cancel_booking"
CANCEL_ONE_BUTTON = "cancel_one_time"
CANCEL_ALL_BUTTON = "cancel_all_times"
IM_HERE_BUTTON = "im_here"

MOST_BOOKINGS_LISTED = 10
MOST_BOOKINGS_BESIDE = 3


def _label(instant: int, zone: str) -> str:
    """An instant for a button, where no reader's zone applies: in the zone of who asked."""
    return f"{local(instant, ZoneInfo(zone)):%a %-d %b %H:%M}"


def _time(from_at: int, until_at: int) -> str:
    return f"{when(from_at)} to {near(until_at, from_at)}"


def _part(listing: Listing, some: tuple[int, ...]) -> str:
    """The instance, or some GPUs of it."""
    name = f"*{esc(listing.instance.name, 60)}*"
    return name if listing.is_all(some) else f"{gpus(some)} of {name}"


def _be(listing: Listing | None, some: tuple[int, ...]) -> str:
    """The verb after the instance, or after some GPUs of it."""
    return "are" if listing and len(some) > 1 and not listing.is_all(some) else "is"


def _note(note: str) -> str:
    return f" ({esc(note, 120)})" if note else ""


def booking_made(
    listing: Listing, booking: Booking, slots: list[BookingSlot], *, no_show_minutes: int, remark: str = ""
) -> Reply:
    """Somebody booked it; the others see it too."""
    first = slots[0]
    what = _part(listing, first.gpus)
    if booking.last_day is None:
        text = (
            f"{person(booking.holder)} booked {what} from {_time(first.from_at, first.until_at)}{_note(booking.note)}."
        )
    else:
        day, until = f"{booking.first_day:%A} at {booking.wall:%H:%M}", f"{booking.last_day:%-d %B %Y}"
        text = (
            f"{person(booking.holder)} booked {what} every {day} ({esc(booking.zone)}) for {length(booking.length)}, "
            f"until {until}{_note(booking.note)}. The first time is {_time(first.from_at, first.until_at)}."
        )
    small = [f"It goes to others if nobody works there or says so within {no_show_minutes} minutes."]
    if not listing.running:
        small.append(
            f"It is {in_words(listing.instance.state)} now. If it still is shortly before, its holder is told."
        )
    buttons = actions(
        button("Cancel booking", CANCEL_BOOKING_BUTTON, first.id),
        button(f"Calendar of {listing.instance.name}", CALENDAR_BUTTON, listing.instance.id),
    )
    small += [esc(remark)] if remark else []
    return Reply(text, [section(text), context(" ".join(small)), buttons], private=False)


def booking_clash(listing: Listing, wanted: Gap, holds: tuple[Hold, ...], free_at: int | None, zone: str) -> Reply:
    """It can't be booked for that time: who has it, and when it could begin."""
    name = esc(listing.instance.name, 60)
    first = f"*{name}* can't be booked from {_time(wanted.from_at, wanted.until_at)}:"
    text = lines([first, *(_hold(listing, hold) for hold in holds[:MOST_BOOKINGS_LISTED])])
    if free_at is None:
        return plainly(f"{text}\nNothing fits within a week after that either.", _calendar(listing))
    value = f"{listing.instance.id}|{free_at}|{wanted.length}|{gpu_choice_word(wanted.choice)}"
    label = f"Book from {_label(free_at, zone)}, for {length(wanted.length)}"
    return plainly(text, button(label, BOOK_AT_BUTTON, value), _calendar(listing))


def booking_is_own(listing: Listing, hold: Hold, *, same: bool) -> Reply:
    """It is theirs then already, most likely by the same words."""
    name = f"*{esc(listing.instance.name, 60)}*"
    if not hold.booked:
        return plainly(f"{name} is yours until {when(hold.until_at)} already. {gpu_command('extend')} keeps it longer.")
    booked = f"you booked it from {_time(hold.from_at, hold.until_at)}"
    if same:
        text = f"That is done already: {name} is yours then. Nothing was booked twice; {booked}."
    else:
        text = f"{name} is yours then already: {booked}. Cancel that first to book it otherwise."
    return plainly(text, button("Cancel booking", CANCEL_BOOKING_BUTTON, hold.id), _calendar(listing))


def _hold(listing: Listing, hold: Hold) -> str:
    some = "it" if listing.is_all(hold.gpus) else gpus(hold.gpus)
    if hold.waited:
        until = near(hold.until_at, hold.from_at)
        return f"{person(hold.holder)} waits for {some}: expected from {when(hold.from_at)} to {until}."
    if not hold.booked:
        return f"{person(hold.holder)} has {some} until {when(hold.until_at)}."
    return f"{person(hold.holder)} booked {some} from {_time(hold.from_at, hold.until_at)}."


def _calendar(listing: Listing) -> Block:
    return button(f"Calendar of {listing.instance.name}", CALENDAR_BUTTON, listing.instance.id)


def gpu_choice_word(choice: GpuChoice) -> str:
    """GPUs as a person would type them."""
    if choice.indexes:
        return f"gpu:{','.join(map(str, choice.indexes))}"
    return "gpus:all" if choice.count is None else f"gpus:{choice.count}"


@dataclass(frozen=True, slots=True)
class ClaimAttempt:
    """Who wants a claim, of which GPUs (None: as it is, or all), in which zone."""

    person: str
    choice: GpuChoice | None
    zone: str


def booking_met(listing: Listing, slot: BookingSlot, wanted: ClaimAttempt, *, now: int, shortest: int) -> Reply:
    """A claim would run into a booking: whose, from when, and what could be had until then."""
    who = "you" if slot.holder == wanted.person else person(slot.holder)
    what = f"{_part(listing, slot.gpus)} {_be(listing, slot.gpus)}"
    text = f"{what} booked by {who} from {_time(slot.from_at, slot.until_at)}{_note(slot.note)}."
    mine = listing.claim_of(wanted.person)
    if mine is not None and mine.until_at >= slot.from_at:
        return plainly(f"{text} Yours ends when that begins.", _calendar(listing))
    if slot.from_at - now < shortest:
        off = [button("Cancel booking", CANCEL_BOOKING_BUTTON, slot.id)] if slot.holder == wanted.person else []
        return plainly(f"{text} Until then there is no time for a claim.", *off, _calendar(listing))
    value = f"{listing.instance.id}|{slot.from_at}|{gpu_choice_word(wanted.choice) if wanted.choice else ''}"
    return plainly(
        text, button(f"Claim until {_label(slot.from_at, wanted.zone)}", CLAIM_UNTIL_BUTTON, value), _calendar(listing)
    )


def booking_list(
    slots: list[BookingSlot], names: dict[str, Listing], reader: str, *, of: str, decides: bool = False
) -> Reply:
    """Bookings to come, the next first; with a button to cancel where they are the reader's, or the reader decides."""
    of = esc(of)
    if not slots:
        return plainly(f"No bookings {of}. {gpu_command('book train-7 tomorrow 20:00 for 6h')} makes one.")
    first = f"{plural(len(slots), 'booking')} {of}{', the next first' if len(slots) > 1 else ''}."
    blocks = [section(f"*{first}*")]
    blocks += [
        booking_row(slot, names.get(slot.instance_id), may=decides or slot.holder == reader)
        for slot in slots[:MOST_BOOKINGS_LISTED]
    ]
    if len(slots) > MOST_BOOKINGS_LISTED:
        blocks.append(context(f"{len(slots) - MOST_BOOKINGS_LISTED} more. Name an instance to see only its own."))
    return Reply(first, blocks)


def booking_row(slot: BookingSlot, listing: Listing | None, *, may: bool) -> Block:
    """One booking, with a button to cancel it for who may."""
    what = _part(listing, slot.gpus) if listing else "a machine that is gone"
    weekly = ", weekly" if slot.weekly else ""
    text = f"{_time(slot.from_at, slot.until_at)}: {what}, {person(slot.holder)}{weekly}{_note(slot.note)}"
    return section(text, button("Cancel", f"{CANCEL_BOOKING_BUTTON}:{slot.id}", slot.id) if may else None)


def with_bookings(shown: Reply, slots: list[BookingSlot], listing: Listing) -> Reply:
    """What is said of one machine, with its next bookings above the buttons."""
    if not slots:
        return shown
    rows = [
        f"Booked {_time(slot.from_at, slot.until_at)}: {_whose(slot, listing)}" for slot in slots[:MOST_BOOKINGS_BESIDE]
    ]
    more = f"and {len(slots) - MOST_BOOKINGS_BESIDE} more" if len(slots) > MOST_BOOKINGS_BESIDE else ""
    *above, buttons = shown.blocks
    return replace(shown, blocks=[*above, context(lines([*rows, more])), buttons])


def _whose(slot: BookingSlot, listing: Listing) -> str:
    return person(slot.holder) + ("" if listing.is_all(slot.gpus) else f", {gpus(slot.gpus)}")


def which_bookings(slot: BookingSlot, name: str) -> Reply:
    """Asked before a weekly booking is cancelled: this time or all of them."""
    text = f"*{esc(name, 60)}* is booked by {person(slot.holder)} every week; the next time is {when(slot.from_at)}."
    sure = confirm("Cancel all of them?", "Every time that is still to come.", yes="Cancel them", no="Back")
    return plainly(
        text,
        button("Cancel only this one", CANCEL_ONE_BUTTON, slot.id),
        button("Cancel all of them", CANCEL_ALL_BUTTON, slot.id, style="danger", confirm=sure),
    )


def booking_cancelled(off: list[BookingSlot], name: str, who: str, *, series: bool) -> Reply:
    """It is free for others then."""
    slot = off[0]
    whose = "" if who == slot.holder else f" of {person(slot.holder)}"
    if series and slot.weekly:
        text = f"{person(who)} cancelled the weekly booking{whose} of *{esc(name, 60)}*."
    else:
        text = (
            f"{person(who)} cancelled the booking{whose} of *{esc(name, 60)}* on {_time(slot.from_at, slot.until_at)}."
        )
    return Reply(text, [section(text)], private=False)


def slot_progress(slot: BookingSlot, listing: Listing | None, name: str, *, no_show_minutes: int) -> Reply:
    """How a booking goes, for its holder: begun, waiting for its machine, given up, missed, cancelled."""
    what = _part(listing, slot.gpus) if listing else f"*{esc(name, 60)}*"
    if slot.state in {"claimed", "used"}:
        return _begun(slot, f"{what} {_be(listing, slot.gpus)}", name, no_show_minutes=no_show_minutes)
    if slot.state == "booked":
        state = in_words(listing.instance.state) if listing and not listing.running else "not to be had yet"
        if listing and listing.drain:
            state = f"being drained by {person(listing.drain.who)}"
        text = f"Your booking of {what} has begun, but it is {state}. It is yours as soon as it can be, until "
        return _with_start(f"{text}{ends(slot)}.", listing)
    if slot.state == "unused":
        text = f"Your booking of {what} was given up: nobody worked there or answered. Others can claim it now."
        return plainly(text, button(f"Claim {name} again", CLAIM_BUTTON, slot.instance_id))
    happened = "came to nothing" if slot.state == "missed" else "was cancelled"
    return plainly(f"Your booking of {what} on {_time(slot.from_at, slot.until_at)} {happened}. {say(slot.outcome)}")


def _begun(slot: BookingSlot, what: str, name: str, *, no_show_minutes: int) -> Reply:
    text = f"Your booking has begun: {what} yours until {ends(slot)}{_note(slot.note)}."
    release = button(f"Release {name}", RELEASE_BUTTON, slot.instance_id)
    if slot.state == "used":
        return plainly(text, release)
    text += f" If you don't start within {no_show_minutes} minutes, say that you are here, or it goes to others."
    return plainly(text, button("I'm here", IM_HERE_BUTTON, slot.id, style="primary"), release)


def slot_begins_soon(slot: BookingSlot, listing: Listing) -> Reply:
    """Told ahead to the holder: the machine is not running, or lacks some of the GPUs."""
    begin = f"Your booking of {_part(listing, slot.gpus)} begins {day_at(slot.from_at)}, but"
    if listing.running:
        lost = tuple(gpu for gpu in slot.gpus if gpu not in listing.gpus)
        name = esc(listing.instance.name, 60)
        return plainly(f"{begin} {name} does not have {gpus(lost)} any more.", _calendar(listing))
    return _with_start(f"{begin} it is {in_words(listing.instance.state)}.", listing)


def _with_start(text: str, listing: Listing | None) -> Reply:
    if listing is None or listing.instance.state != "stopped" or listing.instance.provider == "owned":
        return plainly(text)
    return plainly(text, button(f"Start {listing.instance.name}", START_BUTTON, listing.instance.id))
