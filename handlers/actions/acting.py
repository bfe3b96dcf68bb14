"""Asking for an action, and deciding on it."""

from bot.services import acting
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands.acting import ask_stop as put_question
from handlers.commands.verbs import Ask


def ask_stop(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Stop...]: asks an approver."""
    return put_question(Ask(desk, user, channel, []), listed(desk, value))


def approve(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Stop X] on an approval card."""
    _decide(desk, user, value, yes=True)


def deny(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Keep it running] on an approval card."""
    _decide(desk, user, value, yes=False)


def _decide(desk: Desk, user: str, action_id: str, *, yes: bool) -> None:
    """The outbox alone draws the card: an answer from here could arrive after a newer state and stand for good."""
    acting.decide(desk, action_id, user, yes=yes)


PRESSES: dict[str, Press] = {ids.ASK_STOP: ask_stop, ids.APPROVE: approve, ids.DENY: deny}
