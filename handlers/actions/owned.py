"""Saying how many GPUs an owned machine has."""

from bot.services.acting import owned
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, number
from handlers.blocks.acting import owned as blocks
from handlers.blocks.parts import Reply


def gpus_now(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[X has 7 GPUs now]"""
    count, _, instance_id = value.partition("|")
    return blocks.confirmed(owned.confirm(desk, instance_id, user, number(count) or 0))


PRESSES: dict[str, Press] = {ids.GPUS_NOW: gpus_now}
"""Buttons that say what an owned machine is."""
