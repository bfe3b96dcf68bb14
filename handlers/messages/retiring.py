"""What channels hear of the ends of owned machines."""

from bot.services.acting import retiring
from bot.services.desk import Desk
from handlers.blocks.acting import retiring as blocks
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def retirement(desk: Desk, retirement_id: str) -> Reply | None:
    """An end that is announced, done, or taken back."""
    end = retiring.retirement_of(desk, retirement_id)
    return blocks.told(end) if end else None


KINDS: dict[str, Draw] = {"retirement": retirement}
