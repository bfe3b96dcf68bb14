"""/gpu hand: give one's claim to somebody else."""

import re

from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import grants, handovers, limits
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.sharing import claims as claims_blocks
from handlers.blocks.sharing import grants as grants_blocks
from handlers.blocks.sharing import handovers as handovers_blocks
from handlers.blocks.sharing.handovers import HAND_ACCEPT_BUTTON, HAND_DECLINE_BUTTON, HAND_WITHDRAW_BUTTON
from handlers.blocks.words import esc
from handlers.controller import Draw, Press, listed
from handlers.verbs import Ask, Verb, named, no_more

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


def gpu_hand(ask: Ask) -> Reply:
    """Ask somebody to take one's claim over."""
    listing, rest = named(ask, "hand", has_note=False)
    rest = rest[1:] if rest and rest[0].lower() == "to" else rest
    if not rest:
        raise Refused(f"To whom? Try `hand {listing.instance.name} @bob`.")
    mention = _PERSON.fullmatch(rest[0])
    if mention is None:
        raise Refused(f"I can't tell who \"{rest[0][:40]}\" is. Type @ and pick the person from Slack's list.")
    no_more(rest[1:], f"hand {listing.instance.name} {rest[0]}")
    return handovers_blocks.handover_offered(
        handovers.offer_handover(ask.ctx, listing.instance.id, ask.user, mention[1]), listing
    )


VERBS = (Verb("hand", "hand <instance> @person", "Offer your claim to somebody, who has to accept it.", gpu_hand),)


def press_accept_handover(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Take it over]"""
    try:
        taken = handovers.accept_handover(ctx, value, user)
    except limits.OverLimit as over:
        if not over.may_ask:
            raise
        return grants_blocks.grant_offer(grants.draft_takeover(ctx, over, value), str(over))
    return claims_blocks.claim_made(listed(ctx, taken.instance_id), user)


def press_decline_handover(ctx: Context, user: str, channel: str, value: str) -> None:
    """[No, thanks]: the outbox redraws the question."""
    handovers.decline_handover(ctx, value, user)


def press_withdraw_handover(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Take the offer back]"""
    handover = handovers.withdraw_handover(ctx, value, user)
    held = queries.claim(ctx, handover.claim_id)
    name = queries.name_of(ctx, held.instance_id) if held else "It"
    return plainly(f"{esc(name, 60)} stays yours; <@{handover.taker}> sees that the offer is gone.")


BUTTONS: dict[str, Press] = {
    HAND_ACCEPT_BUTTON: press_accept_handover,
    HAND_DECLINE_BUTTON: press_decline_handover,
    HAND_WITHDRAW_BUTTON: press_withdraw_handover,
}


def draw_handover(ctx: Context, offer_id: str) -> Reply | None:
    """The question, for the one who is to have it."""
    handover = queries.handover(ctx, offer_id)
    held = queries.claim(ctx, handover.claim_id) if handover else None
    return (
        handovers_blocks.handover_question(handover, held, queries.listing(ctx, held.instance_id))
        if handover and held
        else None
    )


def draw_handover_answer(ctx: Context, offer_id: str) -> Reply | None:
    """What became of it, for the giver."""
    handover = queries.handover(ctx, offer_id)
    held = queries.claim(ctx, handover.claim_id) if handover else None
    return (
        handovers_blocks.handover_answer(handover, held, queries.listing(ctx, held.instance_id))
        if handover and held
        else None
    )


MESSAGES: dict[str, Draw] = {"handover": draw_handover, "handover_answer": draw_handover_answer}
