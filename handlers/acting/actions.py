"""/gpu stop and start, and the cards of every action: the question, the answers, and what is told of its end."""

from bot.domain import parts
from bot.domain.acting.actions import Action, ActionKind
from bot.domain.acting.approvals import deciders
from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.services import context, digest, queries, undelivered
from bot.services.acting import alternatives, approvals, batches, card_reminders, consents, launch_expiry
from bot.services.acting import hours as hours_service
from bot.services.context import Context, channel_of
from handlers.acting import batches as batches_controller
from handlers.acting import hours as hours_controller
from handlers.acting import launch
from handlers.blocks.acting import approvals as approvals_blocks
from handlers.blocks.acting import batches as batches_blocks
from handlers.blocks.acting import consents as consents_blocks
from handlers.blocks.acting import launch as launch_blocks
from handlers.blocks.acting.approvals import (
    APPROVE_BUTTON,
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
from handlers.blocks.parts import Block, Reply
from handlers.controller import Draw, Press, listed
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.lengths import is_length as spells_length
from handlers.parsing.moments import time_of_day
from handlers.parsing.spans import timed_words
from handlers.parsing.text import readable
from handlers.sharing import hints
from handlers.verbs import Ask, Verb, named


def stop(ask: Ask) -> Reply:
    """Ask somebody else whether to stop an instance, or several."""
    if batches_controller.is_meant(ask):
        return batches_controller.stop_idle(ask)
    several, reason = batches_controller.named(ask)
    _refuse_later(several[0].instance.name, reason)
    if len(several) > 1:
        ids = [each.instance.id for each in several]
        return batches_controller.put(ask, ids, reason=readable(" ".join(reason)), named=True)
    if _breaks_glass(reason):
        return _broken(ask, several[0], "stop", reason[1:])
    return ask_stop(ask, several[0], reason=readable(" ".join(reason)))


def _refuse_later(name: str, rest: list[str]) -> None:
    """A stop for later would be put to people now, and carried out now. Raises Refused."""
    first, *more = [word.lower().rstrip(".,") for word in rest[:2]] or [""]
    is_time = (
        any(time_of_day(word) is not None for word in more) if first in {"at", "after", "from", "until"} else False
    )
    is_length = first in {"in", "for", "after"} and spells_length(rest[1:])
    if first in {"tonight", "tomorrow", "later", "until"} or is_time or is_length:
        raise Refused(
            f"A stop is asked about now, and there is none for later: say {parts.gpu('stop', name)} then. "
            f"{parts.gpu('hours', name, 'Mon-Fri 08:00-19:00')} stops it every evening and starts it every morning."
        )


def ask_stop(ask: Ask, listing: Listing, *, reason: str = "") -> Reply:
    """Put the question; asked twice, it is the same card."""
    before = ask.ctx.clock()
    return launch.told(ask, approvals.ask_to_stop(ask.ctx, listing.instance.id, ask.user, reason=reason), before)


def _breaks_glass(rest: list[str]) -> bool:
    return bool(rest) and rest[0].lower().lstrip("-\u2013\u2014") == "break-glass"  # Slack may join two hyphens


def _broken(ask: Ask, listing: Listing, kind: ActionKind, rest: list[str]) -> Reply:
    passed = approvals.break_glass(ask.ctx, listing, kind, ask.user, readable(" ".join(rest)))
    return approvals_blocks.asked(passed, context.channel_of(ask.ctx, passed.team), ask.user, again=False)


def start(ask: Ask) -> Reply:
    """Start an instance, once somebody else said yes where the team wants that."""
    listing, rest = named(ask, "start")
    if _breaks_glass(rest):
        return _broken(ask, listing, "start", rest[1:])
    wanted, note = timed_words(rest, ask.asker())
    return ask_start(ask, listing, wanted, note=readable(note))


def ask_start(
    ask: Ask, listing: Listing, wanted: TypedSpan | None = None, *, note: str = "", anyway: bool = False
) -> Reply:
    """Put the question, unless something that would do stands free; asked twice, it is the same card."""
    before = ask.ctx.clock()
    better = None if anyway else hints.hint_first(ask, listing, span=wanted, note=note)
    if better is not None:
        return better
    length = _length(wanted or TypedSpan(), before)
    return launch.told(
        ask, approvals.ask_to_start(ask.ctx, listing.instance.id, ask.user, length=length, note=note), before
    )


def _length(wanted: TypedSpan, now: int) -> int | None:
    return wanted.length if wanted.end is None else wanted.end - now


VERBS = (
    Verb("stop", "stop <instance>... [reason]", "Ask whoever holds it, and an approver, to stop an instance.", stop),
    Verb("stop", "stop idle|free|held [team:NAME] [reason]", "Ask on one card to stop all that idle.", stop),
    Verb("start", "start <instance> [for 8h] [note]", "Start a stopped instance; yours once it is ready.", start),
    *launch.VERBS,
)


def on_ask_stop(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Stop...]: asks an approver."""
    return ask_stop(Ask(ctx, user, channel, []), listed(ctx, value))


def on_ask_start(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Start X]: for the usual length."""
    return ask_start(Ask(ctx, user, channel, []), listed(ctx, value))


def on_ask_launch(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Launch X]: for the usual length."""
    return launch.ask_launch(Ask(ctx, user, channel, []), value)


def on_call_off(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Don't start it any more]"""
    return approvals_blocks.ended(approvals.call_off(ctx, value, user), [])


def approve(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Stop X], [Start X] and so on, on an approval card."""
    _decide(ctx, user, value, yes=True)


def deny(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep it running], [Leave it stopped] and so on, on an approval card."""
    _decide(ctx, user, value, yes=False)


def _decide(ctx: Context, user: str, action_id: str, *, yes: bool) -> None:
    """The outbox alone draws the card: an answer from here could arrive after a newer state and stand for good."""
    approvals.decide(ctx, action_id, user, yes=yes)


def agree(ctx: Context, user: str, channel: str, value: str) -> None:
    """[It may be stopped]; the outbox redraws the question."""
    consents.answer(ctx, value, user, agrees=True)


def disagree(ctx: Context, user: str, channel: str, value: str) -> None:
    """[I still need it]"""
    consents.answer(ctx, value, user, agrees=False)


def ask_stop_idle(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Stop all of these that idle...] below a page of the fleet; its value is the filter, as typed."""
    return batches_controller.stop_idle(Ask(ctx, user, channel, value.split()))


def ask_stop_listed(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Stop all of these...] in a digest; its value is the local date."""
    return batches_controller.put(Ask(ctx, user, channel, []), digest.undecided(ctx, channel, value))


def ask_draft(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Ask about the N dearest]"""
    return batches_controller.told(Ask(ctx, user, channel, []), batches.ask_drafted(ctx, value, user))


def approve_batch(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Stop these N]; the outbox redraws the card."""
    batches.decide(ctx, value, user, yes=True)


def deny_batch(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep them running]"""
    batches.decide(ctx, value, user, yes=False)


BUTTONS: dict[str, Press] = {
    ASK_STOP_BUTTON: on_ask_stop,
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
    return approvals_blocks.card(action, deciders(action, ctx.roster()), consents.of(ctx, action_id))


def batch_card(ctx: Context, batch_id: str) -> Reply | None:
    """The card of several stops."""
    found = batches.of(ctx, batch_id)
    return batches_blocks.card(*found, deciders(found[1][0], ctx.roster())) if found else None


def card_reminder(ctx: Context, subject: str) -> Reply | None:
    """The card once more, in person, to somebody who can decide; its subject is "kind id person"."""
    kind, card_id, person = subject.split(" ")
    if kind == "batch":
        card, waits = batch_card(ctx, card_id), batches.is_open(ctx, card_id)
        ref = f"batch:{card_id}"
    elif kind == "hours":
        card, waits = hours_controller.hours_request(ctx, card_id), hours_service.is_open(ctx, card_id)
        ref = f"hours-wish:{card_id}"
    else:
        card, waits = action_card(ctx, card_id), approvals.is_open(ctx, card_id)
        ref = f"action:{card_id}"
    if card is None or not (waits or card_reminders.was_reminded(ctx, ref, person)):
        return None
    return approvals_blocks.reminder(card) if waits else card


def batch_ended(ctx: Context, batch_id: str) -> Reply | None:
    """How several stops ended, for the one who asked."""
    found = batches.of(ctx, batch_id)
    return batches_blocks.ended(*found) if found else None


def consent(ctx: Context, consent_id: str) -> Reply | None:
    """The question to a holder."""
    asked = consents.one(ctx, consent_id)
    action = queries.action(ctx, asked.action_id) if asked else None
    return consents_blocks.question(asked, action) if asked and action else None


def draw_break_glass(ctx: Context, action_id: str) -> Reply | None:
    """Somebody approved their own request."""
    action = queries.action(ctx, action_id)
    return approvals_blocks.glass_broken(action) if action else None


def action_ended(ctx: Context, action_id: str) -> Reply | None:
    """How it ended, for the one who asked."""
    action = queries.action(ctx, action_id)
    return approvals_blocks.ended(action, _instead(ctx, action)) if action else None


def action_news(ctx: Context, subject: str) -> Reply | None:
    """How far it is, for the one who asked; its subject is "action tries"."""
    action = queries.action(ctx, subject.partition(" ")[0])
    return approvals_blocks.news(action, _instead(ctx, action)) if action else None


def _instead(ctx: Context, action: Action) -> list[Block]:
    return approvals_blocks.instead(
        alternatives.machines_instead(ctx, action), alternatives.templates_instead(ctx, action)
    )


def launch_over(ctx: Context, subject: str) -> Reply | None:
    """The end of a launched machine's time, for whoever it is; its subject is "action why-it-is-not-stopped"."""
    action_id, _, why = subject.partition(" ")
    action = queries.action(ctx, action_id)
    if action is None:
        return None
    return launch_blocks.over(
        action, queries.name_of(ctx, action.made_id or action.instance_id), why, channel_of(ctx, action.team)
    )


def undelivered_card(ctx: Context, action_id: str) -> Reply | None:
    """The card could not be posted where it belongs, for the one who asked."""
    action = queries.action(ctx, action_id)
    return approvals_blocks.undelivered_card(action, undelivered.lost(ctx, action)) if action else None


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
    undelivered.CARD_KIND: undelivered_card,
}
