"""Another try for what could not be posted, or its end."""

from bot.services import undelivered
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks import undelivered as blocks
from handlers.blocks.parts import Reply


def try_again(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Try again]"""
    return blocks.settled(undelivered.try_again(desk, user, value), again=True)


def drop(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Drop]"""
    return blocks.settled(undelivered.drop(desk, user, value), again=False)


PRESSES: dict[str, Press] = {ids.TRY_AGAIN: try_again, ids.DROP_KEPT: drop}
