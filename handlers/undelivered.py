"""/gpu undelivered: what could not be posted, for admins."""

from bot.services import undelivered
from bot.services.context import Context
from handlers.blocks import undelivered as undelivered_blocks
from handlers.blocks.parts import Reply
from handlers.blocks.undelivered import DROP_KEPT_BUTTON, TRY_AGAIN_BUTTON
from handlers.controller import Press
from handlers.verbs import Ask, Verb


def undelivered_listed(ask: Ask) -> Reply:
    """Where, why, and the beginning of what."""
    undelivered.refuse_others(ask.ctx, ask.user)
    found = undelivered.all_undelivered(ask.ctx)
    return undelivered_blocks.undelivered_places(
        [(each, [_text(ask.ctx, *one) for one in each.messages]) for each in found]
    )


def _text(ctx: Context, kind: str, subject: str) -> str:
    from handlers import topics  # they draw every message, of this topic as of any other

    drawn = topics.draw(ctx, kind, subject)
    return drawn.text if drawn else "There is nothing left to show of it."


VERBS = (
    Verb("undelivered", "undelivered", "What could not be posted, and another try; for admins.", undelivered_listed),
)


def try_again(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Try again]"""
    return undelivered_blocks.settled(undelivered.try_again(ctx, user, value), again=True)


def drop_button(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Drop]"""
    return undelivered_blocks.settled(undelivered.drop_undelivered(ctx, user, value), again=False)


BUTTONS: dict[str, Press] = {TRY_AGAIN_BUTTON: try_again, DROP_KEPT_BUTTON: drop_button}
