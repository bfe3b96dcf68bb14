"""/cost forecast: what it will come to, and how good such answers were."""

import re
from dataclasses import replace
from typing import cast, get_args

from bot.domain.money.scope import TOTAL, Scope, ScopeKind
from bot.errors import NotFound, Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.money import accuracy as accuracy_service
from bot.services.money import forecast as forecast_service
from handlers.blocks.money import accuracy as accuracy_blocks
from handlers.blocks.money import forecast as forecast_blocks
from handlers.blocks.money import forecast_charts as forecast_charts_blocks
from handlers.blocks.money.forecast import Period
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON, Way
from handlers.blocks.parts import Reply
from handlers.controller import Press
from handlers.money import reports
from handlers.parsing import dates, periods
from handlers.parsing.scopes import SCOPES, read_scope
from handlers.verbs import Ask, Verb

ACCURACY = re.compile("acc?urr?ac[yi]")
"""As it is, and as it is misspelt."""
BESIDE = frozenset({"accuracy", "nights", "details"})
"""What a button asks for beside a forecast itself."""
WAYS: dict[str, Way] = {"team": "team", "teams": "team", "machine": "machine", "machines": "machine"}


def forecast(ask: Ask) -> Reply:
    """A scope, a period and a way to tell it apart, in any order."""
    if ask.words and ACCURACY.fullmatch(ask.words[0].lower()):
        return forecast_accuracy(replace(ask, words=ask.words[1:]))
    way, words = _way(ask.words)
    period, words = periods.read_period(words)
    try:
        about = read_scope(replace(ask, words=words), "forecast")
    except NotFound:
        periods.refuse_period(words)
        if dates.names_days(words, reports.today_of(ask.ctx)):
            command = f"{ask.ctx.settings.slack.cost_command} report {' '.join(words)[:40]}"
            past = f"For days that are over try `{command}`."
            raise Refused(f"A forecast begins today: say {', '.join(periods.FORECAST_PERIODS)}. {past}") from None
        raise
    return apart(ask.ctx, about, way) if way else full_forecast(ask.ctx, about, period or "month")


def _way(words: list[str]) -> tuple[Way | None, list[str]]:
    """The way that "by team" names, and the words without it. Raises Refused."""
    at = next((number for number, word in enumerate(words) if word.lower() in reports.BY_WORDS), None)
    if at is None:
        return None, words
    said = " ".join(words[at + 1 : at + 2])
    if said.lower() not in WAYS:
        raise Refused(f'By "{said[:40]}"? A forecast is split by team or by machine.')
    return WAYS[said.lower()], words[:at] + words[at + 2 :]


def apart(ctx: Context, about: Scope, way: Way) -> Reply:
    """A scope's forecast told apart by team or machine. Raises Refused."""
    if way == "team" and about.kind != "total":
        command = ctx.settings.slack.cost_command
        raise Refused(f"Only the forecast of everything is split by team. Try `{command} forecast by team`.")
    if about.kind == "instance":
        raise Refused(f"{about.label} is one machine: there is nothing to split.")
    return forecast_charts_blocks.by(forecast_service.report_for_asker(ctx, about), way)


def full_forecast(ctx: Context, about: Scope, period: Period = "month") -> Reply:
    """A scope's forecast."""
    return forecast_blocks.forecast(forecast_service.report_for_asker(ctx, about), period)


def details(ctx: Context, about: Scope) -> Reply:
    """What is behind it, with how good such forecasts were, and AWS's own beside it."""
    months = next(each for each in accuracy_service.accuracy_of(ctx, about).records if each.horizon == "30d")
    opinion = accuracy_service.second_opinion(ctx) if about == TOTAL else None
    return forecast_blocks.details(forecast_service.report_for_asker(ctx, about), record=months, opinion=opinion)


def forecast_of_button(ctx: Context, value: str) -> Reply:
    """The forecast, or the record, of a button's period and scope. Raises Refused."""
    period, _, about = value.partition("|")
    kind, _, key = about.partition("|")
    if kind not in get_args(ScopeKind) or period not in {
        *periods.FORECAST_PERIODS,
        *WAYS,
        "accuracy",
        "nights",
        "details",
    }:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    named = Scope(cast("ScopeKind", kind), key, queries.name_of(ctx, key) if kind == "instance" else "")
    if period == "accuracy":
        return _record(ctx, named)
    if period == "details":
        return details(ctx, named)
    if period == "nights":
        return forecast_charts_blocks.nights(forecast_service.report_for_asker(ctx, named))
    return (
        apart(ctx, named, WAYS[period])
        if period in WAYS
        else full_forecast(ctx, named, periods.FORECAST_PERIODS[period])
    )


def forecast_accuracy(ask: Ask) -> Reply:
    """How good forecasts of a scope were."""
    _, words = periods.read_period(_way(ask.words)[1])  # a record is told of every period at once
    return _record(ask.ctx, read_scope(replace(ask, words=words), "forecast accuracy"))


def _record(ctx: Context, about: Scope) -> Reply:
    found = accuracy_service.accuracy_of(ctx, about)
    return accuracy_blocks.accuracy(found.scope, found.records, found.teams, found.first_made, found.own)


VERBS = (
    Verb(
        "forecast",
        f"forecast [accuracy] [{SCOPES}] [month|7d|30d|90d] [by team|machine]",
        "What it will cost, and why; or how good such answers were.",
        forecast,
    ),
)


def on_forecast(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[30 days], [How good these are], [Forecast of nlp]: beside what was there."""
    return forecast_of_button(ctx, value)


BUTTONS: dict[str, Press] = {
    FORECAST_BUTTON: on_forecast,
}
