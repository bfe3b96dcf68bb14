"""The daily digest."""

from bot.services import digesting
from bot.services.desk import Desk
from handlers.blocks import digest
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def daily_digest(desk: Desk, subject: str) -> Reply | None:
    """A digest; its subject is "channel|date"."""
    channel, _, local_date = subject.partition("|")
    made = digesting.digest_of(desk, channel, local_date)
    return digest.digest(made) if made else None


KINDS: dict[str, Draw] = {"digest": daily_digest}
