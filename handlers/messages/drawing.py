"""What drawing a message takes."""

from collections.abc import Callable

from bot.services.desk import Desk
from handlers.blocks.parts import Reply

Draw = Callable[[Desk, str], Reply | None]
"""Takes the desk and the subject; None when there is nothing left to show."""
