"""What a press is made of."""

from collections.abc import Callable

from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services import looking
from bot.services.desk import Desk
from handlers.blocks.parts import Reply

Press = Callable[[Desk, str, str, str], Reply | None]
"""Takes the desk, who pressed, in which channel, and the button's value."""


def number(text: str) -> int | None:
    """The number in a button's value; None where there is none that one of ours could have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def listed(desk: Desk, instance_id: str) -> Listing:
    """The instance a button is about. Raises Refused when it is gone."""
    found = looking.listing(desk, instance_id)
    if found is None:
        raise Refused("That instance is gone. `/gpu status` shows what there is.")
    return found
