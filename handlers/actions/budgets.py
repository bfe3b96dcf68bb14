"""Buttons of budgets."""

from bot.errors import Refused
from bot.services.desk import Desk
from bot.services.money import budget_csv, budgeting, forecasting
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.money import budgets as blocks
from handlers.blocks.money import cost
from handlers.blocks.parts import Reply
from handlers.commands import budgets
from handlers.commands.scopes import stored
from handlers.commands.verbs import Ask


def drivers(desk: Desk, _user: str, _channel: str, value: str) -> Reply:
    """[What drives it]: the forecast of a team or of everything."""
    return cost.forecast(forecasting.answer(desk, stored(desk, value)), "month")


def one(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[nlp]: its budget in full."""
    return budgets.of_scope(Ask(desk, user, channel, []), stored(desk, value))


def as_csv(desk: Desk, _user: str, _channel: str, value: str) -> Reply:
    """[As CSV] of one budget, or of all of them: to whoever pressed."""
    one_of = None if value == blocks.ALL else budgeting.standing(desk, stored(desk, value))
    found = budgets.every(desk) if value == blocks.ALL else [one_of] if one_of else []
    if not found:
        raise Refused("That budget is not set any more.")
    return blocks.as_csv(found[0].month, "".join(budget_csv.lines(found)))


PRESSES: dict[str, Press] = {ids.BUDGET_DRIVERS: drivers, ids.BUDGET: one, ids.BUDGET_CSV: as_csv}
