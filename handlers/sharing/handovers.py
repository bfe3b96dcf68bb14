"""/gpu hand: give one's claim to somebody else."""

import re

from bot.errors import Refused
from bot.services import names, queries
from bot.services.context import Context
from bot.services.sharing import grants, handovers, limits
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.parts import Block, Filled, Reply, filled
from handlers.blocks.sharing import claims as claims_blocks
from handlers.blocks.sharing import grants as grants_blocks
from handlers.blocks.sharing import handovers as handovers_blocks
from handlers.blocks.sharing.handovers import HAND_ACCEPT_BUTTON, HAND_DECLINE_BUTTON, HAND_WITHDRAW_BUTTON
from handlers.controller import Draw, Press, listed
from handlers.sharing import claim_ends
from handlers.verbs import Ask, BadField, Form, Verb, named, no_more

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


PERSON = "person"


def hand_given(ask: Ask) -> Filled | None:
    """What "hand train-7" or "hand @bob" says alone; None where both are named."""
    words = [word for word in ask.words if word.lower() != "to"]
    mention = _PERSON.fullmatch(words[-1]) if words else None
    rest = words[:-1] if mention else words
    named_machine = names.whole_name(ask.ctx, rest) if rest else None
    if mention and rest:
        return None
    if rest and (named_machine is None or named_machine.count < len(rest)):
        return None
    machine = named_machine.listings[0].instance.id if named_machine else ""
    return filled(machine=machine, person=mention[1] if mention else "")


def draw_hand_form(ask: Ask, given: Filled) -> list[Block]:
    """Which claim, and to whom."""
    return [
        *claim_ends.mine_fields(ask, given),
        form_blocks.picker_field(PERSON, "To whom", "users_select", value=given.one(PERSON)),
    ]


def submit_hand_form(ask: Ask, given: Filled) -> Reply:
    """As `hand train-7 @bob` does."""
    listing = fields.chosen_machine(ask, given)
    if not given.one(PERSON):
        raise BadField(PERSON, "Choose the person who is to have it.")
    handover = handovers.offer_handover(ask.ctx, listing.instance.id, ask.user, given.one(PERSON))
    return handovers_blocks.handover_offered(handover, listing)


HAND_FORM = Form(
    name="hand",
    title="Hand a claim over",
    send="Offer it",
    question="Which claim do you want to hand over, and to whom?",
    draw=draw_hand_form,
    submit=submit_hand_form,
    subject=PERSON,
    given=hand_given,
    menus={fields.MACHINE: fields.machine_search(mine=True)},
)
FORMS = (HAND_FORM,)

VERBS = (
    Verb(
        "hand",
        "hand <instance> @person",
        "Offer your claim to somebody, who has to accept it.",
        gpu_hand,
        form=HAND_FORM,
    ),
)


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
    return handovers_blocks.handover_withdrawn(handover, queries.name_of(ctx, held.instance_id) if held else "")


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
