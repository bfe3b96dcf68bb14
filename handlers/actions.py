"""Buttons: what each press does. Who may is decided here and now, on the server, never by who sees the button."""

from collections.abc import Callable

from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services import acting, digesting, looking
from bot.services.desk import Desk, find
from handlers import ids
from handlers.blocks import digest
from handlers.blocks.parts import Reply
from handlers.commands import gpu
from handlers.commands.verbs import Ask

Press = Callable[[Desk, str, str, str], Reply | None]
"""Takes the desk, who pressed, in which channel, and the button's value."""


def claim(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim]: for the usual length."""
    return gpu.take(Ask(desk, user, channel, []), _listing(desk, value))


def release(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release]"""
    return gpu.give_back(Ask(desk, user, channel, []), _listing(desk, value))


def release_others(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release X, which is somebody else's], after the question."""
    return gpu.end_claim(Ask(desk, user, channel, []), _listing(desk, value))


def ask_stop(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Stop...]: asks an approver."""
    return gpu.ask_stop(Ask(desk, user, channel, []), _listing(desk, value))


def status_page(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Next 10] and [Previous 10], in place."""
    number, _, query = value.partition("|")
    page = int(number) if number.isdecimal() and len(number) < 6 else 0
    shown = gpu.status(Ask(desk, user, channel, query.split()), page)
    return Reply(shown.text, shown.blocks, replace=True)


def status_of(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Status of X], offered for a name that came close."""
    ask = Ask(desk, user, channel, [])
    return gpu.one(ask, find(desk, value))


def why(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Why X]"""
    return gpu.tell_why(Ask(desk, user, channel, []), _listing(desk, value))


def keep_idle(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Keep] in a digest: no digest asks about it for a day."""
    snooze = digesting.keep(desk, value, user)
    return digest.kept(looking.name_of(desk, value), snooze.until_at)


def approve(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Stop X] on an approval card."""
    _decide(desk, user, value, yes=True)


def deny(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Keep it running] on an approval card."""
    _decide(desk, user, value, yes=False)


def _decide(desk: Desk, user: str, action_id: str, *, yes: bool) -> None:
    """The outbox alone draws the card: an answer from here could arrive after a newer state and stand for good."""
    acting.decide(desk, action_id, user, yes=yes)


def _listing(desk: Desk, instance_id: str) -> Listing:
    found = looking.listing(desk, instance_id)
    if found is None:
        raise Refused("That instance is gone. `/gpu status` shows what there is.")
    return found


PRESSES: dict[str, Press] = {
    ids.CLAIM: claim,
    ids.RELEASE: release,
    ids.RELEASE_OTHERS: release_others,
    ids.ASK_STOP: ask_stop,
    ids.STATUS_PAGE: status_page,
    ids.STATUS_OF: status_of,
    ids.WHY: why,
    ids.KEEP_IDLE: keep_idle,
    ids.APPROVE: approve,
    ids.DENY: deny,
}


def press(desk: Desk, action_id: str, user: str, channel: str, *, value: str) -> Reply | None:
    """Do what a button says. Raises Refused when it is none of ours any more."""
    known = PRESSES.get(action_id.partition(":")[0])
    if known is None:
        raise Refused("This button is from another version of Valet and does nothing now. Use the command instead.")
    return known(desk, user, channel, value)
