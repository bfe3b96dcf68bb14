"""Saying how many GPUs an owned machine has, and that it is no more."""

from bot.services.acting import owned, retiring
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, number
from handlers.blocks.acting import owned as blocks
from handlers.blocks.acting import retiring as ends
from handlers.blocks.parts import Reply


def gpus_now(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[X has 7 GPUs now]"""
    count, _, instance_id = value.partition("|")
    return blocks.confirmed(owned.confirm(desk, instance_id, user, number(count) or 0))


def retire(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Retire X]"""
    return ends.told(retiring.retire(desk, value, user))


def take_back(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Keep X] and [Bring X back]"""
    return ends.told(retiring.take_back(desk, value, user))


PRESSES: dict[str, Press] = {ids.GPUS_NOW: gpus_now, ids.RETIRE: retire, ids.UNRETIRE: take_back}
"""Buttons that say what an owned machine is."""
