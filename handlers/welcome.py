"""The first words to a person, and to a channel that Valet was added to."""

from bot.services import welcome
from bot.services.context import Context
from handlers.blocks import welcome as welcome_blocks
from handlers.blocks.parts import Reply
from handlers.controller import Draw


def draw_welcome(_ctx: Context, _person: str) -> Reply:
    """For somebody who is here for the first time."""
    return welcome_blocks.welcome()


def draw_joined(ctx: Context, _channel: str) -> Reply:
    """For a channel that Valet was added to."""
    return welcome_blocks.joined(ctx.roster().admins)


MESSAGES: dict[str, Draw] = {welcome.WELCOME_MESSAGE: draw_welcome, welcome.JOINED_MESSAGE: draw_joined}
