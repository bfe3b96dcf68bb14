"""The bill of another month or day."""

from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.parts import Reply
from handlers.commands import bill
from handlers.commands.verbs import Ask


def show(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[October 2026], [Only 20 Nov]: in place."""
    shown = bill.bill(Ask(desk, user, channel, [value]))
    return Reply(shown.text, shown.blocks, replace=True)


PRESSES: dict[str, Press] = {ids.BILL: show}
