"""/cost: which verb is meant, also where none is typed."""

from dataclasses import replace

from bot.domain.money.scope import TOTAL
from bot.errors import Refused
from bot.services.machines import sources
from handlers import questions, topics, verbs
from handlers.blocks import home as home_blocks
from handlers.blocks.money import budgets as budgets_blocks
from handlers.blocks.parts import Reply, headline
from handlers.blocks.silence import not_counted
from handlers.blocks.words import say
from handlers.money import forecast, reports
from handlers.parsing import dates
from handlers.parsing.scopes import named_scope
from handlers.verbs import Ask

VERBS = topics.COST_VERBS

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
    if not ask.words:
        return month_at_a_glance(ask)
    words, lower = ask.words, [word.lower() for word in ask.words]
    command = ask.ctx.settings.slack.cost_command
    if "csv" in lower:
        rest = " ".join(word for word in words if word.lower() not in {"as", "csv", "to", "export"}) or "report"
        raise Refused(f"Files come by a button: try `{command} {rest[:60]}`, and press [As CSV] below the answer.")
    if lower[:3] in RENT_OR_BUY:
        words = ["rent-or-buy", *words[3:]]
    elif lower and lower[0] in ALSO:
        words = [ALSO[lower[0]], *words[1:]]
    elif lower and lower[0] not in {verb.name for verb in VERBS} and _is_report(ask, lower):
        words = ["report", *words]
    about = named_scope(ask.ctx, words[0]) if words and words[0].lower() not in {verb.name for verb in VERBS} else None
    if about is not None:
        return budgets_blocks.which_of(about)
    ask = replace(ask, words=words)
    if not verbs.is_verb(VERBS, words):
        return questions.answer_question(ask, VERBS, "cost")
    return questions.sentence_first(ask) or verbs.run(command, VERBS, ask)


def month_at_a_glance(ask: Ask) -> Reply:
    """What somebody sees who types the bare command: the month so far, and what it will come to."""
    headlines = [headline(reports.report(ask))]
    try:
        headlines.append(headline(forecast.full_forecast(ask.ctx, TOTAL)))
    except Refused as nothing_known:
        headlines.append(say(nothing_known.sentence))
    headlines += not_counted(sources.unread_sources(ask.ctx), ask.ctx.clock())
    return home_blocks.money_at_a_glance(headlines)


def _is_report(ask: Ask, words: list[str]) -> bool:
    rest = reports.without_way(words)
    return dates.names_days(rest, reports.today_of(ask.ctx)) or (words[0] in reports.BY_WORDS and not rest)
