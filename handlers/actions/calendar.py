"""The week ahead of one machine."""

from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands import calendar
from handlers.commands.verbs import Ask


def show(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Calendar of X]"""
    return calendar.of_one(Ask(desk, user, channel, []), listed(desk, value))


PRESSES: dict[str, Press] = {ids.CALENDAR: show}
