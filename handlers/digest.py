"""The daily digest, and [Keep] in it."""

from bot.services import digest, queries
from bot.services.acting import snooze as snooze_service
from bot.services.context import Context
from handlers.blocks import digest as digest_blocks
from handlers.blocks.digest import KEEP_IDLE_BUTTON
from handlers.blocks.parts import Reply
from handlers.controller import Draw, Press


def keep_idle(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Keep] in a digest: no digest asks about it for a day."""
    snooze = snooze_service.snooze_by_button(ctx, value, user, length=digest.KEEP_FOR)
    return digest_blocks.kept(queries.name_of(ctx, value), snooze.until_at)


BUTTONS: dict[str, Press] = {
    KEEP_IDLE_BUTTON: keep_idle,
}


def daily_digest(ctx: Context, subject: str) -> Reply | None:
    """A digest; its subject is "channel|date"."""
    channel, _, local_date = subject.partition("|")
    made = digest.digest_of(ctx, channel, local_date)
    return digest_blocks.digest(made) if made else None


MESSAGES: dict[str, Draw] = {"digest": daily_digest}
