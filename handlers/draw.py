"""Draws a message of the outbox."""

from bot.services.desk import Desk
from handlers.blocks.parts import Reply
from handlers.messages import acting, booking, claims, digest, granting, handing, line, reminders, running, troubles
from handlers.messages.drawing import Draw

KINDS: dict[str, Draw] = {
    **acting.KINDS,
    **claims.KINDS,
    **reminders.KINDS,
    **booking.KINDS,
    **handing.KINDS,
    **line.KINDS,
    **granting.KINDS,
    **running.KINDS,
    **digest.KINDS,
    **troubles.KINDS,
}


def draw(desk: Desk, kind: str, subject: str) -> Reply | None:
    """A message of this kind about this subject; None when there is nothing left to show."""
    known = KINDS.get(kind)
    return known(desk, subject) if known else None
