"""Ending a drain."""

from bot.services.acting import draining
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.acting import draining as blocks
from handlers.blocks.parts import Reply


def end(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[End the drain of X]"""
    return blocks.drained(draining.end(desk, value, user))


PRESSES: dict[str, Press] = {ids.DRAIN_END: end}
