"""Keeping a machine for a while, and deciding on on-hours that somebody asks for."""

from bot.services.acting import snoozing, wishing_hours
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.acting import parking
from handlers.blocks.parts import Reply


def snooze(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Keep X 4 h]"""
    listing = listed(desk, value)
    return parking.snoozed(listing, snoozing.keep(desk, value, user))


def end(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[End the snooze]"""
    listing = listed(desk, value)
    return parking.unsnoozed(listing, user, snoozing.end(desk, listing, user), desk.clock())


def set_hours(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Set them]; the outbox redraws the card."""
    wishing_hours.decide(desk, value, user, yes=True)


def refuse_hours(desk: Desk, user: str, channel: str, value: str) -> None:
    """[No]"""
    wishing_hours.decide(desk, value, user, yes=False)


PRESSES: dict[str, Press] = {
    ids.SNOOZE: snooze,
    ids.SNOOZE_END: end,
    ids.HOURS_YES: set_hours,
    ids.HOURS_NO: refuse_hours,
}
