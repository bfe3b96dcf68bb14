"""Buttons of budgets."""

from bot.domain.money.report import Scope
from bot.services.desk import Desk
from bot.services.money import forecasting
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks import cost
from handlers.blocks.parts import Reply
from handlers.commands import budgets
from handlers.commands.verbs import Ask


def drivers(desk: Desk, _user: str, _channel: str, value: str) -> Reply:
    """[What drives it]: the forecast of a team or of everything."""
    return cost.forecast(forecasting.answer(desk, _scope(value)), "month")


def one(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[nlp]: its budget in full."""
    return budgets.of_scope(Ask(desk, user, channel, []), _scope(value))


def _scope(value: str) -> Scope:
    kind, _, key = value.partition(":")
    return Scope("team", key) if kind == "team" else forecasting.TOTAL


PRESSES: dict[str, Press] = {ids.BUDGET_DRIVERS: drivers, ids.BUDGET: one}
