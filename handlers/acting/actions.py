"""The cards of every action: the question, the answers, and what is told of its end."""

from dataclasses import replace

from bot.domain.acting.actions import Action
from bot.domain.acting.approvals import deciders
from bot.errors import Refused
from bot.services import digest, queries, undelivered
from bot.services.acting import alternatives, approvals, batches, card_reminders, consents, launch_expiry
from bot.services.acting import hours as hours_service
from bot.services.context import Context, team_channel
from handlers.acting import batches as batches_controller
from handlers.acting import hours as hours_controller
from handlers.acting import launch, start, stop
from handlers.blocks import forms as form_blocks
from handlers.blocks.acting import approvals as approvals_blocks
from handlers.blocks.acting import batches as batches_blocks
from handlers.blocks.acting import consents as consents_blocks
from handlers.blocks.acting import launch as launch_blocks
from handlers.blocks.acting.approvals import (
    APPROVE_BUTTON,
    ASK_AGAIN_BUTTON,
    ASK_STOP_BUTTON,
    CALL_OFF_BUTTON,
    DENY_BUTTON,
    START_BUTTON,
)
from handlers.blocks.acting.batches import (
    APPROVE_BATCH_BUTTON,
    ASK_DRAFT_BUTTON,
    ASK_STOP_IDLE_BUTTON,
    ASK_STOP_LISTED_BUTTON,
    DENY_BATCH_BUTTON,
)
from handlers.blocks.acting.consents import CONSENT_NO_BUTTON, CONSENT_YES_BUTTON
from handlers.blocks.acting.launch import LAUNCH_BUTTON
from handlers.blocks.buttons import OPEN_CARD_BUTTON
from handlers.blocks.parts import Block, Reply, filled
from handlers.blocks.words import esc
from handlers.controller import Draw, Press, listed
from handlers.verbs import Ask

VERBS = (*stop.VERBS, *start.VERBS, *launch.VERBS)
FORMS = (*stop.FORMS, *start.FORMS, *launch.FORMS)


def on_ask_stop(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Stop X…]: a form, with what is lost and what it saves."""
    listing = listed(ctx, value)
    return form_blocks.opening("stop", f"Stop {esc(listing.instance.name, 60)}?", filled(machine=value))


def on_ask_start(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Start X]: for the usual length."""
    return start.ask_start(Ask(ctx, user, channel, []), listed(ctx, value))


def on_ask_again(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Ask again]: for the same, on the same terms. Raises Refused."""
    action, ask = queries.action(ctx, value), Ask(ctx, user, channel, [])
    if action is None:
        raise Refused("This request is not known here any more.")
    now = ctx.clock()
    return launch.launch_told(ask, approvals.ask_again(ctx, action, user), now)


def on_ask_launch(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Launch X]: for the usual length."""
    return launch.ask_launch(Ask(ctx, user, channel, []), value)


