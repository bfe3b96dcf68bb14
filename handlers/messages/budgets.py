"""What channels hear of budgets and of unusual days."""

from bot.services.desk import Desk
from bot.services.money import budgeting, surprising
from handlers.blocks.money import budgets
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def budget(desk: Desk, subject: str) -> Reply | None:
    """A budget that is nearly spent, spent, or expected to be; its subject is "scope|month|mark|micros"."""
    found = budgeting.told(desk, subject)
    return budgets.told(*found) if found else None


def unusual_day(desk: Desk, subject: str) -> Reply | None:
    """A day far outside its own interval; its subject is "scope|day"."""
    found = surprising.told(desk, subject)
    return budgets.unusual(found) if found else None


KINDS: dict[str, Draw] = {budgeting.KIND: budget, surprising.KIND: unusual_day}
