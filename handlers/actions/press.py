"""Every button there is."""

from bot.errors import Refused
from bot.services.desk import Desk
from handlers.actions import (
    acting,
    bill,
    booking,
    budgets,
    calendar,
    claims,
    clarifying,
    draining,
    find,
    fleet,
    granting,
    handing,
    hints,
    keeping,
    line,
    money,
    owned,
    parking,
    reports,
    running,
    savings,
    undelivered,
    using,
)
from handlers.actions.pressing import Press
from handlers.blocks.parts import Reply

PRESSES: dict[str, Press] = {
    **fleet.PRESSES,
    **claims.PRESSES,
    **clarifying.PRESSES,
    **booking.PRESSES,
    **calendar.PRESSES,
    **find.PRESSES,
    **hints.PRESSES,
    **acting.PRESSES,
    **parking.PRESSES,
    **draining.PRESSES,
    **owned.PRESSES,
    **bill.PRESSES,
    **money.PRESSES,
    **savings.PRESSES,
    **budgets.PRESSES,
    **reports.PRESSES,
    **handing.PRESSES,
    **keeping.PRESSES,
    **using.PRESSES,
    **line.PRESSES,
    **granting.PRESSES,
    **running.PRESSES,
    **undelivered.PRESSES,
}


def press(desk: Desk, action_id: str, user: str, channel: str, *, value: str) -> Reply | None:
    """Do what a button says. Raises Refused when it is none of ours any more."""
    known = PRESSES.get(action_id.partition(":")[0])
    if known is None:
        raise Refused("This button is from another version of Valet and does nothing now. Use the command instead.")
    return known(desk, user, channel, value)
