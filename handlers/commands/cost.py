"""/cost: what it will come to."""

from bot.errors import Refused
from bot.services import forecasting
from handlers.blocks import cost
from handlers.blocks.cost import Period
from handlers.blocks.parts import Reply
from handlers.commands import bill, prices, renting, savings
from handlers.commands.scopes import SCOPES, scope
from handlers.commands.verbs import Ask, Verb

PERIODS: dict[str, Period] = {"month": "month", "30d": "30d", "90d": "90d"}


def forecast(ask: Ask) -> Reply:
    """A scope and a period, either first."""
    said = [word for word in ask.words if word.lower() in PERIODS]
    named = Ask(ask.desk, ask.user, ask.channel, [word for word in ask.words if word.lower() not in PERIODS])
    if len(said) > 1:
        raise Refused(f"Say one period, {' or '.join(said)}.")
    period = PERIODS[said[0].lower()] if said else "month"
    return cost.forecast(forecasting.answer(ask.desk, scope(named, "forecast")), period)


VERBS = (
    Verb("forecast", f"forecast [{SCOPES}] [month|30d|90d]", "What it will cost, and why.", forecast),
    *bill.VERBS,
    *renting.VERBS,
    *prices.VERBS,
    *savings.VERBS,
)
