"""Claiming and giving back."""

from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands import claims
from handlers.commands.verbs import Ask


def claim(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim]: for the usual length."""
    return claims.take(Ask(desk, user, channel, []), listed(desk, value))


def release(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release]"""
    return claims.give_back(Ask(desk, user, channel, []), listed(desk, value))


def release_others(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release X, which is somebody else's], after the question."""
    return claims.end_claim(Ask(desk, user, channel, []), listed(desk, value))


PRESSES: dict[str, Press] = {ids.CLAIM: claim, ids.RELEASE: release, ids.RELEASE_OTHERS: release_others}
