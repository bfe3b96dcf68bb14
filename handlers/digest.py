"""The daily digest, and [Keep] in it."""

from bot.errors import Refused
from bot.services import digest, queries
from bot.services.acting import snooze as snooze_service
from bot.services.context import Context
from handlers.blocks import digest as digest_blocks
from handlers.blocks.digest import DIGEST_HOW_BUTTON, KEEP_IDLE_BUTTON
from handlers.blocks.parts import Reply
from handlers.controller import Draw, Press, value_parts


def keep_idle(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Keep] in a digest: no digest asks about it for a day."""
    snooze = snooze_service.snooze_by_button(ctx, value, user, length=digest.KEEP_FOR)
    return digest_blocks.kept_until(queries.name_of(ctx, value), snooze.until_at)


def on_how_counted(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[How this is counted]"""
    where, day = value_parts(value, 2)
    made = digest.digest_of(ctx, where, day)
    if made is None:
        raise Refused("That digest is not kept any more.")
    return digest_blocks.digest_counted(made)


BUTTONS: dict[str, Press] = {
    DIGEST_HOW_BUTTON: on_how_counted,
    KEEP_IDLE_BUTTON: keep_idle,
}


def daily_digest(ctx: Context, subject: str) -> Reply | None:
    """A digest; its subject is "channel|date"."""
    channel, _, local_date = subject.partition("|")
    made = digest.digest_of(ctx, channel, local_date)
    return digest_blocks.digest(made) if made else None


MESSAGES: dict[str, Draw] = {"digest": daily_digest}
