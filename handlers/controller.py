"""What a press is made of."""

from collections.abc import Callable

from bot.domain import parts
from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from handlers.blocks.parts import Reply

Press = Callable[[Context, str, str, str], Reply | None]
"""Takes the context, who pressed, in which channel, and the button's value."""


def number(text: str) -> int | None:
    """The number in a button's value; None where there is none that one of ours could have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def listed(ctx: Context, instance_id: str) -> Listing:
    """The instance a button is about. Raises Refused when it is gone."""
    found = queries.listing(ctx, instance_id)
    if found is None:
        raise Refused(f"That instance is gone. {parts.gpu('status')} shows what there is.")
    return found


def value_parts(value: str, count: int) -> list[str]:
    """So many parts of a button's value. Raises Refused."""
    parts = value.split("|")
    if len(parts) != count:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    return parts


def whole(text: str) -> int:
    """The number in a button's value. Raises Refused."""
    found = number(text)
    if found is None:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    return found


Draw = Callable[[Context, str], Reply | None]
"""Takes the context and the subject; None when there is nothing left to show."""
