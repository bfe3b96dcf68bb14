"""Actions: their cards, and how they ended."""

from bot.domain.actions import deciders
from bot.services import looking
from bot.services.desk import Desk
from handlers.blocks import approvals
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def action_card(desk: Desk, action_id: str) -> Reply | None:
    """The approval card."""
    action = looking.action(desk, action_id)
    return approvals.card(action, deciders(action, desk.roster())) if action else None


def action_ended(desk: Desk, action_id: str) -> Reply | None:
    """How it ended, for the one who asked."""
    action = looking.action(desk, action_id)
    return approvals.ended(action) if action else None


KINDS: dict[str, Draw] = {"action_card": action_card, "action_ended": action_ended}
