"""/cost: what it will come to."""

import re
from dataclasses import replace
from typing import cast, get_args

from bot.domain.money.report import Scope, ScopeKind
from bot.errors import NotFound, Refused
from bot.services import looking
from bot.services.desk import Desk
from bot.services.money import forecasting, scoring, second_opinion
from handlers.blocks.money import accuracy as records
from handlers.blocks.money import cost, cost_pieces
from handlers.blocks.money.cost import Period
from handlers.blocks.money.cost_pieces import Way
from handlers.blocks.parts import Reply
from handlers.commands import bill, budgets, prices, renting, reports, savings
from handlers.commands.scopes import SCOPES, scope
from handlers.commands.verbs import Ask, Verb

PERIODS: dict[str, Period] = {"month": "month", "7d": "7d", "30d": "30d", "90d": "90d"}
WAYS: dict[str, Way] = {"team": "team", "teams": "team", "machine": "machine", "machines": "machine"}


def forecast(ask: Ask) -> Reply:
    """A scope, a period and a way to tell it apart, in any order."""
    if ask.words and ask.words[0].lower() == "accuracy":
        return accuracy(replace(ask, words=ask.words[1:]))
    way, words = _way(ask.words)
    said = [word for word in words if word.lower() in PERIODS]
    if len(said) > 1:
        raise Refused(f"Say one period, {' or '.join(said)}.")
    named = replace(ask, words=[word for word in words if word.lower() not in PERIODS])
    try:
        about = scope(named, "forecast")
    except NotFound:
        _refuse_period(named.words)
        raise
    if way:
        return apart(ask.desk, about, way)
    return told(ask.desk, about, PERIODS[said[0].lower()] if said else "month")


def _way(words: list[str]) -> tuple[Way | None, list[str]]:
    """The way that "by team" names, and the words without it. Raises Refused."""
    at = next((number for number, word in enumerate(words) if word.lower() == "by"), None)
    if at is None:
        return None, words
    said = " ".join(words[at + 1 : at + 2])
    if said.lower() not in WAYS:
        raise Refused(f'By "{said[:40]}"? Forecasts are told by team or by machine.')
    return WAYS[said.lower()], words[:at] + words[at + 2 :]


def _refuse_period(words: list[str]) -> None:
    for word in words:
        if re.fullmatch(r"[+-]?\d+(\.\d+)?[a-z]*|this|next|(day|week|month|quarter|year)s?", word.lower(), re.ASCII):
            raise Refused(f'"{word[:40]}" is no period of a forecast. Say {", ".join(PERIODS)}; month without one.')


def apart(desk: Desk, about: Scope, way: Way) -> Reply:
    """A scope's forecast told apart by team or machine. Raises Refused."""
    if way == "team" and about.kind != "total":
        raise Refused(f"Only everything is told by team. Try `{desk.settings.slack.cost_command} forecast by team`.")
    if about.kind == "instance":
        raise Refused(f"{about.label} is one machine: there is nothing to tell apart.")
    return cost_pieces.by(forecasting.answer(desk, about), way)


def told(desk: Desk, about: Scope, period: Period = "month") -> Reply:
    """A scope's forecast, with how good such forecasts were, and AWS's own beside it."""
    months = next(each for each in scoring.accuracy(desk, about).records if each.horizon == "30d")
    opinion = second_opinion.newest(desk) if about == forecasting.TOTAL else None
    return cost.forecast(forecasting.answer(desk, about), period, record=months, opinion=opinion)


def pressed(desk: Desk, value: str) -> Reply:
    """The forecast, or the record, of a button's period and scope. Raises Refused."""
    period, _, about = value.partition("|")
    kind, _, key = about.partition("|")
    if kind not in get_args(ScopeKind) or period not in {*PERIODS, *WAYS, "accuracy", "nights"}:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    named = Scope(cast("ScopeKind", kind), key, looking.name_of(desk, key) if kind == "instance" else "")
    if period == "accuracy":
        return _record(desk, named)
    if period == "nights":
        return cost_pieces.nights(forecasting.answer(desk, named))
    return apart(desk, named, WAYS[period]) if period in WAYS else told(desk, named, PERIODS[period])


def accuracy(ask: Ask) -> Reply:
    """How good forecasts of a scope were."""
    return _record(ask.desk, scope(ask, "forecast accuracy"))


def _record(desk: Desk, about: Scope) -> Reply:
    found = scoring.accuracy(desk, about)
    return records.accuracy(found.scope, found.records, found.teams, found.first_made, found.own)


VERBS = (
    Verb(
        "forecast",
        f"forecast [accuracy] [{SCOPES}] [month|7d|30d|90d] [by team|machine]",
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
