"""/cost savings: what was saved in a month or a year."""

from datetime import date

from bot.errors import Refused
from bot.services.money import saving
from handlers.blocks.money import savings as blocks
from handlers.blocks.parts import Reply
from handlers.commands.days import days
from handlers.commands.verbs import Ask, Verb


def savings(ask: Ask) -> Reply:
    """A month, a year, or some days."""
    today, command = saving.today(ask.desk), ask.desk.settings.slack.cost_command
    first, last = _days(ask.words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{command} savings`.")
    return blocks.savings(saving.answer(ask.desk, first, last))


def _days(words: list[str], today: date) -> tuple[date, date]:
    if {"by", "per"} & {word.lower() for word in words}:
        raise Refused("Savings are told by what led to them; the file of [As CSV] below has the team of each.")
    first, last = days(words, today)
    if first == last:
        raise Refused(f"Savings are told by month or year. Try {today:%Y-%m} or {today:%Y}.")
    return first, last


VERBS = (Verb("savings", "savings [month|week|year]", "What was saved, by what, and what would have been.", savings),)
