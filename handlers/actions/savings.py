"""Savings of another month or year."""

from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.parts import Reply
from handlers.commands import savings as command
from handlers.commands.verbs import Ask


def savings(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[All of 2026] and [This month], in place."""
    shown = command.savings(Ask(desk, user, channel, [value]))
    return Reply(shown.text, shown.blocks, replace=True)


PRESSES: dict[str, Press] = {ids.SAVINGS: savings}
