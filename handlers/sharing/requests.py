"""Answering somebody who asks for what one holds."""

from bot.domain.clock import HOUR_MS
from bot.services.context import Desk
from bot.services.sharing import requests
from handlers import ids
from handlers.blocks.parts import Reply
from handlers.controller import Press, listed
from handlers.parsing.spans import Span
from handlers.sharing.claims import end_claim, prolong
from handlers.verbs import Ask


def grant(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release it], on a request."""
    held = requests.claim_of(desk, value, user)
    return end_claim(Ask(desk, user, channel, []), listed(desk, held.instance_id), held)


def extend(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Extend by 1 h], on a request."""
    held = requests.claim_of(desk, value, user)
    return prolong(Ask(desk, user, channel, []), listed(desk, held.instance_id), Span(HOUR_MS))


def keep(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    requests.keep(desk, value, user)


BUTTONS: dict[str, Press] = {
    ids.GRANT_REQUEST: grant,
    ids.EXTEND_ANYWAY: extend,
    ids.KEEP_CLAIM: keep,
}
