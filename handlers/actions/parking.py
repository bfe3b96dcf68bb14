"""Keeping a machine for a while."""

from bot.services.acting import snoozing
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.acting import parking
from handlers.blocks.parts import Reply


def snooze(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Keep X 4 h]"""
    listing = listed(desk, value)
    return parking.snoozed(listing, snoozing.keep(desk, listing, user))


def end(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[End the snooze]"""
    listing = listed(desk, value)
    return parking.unsnoozed(listing, user, snoozing.end(desk, listing, user), desk.clock())


PRESSES: dict[str, Press] = {ids.SNOOZE: snooze, ids.SNOOZE_END: end}
