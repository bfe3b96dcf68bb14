"""/cost: what it will come to."""

from typing import cast, get_args

from bot.domain.money.report import Scope, ScopeKind
from bot.errors import Refused
from bot.services import looking
from bot.services.desk import Desk
from bot.services.money import forecasting, scoring, second_opinion
from handlers.blocks import accuracy as records
from handlers.blocks import cost
from handlers.blocks.cost import Period
from handlers.blocks.parts import Reply
from handlers.commands import bill, budgets, prices, renting, reports, savings
from handlers.commands.scopes import SCOPES, scope
from handlers.commands.verbs import Ask, Verb

PERIODS: dict[str, Period] = {"month": "month", "30d": "30d", "90d": "90d"}


def forecast(ask: Ask) -> Reply:
    """A scope and a period, either first."""
    if ask.words and ask.words[0].lower() == "accuracy":
        return accuracy(Ask(ask.desk, ask.user, ask.channel, ask.words[1:]))
    said = [word for word in ask.words if word.lower() in PERIODS]
    named = Ask(ask.desk, ask.user, ask.channel, [word for word in ask.words if word.lower() not in PERIODS])
    if len(said) > 1:
        raise Refused(f"Say one period, {' or '.join(said)}.")
    period = PERIODS[said[0].lower()] if said else "month"
    return told(ask.desk, scope(named, "forecast"), period)


def told(desk: Desk, about: Scope, period: Period = "month") -> Reply:
    """A scope's forecast, with how good such forecasts were, and AWS's own beside it."""
    months = next(each for each in scoring.accuracy(desk, about).records if each.horizon == "30d")
    opinion = second_opinion.newest(desk) if about == forecasting.TOTAL else None
    return cost.forecast(forecasting.answer(desk, about), period, record=months, opinion=opinion)


def pressed(desk: Desk, value: str) -> Reply:
    """The forecast, or the record, of a button's period and scope. Raises Refused."""
    period, _, about = value.partition("|")
    kind, _, key = about.partition("|")
    if kind not in get_args(ScopeKind) or period not in {*PERIODS, "accuracy"}:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    named = Scope(cast("ScopeKind", kind), key, looking.name_of(desk, key) if kind == "instance" else "")
    if period == "accuracy":
        return _record(desk, named)
    return told(desk, named, PERIODS[period])


def accuracy(ask: Ask) -> Reply:
    """How good forecasts of a scope were."""
    return _record(ask.desk, scope(ask, "forecast accuracy"))


def _record(desk: Desk, about: Scope) -> Reply:
    found = scoring.accuracy(desk, about)
    return records.accuracy(found.scope, found.records, found.teams, found.first_made, found.own)


VERBS = (
    Verb(
        "forecast",
        f"forecast [accuracy] [{SCOPES}] [month|30d|90d]",
        "What it will cost, and why; or how good such answers were.",
        forecast,
    ),
    *reports.VERBS,
    *bill.VERBS,
    *renting.VERBS,
    *prices.VERBS,
    *savings.VERBS,
    *budgets.VERBS,
)
