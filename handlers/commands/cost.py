"""/cost: what it will come to."""

from bot.services import forecasting
from handlers.blocks import cost
from handlers.blocks.parts import Reply
from handlers.commands import bill, prices, renting
from handlers.commands.scopes import SCOPES, scope
from handlers.commands.verbs import Ask, Verb


def forecast(ask: Ask) -> Reply:
    """The month and the next 30 days."""
    return cost.forecast(forecasting.answer(ask.desk, scope(ask, "forecast")))


VERBS = (
    Verb("forecast", f"forecast [{SCOPES}]", "What the month and the next 30 days will cost.", forecast),
    *bill.VERBS,
    *renting.VERBS,
    *prices.VERBS,
)
