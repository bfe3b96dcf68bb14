"""/cost savings: what was saved in a month or a year."""

from datetime import date

from bot.errors import Refused
from bot.services.context import Context
from bot.services.money import savings as savings_service
from handlers.blocks.money import savings as savings_blocks
from handlers.blocks.money.savings import SAVINGS_BUTTON, SAVINGS_CSV_BUTTON, SAVINGS_HOW_BUTTON
from handlers.blocks.parts import Reply
from handlers.controller import Press
from handlers.money.bill import days_of
from handlers.parsing.dates import read_day_span
from handlers.verbs import Ask, Verb


def savings(ask: Ask) -> Reply:
    """A month, a year, or some days."""
    today, command = savings_service.today(ask.ctx), ask.ctx.settings.slack.cost_command
    first, last = _days(ask.words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{command} savings`.")
    return savings_blocks.savings(savings_service.savings_of(ask.ctx, first, last))


def _days(words: list[str], today: date) -> tuple[date, date]:
    if {"by", "per"} & {word.lower() for word in words}:
        raise Refused("Savings are listed by machine. The file of [As CSV] has the team of each.")
    first, last = read_day_span(words, today)
    if first == last:
        raise Refused(f"Savings are counted by month or year. Try {today:%Y-%m} or {today:%Y}.")
    return first, last


VERBS = (Verb("savings", "savings [month|week|year]", "What was saved, by what, and what would have been.", savings),)


def on_savings(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[All of 2026] and [This month], in place."""
    shown = savings(Ask(ctx, user, channel, [value]))
    return Reply(shown.text, shown.blocks, replace=True)


def how_savings_counted(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[How this is counted]: beside it."""
    return savings_blocks.savings_counted(savings_service.savings_of(ctx, *days_of(value)))


def as_csv(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[As CSV]: every saving, to whoever pressed."""
    told = savings_service.savings_of(ctx, *days_of(value))
    return savings_blocks.as_csv(told, "".join(savings_service.savings_lines(told)))


BUTTONS: dict[str, Press] = {
    SAVINGS_BUTTON: on_savings,
    SAVINGS_HOW_BUTTON: how_savings_counted,
    SAVINGS_CSV_BUTTON: as_csv,
}
