"""What admins are told when Valet itself is in trouble."""

from bot.services import backing_up, posting
from bot.services.desk import Desk
from handlers.blocks import troubles
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def undelivered(_desk: Desk, subject: str) -> Reply | None:
    """A channel that can't be posted to, for an admin; its subject is "channel error"."""
    channel, _, error = subject.partition(" ")
    return troubles.undelivered(channel, error)


def backup_failed(_desk: Desk, subject: str) -> Reply | None:
    """A nightly backup that could not be made, for an admin; its subject is why."""
    return troubles.backup_failed(subject)


KINDS: dict[str, Draw] = {posting.UNDELIVERED: undelivered, backing_up.FAILED: backup_failed}
