"""Answering somebody who asks for what one holds."""

from bot.domain.clock import HOUR_MS
from bot.services.context import Context
from bot.services.sharing import requests
from handlers import ids
from handlers.blocks.parts import Reply
from handlers.controller import Press, listed
from handlers.parsing.lasting import Span
from handlers.sharing.claims import end_claim, prolong
from handlers.verbs import Ask


def grant(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Release it], on a request."""
    held = requests.claim_of(ctx, value, user)
    return end_claim(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), held)


def extend(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Extend by 1 h], on a request."""
    held = requests.claim_of(ctx, value, user)
    return prolong(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), Span(HOUR_MS))


def keep(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    requests.keep(ctx, value, user)


BUTTONS: dict[str, Press] = {
    ids.GRANT_REQUEST: grant,
    ids.EXTEND_ANYWAY: extend,
    ids.KEEP_CLAIM: keep,
}