def on_call_off(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Don't start it any more]"""
    return approvals_blocks.ended_action(approvals.call_off(ctx, value, user), [])


def on_open_card(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Open it]: the card of a request, where it can be decided as well. Raises Refused when it is gone."""
    kind, _, card_id = value.partition(":")
    shown = batch_card(ctx, card_id) if kind == "batch" else action_card(ctx, card_id)
    if shown is None:
        raise Refused("This request is not known here any more.")
    return replace(shown, private=True)


def approve(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Stop X], [Start X] and so on, on an approval card."""
    # The outbox alone draws the card: an answer from here could arrive after a newer state and stand for good.
    approvals.decide(ctx, value, user, yes=True)


def deny(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Keep it running], [Leave it stopped] and so on: it counts at once, and a form asks whether to say why."""
    approvals.decide(ctx, value, user, yes=False)
    return stop.ask_why(ctx, value)


def agree(ctx: Context, user: str, channel: str, value: str) -> None:
    """[It may be stopped]; the outbox redraws the question."""
    consents.answer_consent(ctx, value, user, agrees=True)


def disagree(ctx: Context, user: str, channel: str, value: str) -> None:
    """[I still need it]"""
    consents.answer_consent(ctx, value, user, agrees=False)


def ask_stop_idle(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Stop all of these that idle...] below a page of the fleet; its value is the filter, as typed."""
    return batches_controller.stop_idle(Ask(ctx, user, channel, value.split()))


def ask_stop_listed(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Stop all of these...] in a digest; its value is the local date."""
    return batches_controller.ask_batch(Ask(ctx, user, channel, []), digest.undecided(ctx, channel, value))


def ask_draft(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Ask about the N dearest]"""
    return batches_controller.batch_told(Ask(ctx, user, channel, []), batches.ask_drafted(ctx, value, user))


def approve_batch(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Stop these N]; the outbox redraws the card."""
    batches.decide_batch(ctx, value, user, yes=True)


def deny_batch(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep them running]"""
    batches.decide_batch(ctx, value, user, yes=False)


BUTTONS: dict[str, Press] = {
    ASK_STOP_BUTTON: on_ask_stop,
    ASK_AGAIN_BUTTON: on_ask_again,
    OPEN_CARD_BUTTON: on_open_card,
    START_BUTTON: on_ask_start,
    LAUNCH_BUTTON: on_ask_launch,
    CALL_OFF_BUTTON: on_call_off,
    APPROVE_BUTTON: approve,
    DENY_BUTTON: deny,
    ASK_STOP_IDLE_BUTTON: ask_stop_idle,
    ASK_STOP_LISTED_BUTTON: ask_stop_listed,
    ASK_DRAFT_BUTTON: ask_draft,
    APPROVE_BATCH_BUTTON: approve_batch,
    DENY_BATCH_BUTTON: deny_batch,
    CONSENT_YES_BUTTON: agree,
    CONSENT_NO_BUTTON: disagree,
}


def action_card(ctx: Context, action_id: str) -> Reply | None:
    """The approval card."""
    action = queries.action(ctx, action_id)
    if action is None:
        return None
    return approvals_blocks.card(action, deciders(action, ctx.roster()), consents.consents_of(ctx, action_id))


def batch_card(ctx: Context, batch_id: str) -> Reply | None:
    """The card of several stops."""
    found = batches.batch_of(ctx, batch_id)
    return batches_blocks.card_of_batch(*found, deciders(found[1][0], ctx.roster())) if found else None


def card_reminder(ctx: Context, subject: str) -> Reply | None:
    """The card once more, in person, to somebody who can decide; its subject is "kind id person"."""
    kind, card_id, person = subject.split(" ")
    if kind == "batch":
        card, waits = batch_card(ctx, card_id), batches.is_batch_open(ctx, card_id)
        ref = f"batch:{card_id}"
    elif kind == "hours":
        card, waits = hours_controller.hours_request(ctx, card_id), hours_service.is_request_open(ctx, card_id)
        ref = f"hours-wish:{card_id}"
    else:
        card, waits = action_card(ctx, card_id), approvals.is_open(ctx, card_id)
        ref = f"action:{card_id}"
    if card is None or not (waits or card_reminders.was_reminded(ctx, ref, person)):
        return None
    return approvals_blocks.reminder(card) if waits else card


def batch_ended(ctx: Context, batch_id: str) -> Reply | None:
    """How several stops ended, for the one who asked."""
    found = batches.batch_of(ctx, batch_id)
    return batches_blocks.ended_batch(*found) if found else None


def consent(ctx: Context, consent_id: str) -> Reply | None:
    """The question to a holder."""
    asked = consents.consent_by_id(ctx, consent_id)
    action = queries.action(ctx, asked.action_id) if asked else None
    return consents_blocks.consent_question(asked, action) if asked and action else None


def draw_break_glass(ctx: Context, action_id: str) -> Reply | None:
    """Somebody approved their own request."""
    action = queries.action(ctx, action_id)
    return approvals_blocks.glass_broken(action) if action else None


def action_ended(ctx: Context, action_id: str) -> Reply | None:
    """How it ended, for the one who asked."""
    action = queries.action(ctx, action_id)
    return approvals_blocks.ended_action(action, _instead(ctx, action)) if action else None


def action_news(ctx: Context, subject: str) -> Reply | None:
    """How far it is, for the one who asked; its subject is "action tries"."""
    action = queries.action(ctx, subject.partition(" ")[0])
    return approvals_blocks.news(action, _instead(ctx, action)) if action else None


def _instead(ctx: Context, action: Action) -> list[Block]:
    return approvals_blocks.instead_buttons(
        alternatives.machines_instead(ctx, action), alternatives.templates_instead(ctx, action)
    )


def launch_over(ctx: Context, subject: str) -> Reply | None:
    """The end of a launched machine's time, for whoever it is; its subject is "action why-it-is-not-stopped"."""
    action_id, _, why = subject.partition(" ")
    action = queries.action(ctx, action_id)
    if action is None:
        return None
    return launch_blocks.time_over(
        action, queries.name_of(ctx, action.made_id or action.instance_id), why, team_channel(ctx, action.team)
    )


def card_lost(ctx: Context, action_id: str) -> Reply | None:
    """The card could not be posted where it belongs, for the one who asked."""
    action = queries.action(ctx, action_id)
    return approvals_blocks.undelivered_card(action, undelivered.lost_card(ctx, action)) if action else None


MESSAGES: dict[str, Draw] = {
    "action_card": action_card,
    "batch_card": batch_card,
    "batch_ended": batch_ended,
    "consent": consent,
    "action_ended": action_ended,
    "break_glass": draw_break_glass,
    "action_news": action_news,
    card_reminders.KIND: card_reminder,
    launch_expiry.KIND: launch_over,
    undelivered.CARD_KIND: card_lost,
}
