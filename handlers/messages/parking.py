"""What is stopped by rule; a notice's subject is "channel|moment"."""

from bot.services.acting import parking as service
from bot.services.desk import Desk
from handlers.blocks import parking
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def notice(desk: Desk, subject: str) -> Reply | None:
    """What stops then, or has."""
    channel, _, moment = subject.partition("|")
    return parking.notice(service.notice(desk, channel, int(moment)), int(moment), desk.clock())


def soon(desk: Desk, subject: str) -> Reply | None:
    """The last warning."""
    channel, _, moment = subject.partition("|")
    return parking.soon(service.notice(desk, channel, int(moment)), int(moment))


KINDS: dict[str, Draw] = {"parking": notice, "parking_soon": soon}
