"""Answering somebody who asks for what one holds."""

from bot.domain.clock import HOUR_MS
from bot.services.context import Context
from bot.services.sharing import requests
from handlers.blocks.parts import Reply
from handlers.blocks.sharing.line import EXTEND_ANYWAY_BUTTON, GRANT_REQUEST_BUTTON, KEEP_CLAIM_BUTTON
from handlers.controller import Press, listed
from handlers.parsing.lasting import TypedSpan
from handlers.sharing.claims import extend_or_explain, release_and_tell
from handlers.verbs import Ask


def press_grant_request(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Release it], on a request."""
    held = requests.claim_of_request(ctx, value, user)
    return release_and_tell(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), held)


def press_extend_anyway(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Extend by 1 h], on a request."""
    held = requests.claim_of_request(ctx, value, user)
    return extend_or_explain(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), TypedSpan(HOUR_MS))


def press_keep_claim(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    requests.decline_request(ctx, value, user)


BUTTONS: dict[str, Press] = {
    GRANT_REQUEST_BUTTON: press_grant_request,
    EXTEND_ANYWAY_BUTTON: press_extend_anyway,
    KEEP_CLAIM_BUTTON: press_keep_claim,
}
