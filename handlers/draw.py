"""Draws a message of the outbox."""

from bot.services.desk import Desk
from handlers.blocks.parts import Reply
from handlers.messages import (
    acting,
    booking,
    budgets,
    claims,
    digest,
    draining,
    granting,
    handing,
    keeping,
    line,
    notices,
    parking,
    reminders,
    retiring,
    running,
    troubles,
    using,
    weekly,
)
from handlers.messages.drawing import Draw
from handlers.spelling import spelled

KINDS: dict[str, Draw] = {
    **acting.KINDS,
    **parking.KINDS,
    **claims.KINDS,
    **reminders.KINDS,
    **keeping.KINDS,
    **using.KINDS,
    **booking.KINDS,
    **handing.KINDS,
    **line.KINDS,
    **granting.KINDS,
    **running.KINDS,
    **digest.KINDS,
    **draining.KINDS,
    **retiring.KINDS,
    **notices.KINDS,
    **weekly.KINDS,
    **budgets.KINDS,
    **troubles.KINDS,
}


def draw(desk: Desk, kind: str, subject: str) -> Reply | None:
    """A message of this kind about this subject; None when there is nothing left to show."""
    known = KINDS.get(kind)
    reply = known(desk, subject) if known else None
    return spelled(desk, reply) if reply else None
