"""Booking, cancelling, and saying that one came."""

from bot.domain.sharing.bookings import Slot, Wish
from bot.errors import Refused
from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import booking, slots
from handlers import ids
from handlers.actions.pressing import Press, listed, number
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import booking as blocks
from handlers.commands import booking as commands
from handlers.commands import claims
from handlers.commands.moments import Moment
from handlers.commands.parse import gpu_choice
from handlers.commands.spans import Span
from handlers.commands.verbs import Ask


def book_at(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Book from Wed 02:00, for 6 h]: the value is the instance, the beginning, the length and the GPUs."""
    instance_id, from_at, length, choice = _parts(value, 4)
    wanted = Wish(_number(from_at), _number(length), gpu_choice(choice))
    return commands.put(Ask(desk, user, channel, []), listed(desk, instance_id), wanted)


def claim_until(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim until 20:00]: the value is the instance, the end and the GPUs."""
    instance_id, until, choice = _parts(value, 3)
    ask, span = Ask(desk, user, channel, []), Span(until=Moment(_number(until)))
    return claims.take(ask, listed(desk, instance_id), choice=gpu_choice(choice) if choice else None, span=span)


def cancel(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Cancel booking]: of a weekly one, it is asked how much of it."""
    return commands.drop(Ask(desk, user, channel, []), _slot(desk, value))


def cancel_one(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Cancel only this one]"""
    return commands.drop(Ask(desk, user, channel, []), _slot(desk, value), one=True)


def cancel_all(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Cancel all of them]"""
    return commands.drop(Ask(desk, user, channel, []), _slot(desk, value), series=True)


def im_here(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[I'm here]: the booking is not given up any more."""
    slots.confirm(desk, value, user)
    slot = _slot(desk, value)
    name, minutes = looking.name_of(desk, slot.instance_id), desk.settings.claims.no_show_minutes
    shown = blocks.progress(slot, looking.listing(desk, slot.instance_id), name, no_show_minutes=minutes)
    return Reply(shown.text, shown.blocks, replace=True)


def show(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Bookings of X]"""
    return commands.of_one(Ask(desk, user, channel, []), listed(desk, value))


def _slot(desk: Desk, slot_id: str) -> Slot:
    found = booking.slot(desk, slot_id)
    if found is None:
        raise Refused("That booking is not known here any more. `/gpu bookings mine` shows yours.")
    return found


def _parts(value: str, count: int) -> list[str]:
    parts = value.split("|")
    if len(parts) != count:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    return parts


def _number(text: str) -> int:
    found = number(text)
    if found is None:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    return found


PRESSES: dict[str, Press] = {
    ids.BOOK_AT: book_at,
    ids.CLAIM_UNTIL: claim_until,
    ids.CANCEL_BOOKING: cancel,
    ids.CANCEL_ONE: cancel_one,
    ids.CANCEL_ALL: cancel_all,
    ids.IM_HERE: im_here,
    ids.BOOKINGS: show,
}
