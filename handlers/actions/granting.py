"""Asking for more than fair use allows, and deciding on it."""

from bot.services.desk import Desk, channel_of
from bot.services.sharing import granting
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import granting as blocks


def ask(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Ask an approver]"""
    grant = granting.ask(desk, value, user)
    return blocks.asked(grant, channel_of(desk, grant.team))


def let_pass(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Let it pass]; the outbox redraws the card."""
    granting.decide(desk, value, user, yes=True)


def refuse(desk: Desk, user: str, channel: str, value: str) -> None:
    """[No]"""
    granting.decide(desk, value, user, yes=False)


PRESSES: dict[str, Press] = {ids.GRANT_ASK: ask, ids.GRANT_YES: let_pass, ids.GRANT_NO: refuse}
