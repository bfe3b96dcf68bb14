"""Actions: their cards, and how they ended."""

from bot.domain.acting.actions import Action
from bot.domain.acting.deciders import deciders
from bot.services import looking
from bot.services.acting import alternatives, batching, consenting, elsewhere, outliving
from bot.services.desk import Desk, channel_of
from handlers.blocks.acting import approvals, batches, consents, launches
from handlers.blocks.parts import Block, Reply
from handlers.messages.drawing import Draw


def action_card(desk: Desk, action_id: str) -> Reply | None:
    """The approval card."""
    action = looking.action(desk, action_id)
    if action is None:
        return None
    return approvals.card(action, deciders(action, desk.roster()), consenting.of(desk, action_id))


def batch_card(desk: Desk, batch_id: str) -> Reply | None:
    """The card of several stops."""
    found = batching.of(desk, batch_id)
    return batches.card(*found, deciders(found[1][0], desk.roster())) if found else None


def batch_ended(desk: Desk, batch_id: str) -> Reply | None:
    """How several stops ended, for the one who asked."""
    found = batching.of(desk, batch_id)
    return batches.ended(*found) if found else None


def consent(desk: Desk, consent_id: str) -> Reply | None:
    """The question to a holder."""
    asked = consenting.one(desk, consent_id)
    action = looking.action(desk, asked.action_id) if asked else None
    return consents.question(asked, action) if asked and action else None


def break_glass(desk: Desk, action_id: str) -> Reply | None:
    """Somebody approved their own request."""
    action = looking.action(desk, action_id)
    return approvals.glass_broken(action) if action else None


def action_ended(desk: Desk, action_id: str) -> Reply | None:
    """How it ended, for the one who asked."""
    action = looking.action(desk, action_id)
    return approvals.ended(action, _instead(desk, action)) if action else None


def action_news(desk: Desk, subject: str) -> Reply | None:
    """How far it is, for the one who asked; its subject is "action tries"."""
    action = looking.action(desk, subject.partition(" ")[0])
    return approvals.news(action, _instead(desk, action)) if action else None


def _instead(desk: Desk, action: Action) -> list[Block]:
    return approvals.instead(alternatives.to(desk, action), alternatives.templates(desk, action))


def launch_over(desk: Desk, subject: str) -> Reply | None:
    """The end of a launched machine's time, for whoever it is; its subject is "action why-it-is-not-stopped"."""
    action_id, _, why = subject.partition(" ")
    action = looking.action(desk, action_id)
    if action is None:
        return None
    return launches.over(action, looking.name_of(desk, action.made_id), why, channel_of(desk, action.team))


def card_elsewhere(desk: Desk, action_id: str) -> Reply | None:
    """The card could not be posted where it belongs, for the one who asked."""
    action = looking.action(desk, action_id)
    return approvals.elsewhere(action, elsewhere.lost(desk, action)) if action else None


KINDS: dict[str, Draw] = {
    "action_card": action_card,
    "batch_card": batch_card,
    "batch_ended": batch_ended,
    "consent": consent,
    "action_ended": action_ended,
    "break_glass": break_glass,
    "action_news": action_news,
    outliving.KIND: launch_over,
    elsewhere.KIND: card_elsewhere,
}
