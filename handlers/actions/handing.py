"""Answering an offer of a claim."""

from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import fair_use, granting, handing
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.sharing import claims
from handlers.blocks.sharing import granting as requests
from handlers.blocks.words import esc


def accept(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Take it over]"""
    try:
        taken = handing.accept(desk, value, user)
    except fair_use.OverLimit as over:
        if not over.may_ask:
            raise
        return requests.offer(granting.draft_takeover(desk, over, value), str(over))
    return claims.claimed(listed(desk, taken.instance_id), user)


def decline(desk: Desk, user: str, channel: str, value: str) -> None:
    """[No, thanks]: the outbox redraws the question."""
    handing.decline(desk, value, user)


def withdraw(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Take the offer back]"""
    made = handing.withdraw(desk, value, user)
    held = looking.claim(desk, made.claim_id)
    name = looking.name_of(desk, held.instance_id) if held else "It"
    return plainly(f"{esc(name, 60)} stays yours; <@{made.taker}> sees that the offer is gone.")


PRESSES: dict[str, Press] = {ids.HAND_ACCEPT: accept, ids.HAND_DECLINE: decline, ids.HAND_WITHDRAW: withdraw}
