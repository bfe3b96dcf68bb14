"""/gpu request: asking for what others hold, and answering that."""

import re

from bot.domain import parts
from bot.domain.clock import HOUR_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import handovers, requests
from bot.services.sharing import line as line_service
from handlers import fields
from handlers.blocks.buttons import REQUEST_BUTTON
from handlers.blocks.machines.fleet import describe_machine
from handlers.blocks.parts import Block, Filled, Reply, context, undone
from handlers.blocks.sharing import requests as requests_blocks
from handlers.blocks.sharing.requests import (
    EXTEND_ANYWAY_BUTTON,
    GRANT_PART_BUTTON,
    GRANT_REQUEST_BUTTON,
    KEEP_CLAIM_BUTTON,
)
from handlers.controller import Draw, Press, listed, number
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.lengths import is_length, read_lengths
from handlers.parsing.spans import leading_gpus
from handlers.parsing.text import Quoted, readable
from handlers.sharing.claim_ends import extend_or_explain, release_and_tell
from handlers.sharing.find import terms_given
from handlers.verbs import Ask, Form, Verb, named


def gpu_request(ask: Ask) -> Reply:
    """Ask the holder of an instance to release it, or some GPUs of it; with several holders, ask which."""
    listing, rest = named(ask, "request")
    choice, length, reason = read_request(rest)
    return request_or_explain(ask, listing, choice, length=length, reason=readable(reason))


def request_or_explain(
    ask: Ask, listing: Listing, choice: GpuChoice | None, *, length: int | None, reason: str
) -> Reply:
    """Ask the holder; of several, ask which of them. Raises Refused where there is nobody to ask."""
    asked = requests.parts_to_ask_for(listing, ask.user, choice)
    if not asked:
        raise Refused(_nobody(ask, listing, choice))
    if len(asked) > 1:
        return undone(requests_blocks.which_holder(listing, asked, ask.ctx.clock(), length))
    claim, part = asked[0]
    return ask_holder(ask, claim.id, reason=reason, gpus=part.gpus, length=length)


def read_request(rest: list[str]) -> tuple[GpuChoice | None, int | None, str]:
    """The parts of "[gpus:2] [for 6h] [reason...]": how many GPUs or which, for how long, and why. Raises Refused.

    "gpus:2" counts wherever it stands, a length only before the reason: a reason has words of time in it.
    """
    choice, length, left = None, None, rest
    while left:
        more, after = (None, left) if choice else leading_gpus(left)
        if more is None and length is None and left[0].lower() == "for" and is_length(left[1:]):
            length, after = read_lengths(left[1:])
        if after == left:
            break
        choice, left = more or choice, after
    at = next((at for at, word in enumerate(left) if _is_choice(word)), None)
    if choice is None and at is not None:
        choice, after = leading_gpus(left[at:])
        left = [*left[:at], *after]
    return choice, length, " ".join(left)


def _is_choice(word: str) -> bool:
    return not isinstance(word, Quoted) and re.match(r"-{0,2}gpus?[:=]", word.lower()) is not None


def _nobody(ask: Ask, listing: Listing, choice: GpuChoice | None) -> str:
    """Why there is nobody to ask."""
    name = listing.instance.name
    if listing.claim_of(ask.user) is not None and (choice is None or not listing.unclaimed):
        return f"{name} is yours: {parts.gpu('release', name)} gives it back."
    what = "those GPUs of " if choice is not None and choice.indexes else ""
    way = f"{parts.gpu('claim', name)} takes it." if listing.running else f"{parts.gpu('status', name)} shows it."
    return f"Nobody holds {what}{name}, so there is nobody to ask. {way}"


def ask_holder(
    ask: Ask, claim_id: str, *, reason: str = "", gpus: tuple[int, ...] = (), length: int | None = None
) -> Reply:
    """Ask the holder of this claim for all of it, or for these GPUs."""
    request, is_new = requests.ask_release(ask.ctx, claim_id, ask.user, reason=reason, gpus=gpus, length=length)
    held = queries.claim(ask.ctx, claim_id)
    if held is None:
        raise Refused("That claim has ended.")
    listing, name = queries.listing(ask.ctx, held.instance_id), queries.name_of(ask.ctx, held.instance_id)
    return requests_blocks.request_sent(request, held, name, listing, is_new=is_new, now=ask.ctx.clock())


