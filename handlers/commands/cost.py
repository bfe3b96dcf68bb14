"""/cost: what it will come to, and which verb is meant where none is typed."""

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
from handlers.commands import bill, budgets, days, periods, prices, renting, reports, savings, verbs
from handlers.commands.scopes import SCOPES, named_scope, scope
from handlers.commands.verbs import Ask, Verb

ACCURACY = re.compile("acc?urr?ac[yi]")
"""As it is, and as it is misspelt."""
WAYS: dict[str, Way] = {"team": "team", "teams": "team", "machine": "machine", "machines": "machine"}


def forecast(ask: Ask) -> Reply:
    """A scope, a period and a way to tell it apart, in any order."""
    if ask.words and ACCURACY.fullmatch(ask.words[0].lower()):
        return accuracy(replace(ask, words=ask.words[1:]))
    way, words = _way(ask.words)
    period, words = periods.period(words)
    try:
        about = scope(replace(ask, words=words), "forecast")
    except NotFound:
        periods.refuse(words)
        if days.reads(words, reports.today_of(ask.desk)):
            command = f"{ask.desk.settings.slack.cost_command} report {' '.join(words)[:40]}"
            past = f"`{command}` tells of days that are over."
            raise Refused(f"A forecast begins today: say {', '.join(periods.PERIODS)}. {past}") from None
        raise
    return apart(ask.desk, about, way) if way else told(ask.desk, about, period or "month")


def _way(words: list[str]) -> tuple[Way | None, list[str]]:
    """The way that "by team" names, and the words without it. Raises Refused."""
    at = next((number for number, word in enumerate(words) if word.lower() in reports.BY), None)
    if at is None:
        return None, words
    said = " ".join(words[at + 1 : at + 2])
    if said.lower() not in WAYS:
        raise Refused(f'By "{said[:40]}"? Forecasts are told by team or by machine.')
    return WAYS[said.lower()], words[:at] + words[at + 2 :]


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
    if kind not in get_args(ScopeKind) or period not in {*periods.PERIODS, *WAYS, "accuracy", "nights"}:
        raise Refused("This button is from another version of Valet. Use the command instead.")
    named = Scope(cast("ScopeKind", kind), key, looking.name_of(desk, key) if kind == "instance" else "")
    if period == "accuracy":
        return _record(desk, named)
    if period == "nights":
        return cost_pieces.nights(forecasting.answer(desk, named))
    return apart(desk, named, WAYS[period]) if period in WAYS else told(desk, named, periods.PERIODS[period])


def accuracy(ask: Ask) -> Reply:
    """How good forecasts of a scope were."""
    _, words = periods.period(_way(ask.words)[1])  # a record is told of every period at once
    return _record(ask.desk, scope(replace(ask, words=words), "forecast accuracy"))


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

ALSO = {
    **dict.fromkeys(("spend", "spent", "spending", "reports", "total", "top"), "report"),
    **dict.fromkeys(("waste", "wasted", "idling"), "idle"),
    **dict.fromkeys(("invoice", "invoices", "bills", "billed"), "bill"),
    **dict.fromkeys(("saved", "saving"), "savings"),
    **dict.fromkeys(("price", "pricing"), "prices"),
    **dict.fromkeys(("buy", "rent", "buy-or-rent", "rentorbuy"), "rent-or-buy"),
    "forecasts": "forecast",
    "budgets": "budget",
}
"""Other words for a verb."""
RENT_OR_BUY = (["rent", "or", "buy"], ["rent", "vs", "buy"], ["buy", "or", "rent"], ["buy", "vs", "rent"])


def run(ask: Ask) -> Reply:
    """Run the verb that is meant: days, or a way to tell them apart, without a verb are a report."""
    words, lower = ask.words, [word.lower() for word in ask.words]
    command = ask.desk.settings.slack.cost_command
    if "csv" in lower:
        rest = " ".join(word for word in words if word.lower() not in {"as", "csv", "to", "export"}) or "report"
        raise Refused(f"Files come by a button: try `{command} {rest[:60]}`, and press [As CSV] below the answer.")
    if lower[:3] in RENT_OR_BUY:
        words = ["rent-or-buy", *words[3:]]
    elif lower and lower[0] in ALSO:
        words = [ALSO[lower[0]], *words[1:]]
    elif lower and lower[0] not in {verb.name for verb in VERBS} and _is_report(ask, lower):
        words = ["report", *words]
    about = named_scope(ask.desk, words[0]) if words and words[0].lower() not in {verb.name for verb in VERBS} else None
    if about is not None:
        name = about.label or about.key
        raise Refused(f"What of {name}? Try `{command} forecast {name}` or `{command} budget {name}`.")
    return verbs.run(command, VERBS, replace(ask, words=words))


def _is_report(ask: Ask, words: list[str]) -> bool:
    rest = reports.without_way(words)
    return days.reads(rest, reports.today_of(ask.desk)) or (words[0] in reports.BY and not rest)
