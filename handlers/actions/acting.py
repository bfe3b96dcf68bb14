"""Asking for an action, and deciding on it."""

from bot.services import digesting
from bot.services.acting import asking, batching, consenting
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.acting import approvals
from handlers.blocks.parts import Reply
from handlers.commands import acting as commands
from handlers.commands import batches, launches
from handlers.commands.verbs import Ask


def ask_stop(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Stop...]: asks an approver."""
    return commands.ask_stop(Ask(desk, user, channel, []), listed(desk, value))


def ask_start(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Start X]: for the usual length."""
    return commands.ask_start(Ask(desk, user, channel, []), listed(desk, value))


def ask_launch(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Launch X]: for the usual length."""
    return launches.ask_launch(Ask(desk, user, channel, []), value)


def call_off(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Don't start it any more]"""
    return approvals.ended(asking.call_off(desk, value, user), [])


def approve(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Stop X], [Start X] and so on, on an approval card."""
    _decide(desk, user, value, yes=True)


def deny(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Keep it running], [Leave it stopped] and so on, on an approval card."""
    _decide(desk, user, value, yes=False)


def _decide(desk: Desk, user: str, action_id: str, *, yes: bool) -> None:
    """The outbox alone draws the card: an answer from here could arrive after a newer state and stand for good."""
    asking.decide(desk, action_id, user, yes=yes)


def agree(desk: Desk, user: str, channel: str, value: str) -> None:
    """[It may be stopped]; the outbox redraws the question."""
    consenting.answer(desk, value, user, agrees=True)


def disagree(desk: Desk, user: str, channel: str, value: str) -> None:
    """[I still need it]"""
    consenting.answer(desk, value, user, agrees=False)


def ask_stop_idle(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Stop all of these that idle...] below a page of the fleet; its value is the filter, as typed."""
    return batches.stop_idle(Ask(desk, user, channel, value.split()))


def ask_stop_listed(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Stop all of these...] in a digest; its value is the local date."""
    return batches.put(Ask(desk, user, channel, []), digesting.undecided(desk, channel, value))


def ask_draft(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Ask about the N dearest]"""
    return batches.told(Ask(desk, user, channel, []), batching.ask_drafted(desk, value, user))


def approve_batch(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Stop these N]; the outbox redraws the card."""
    batching.decide(desk, value, user, yes=True)


def deny_batch(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Keep them running]"""
    batching.decide(desk, value, user, yes=False)


PRESSES: dict[str, Press] = {
    ids.ASK_STOP: ask_stop,
    ids.START: ask_start,
    ids.LAUNCH: ask_launch,
    ids.CALL_OFF: call_off,
    ids.APPROVE: approve,
    ids.DENY: deny,
    ids.ASK_STOP_IDLE: ask_stop_idle,
    ids.ASK_STOP_LISTED: ask_stop_listed,
    ids.ASK_DRAFT: ask_draft,
    ids.APPROVE_BATCH: approve_batch,
    ids.DENY_BATCH: deny_batch,
    ids.CONSENT_YES: agree,
    ids.CONSENT_NO: disagree,
}