def draw_request_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, how many of its GPUs, for how long and why."""
    listing = fields.shown_machine(ask, given)
    usual = ask.usual_length()
    return [
        fields.machine_field(ask, given),
        *([context(describe_machine(listing, ask.ctx.clock()))] if listing else []),
        *fields.gpu_fields(listing, given),
        fields.plain_length_field(given, usual=usual),
        fields.note_field(given, label="Why", placeholder="a demo at noon"),
    ]


def submit_request_form(ask: Ask, given: Filled) -> Reply:
    """As `request train-7 gpus:2 for 6h reason` does."""
    listing, choice = fields.chosen_machine(ask, given), fields.chosen_gpus(given)
    reason, length = fields.chosen_note(given), fields.chosen_span(ask, given).length
    return request_or_explain(ask, listing, choice, length=length, reason=reason)


REQUEST_FORM = Form(
    name="request",
    title="Ask a holder",
    send="Ask",
    question="Which machine do you want to ask for?",
    draw=draw_request_form,
    submit=submit_request_form,
    subject=fields.MACHINE,
    given=terms_given,
    menus={fields.MACHINE: fields.machine_search()},
)
FORMS = (REQUEST_FORM,)

VERBS = (
    Verb(
        "request",
        "request <instance> [gpus:2] [for 6h] [reason]",
        "Ask its holder to release it, or some GPUs of it.",
        gpu_request,
        form=REQUEST_FORM,
    ),
)


def press_request(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Ask for X], [Ask Ada for these 2]: the value is the claim, the GPUs and for how long; of old only the claim."""
    claim_id, some, length = [*value.split("|"), "", ""][:3]
    gpus = tuple(gpu for word in some.split(",") if (gpu := number(word)) is not None)
    return ask_holder(Ask(ctx, user, channel, []), claim_id, gpus=gpus, length=number(length))


def press_grant_request(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Release it], on a request."""
    held = requests.claim_of_request(ctx, value, user)
    return release_and_tell(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), held)


def press_grant_part(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Hand over GPUs 6-7], on a request for some GPUs: the outbox redraws the question."""
    handovers.hand_over_part(ctx, value, user)


def press_extend_anyway(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Extend by 1 h], on a request."""
    held = requests.claim_of_request(ctx, value, user)
    return extend_or_explain(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), TypedSpan(HOUR_MS))


def press_keep_claim(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    requests.decline_request(ctx, value, user)


BUTTONS: dict[str, Press] = {
    REQUEST_BUTTON: press_request,
    GRANT_REQUEST_BUTTON: press_grant_request,
    GRANT_PART_BUTTON: press_grant_part,
    EXTEND_ANYWAY_BUTTON: press_extend_anyway,
    KEEP_CLAIM_BUTTON: press_keep_claim,
}


def draw_request(ctx: Context, request_id: str) -> Reply | None:
    """Somebody asks a holder to release."""
    request = requests.find_request(ctx, request_id)
    held = queries.claim(ctx, request.claim_id) if request else None
    if request is None or held is None:
        return None
    listing = queries.listing(ctx, held.instance_id)
    return requests_blocks.request_question(request, held, queries.name_of(ctx, held.instance_id), listing)


def draw_request_answer(ctx: Context, request_id: str) -> Reply | None:
    """What the holder said."""
    request = requests.find_request(ctx, request_id)
    held = queries.claim(ctx, request.claim_id) if request else None
    if request is None or held is None:
        return None
    ahead = line_service.people_ahead(ctx, request.waiter_id) if request.waiter_id is not None else None
    listing, name = queries.listing(ctx, held.instance_id), queries.name_of(ctx, held.instance_id)
    return requests_blocks.request_answer(request, held, name, listing, ahead)


MESSAGES: dict[str, Draw] = {"request": draw_request, "answer": draw_request_answer}
