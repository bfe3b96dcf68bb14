"""Taking what was found."""

from bot.domain.sharing.claims import GpuChoice
from bot.services.context import Context
from bot.services.sharing import hints
from handlers.acting import launch, start
from handlers.blocks.parts import Reply
from handlers.blocks.sharing.find import GO_ON_ANYWAY_BUTTON, LAUNCH_WANT_BUTTON, START_WANT_BUTTON, TAKE_INSTEAD_BUTTON
from handlers.blocks.sharing.line import CLAIM_WANT_BUTTON
from handlers.controller import Press, listed, number
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.moments import Moment
from handlers.sharing import claims
from handlers.sharing.find import ending_span
from handlers.verbs import Ask


def press_claim_found(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim 2 GPUs of X]: the value is the instance, how many, and for how long or until when."""
    rest, _, ending = value.rpartition("|")
    instance_id, _, count = rest.rpartition("|")
    listing = listed(ctx, instance_id)
    wanted = number(count)
    choice = GpuChoice(count=wanted) if wanted is not None and wanted < len(listing.gpus) else GpuChoice()
    ask = Ask(ctx, user, channel, [])
    return claims.claim_or_explain(ask, listing, choice=choice, span=ending_span(ending), informed=True, adds=True)


def press_start_found(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Start X]: the value is the instance, and for how long or until when."""
    instance_id, _, ending = value.rpartition("|")
    return start.ask_start(Ask(ctx, user, channel, []), listed(ctx, instance_id), ending_span(ending), anyway=True)


def press_launch_found(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Ask to launch T]: the value is the template, and for how long or until when."""
    template, _, ending = value.rpartition("|")
    return launch.ask_launch(Ask(ctx, user, channel, []), template, ending_span(ending), anyway=True)


def press_take_instead(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim X instead]"""
    given = hints.given_hint(ctx, value, user)
    listing = listed(ctx, given.better_id)
    choice = GpuChoice(count=given.count) if given.count < len(listing.gpus) else GpuChoice()
    ask, span = Ask(ctx, user, channel, []), _hinted_span(given.length, given.until)
    reply = claims.claim_or_explain(ask, listing, choice=choice, span=span, note=given.note, informed=True, adds=True)
    hints.count_hint(ctx, given)
    return reply


def press_go_on_anyway(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim X anyway], [Start X anyway], [Launch T anyway]"""
    given = hints.given_hint(ctx, value, user)
    ask, span = Ask(ctx, user, channel, []), _hinted_span(given.length, given.until)
    if given.avoided == "launch":
        return launch.ask_launch(ask, given.subject, span, note=given.note, anyway=True)
    listing = listed(ctx, given.subject)
    if given.avoided == "start":
        return start.ask_start(ask, listing, span, note=given.note, anyway=True)
    return claims.claim_or_explain(ask, listing, choice=given.choice, span=span, note=given.note, informed=True)


def _hinted_span(length: int | None, until: int | None) -> TypedSpan:
    return TypedSpan(length) if until is None else TypedSpan(until=Moment(until))


BUTTONS: dict[str, Press] = {
    CLAIM_WANT_BUTTON: press_claim_found,
    START_WANT_BUTTON: press_start_found,
    LAUNCH_WANT_BUTTON: press_launch_found,
    TAKE_INSTEAD_BUTTON: press_take_instead,
    GO_ON_ANYWAY_BUTTON: press_go_on_anyway,
}
