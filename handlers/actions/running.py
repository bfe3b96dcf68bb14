"""Ending a run."""

from bot.services.desk import Desk
from bot.services.sharing import running
from handlers import ids
from handlers.actions.pressing import Press


def cancel(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Cancel the run]; the outbox redraws its message."""
    running.cancel(desk, value, user)


PRESSES: dict[str, Press] = {ids.RUN_CANCEL: cancel}
