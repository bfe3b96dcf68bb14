"""Buttons of budgets."""

from typing import cast, get_args

from bot.domain.money.report import Scope, ScopeKind
from bot.errors import Refused
from bot.services import looking
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
    return cost.forecast(forecasting.answer(desk, _scope(desk, value)), "month")


def one(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[nlp]: its budget in full."""
    return budgets.of_scope(Ask(desk, user, channel, []), _scope(desk, value))


def _scope(desk: Desk, value: str) -> Scope:
    """Raises Refused."""
    kind, _, key = value.partition(":")
    if kind not in get_args(ScopeKind):
        raise Refused("This button is from another version of Valet. Use the command instead.")
    return Scope(cast("ScopeKind", kind), key, looking.name_of(desk, key) if kind == "instance" else "")


PRESSES: dict[str, Press] = {ids.BUDGET_DRIVERS: drivers, ids.BUDGET: one}
