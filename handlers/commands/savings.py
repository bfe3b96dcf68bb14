"""/cost savings: what was saved in a month or a year."""

import re
from datetime import date

from bot.errors import Refused
from bot.services.money import saving
from handlers.blocks.money import savings as blocks
from handlers.blocks.parts import Reply
from handlers.commands.bill import span
from handlers.commands.verbs import Ask, Verb


def savings(ask: Ask) -> Reply:
    """A month or a year."""
    today, command = saving.today(ask.desk), ask.desk.settings.slack.cost_command
    first, last = _days(ask.words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{command} savings`.")
    return blocks.savings(saving.answer(ask.desk, first, last))


def _days(words: list[str], today: date) -> tuple[date, date]:
    plain = " ".join(words).lower()
    if plain in {"year", "this year"}:
        return date(today.year, 1, 1), date(today.year, 12, 31)
    if re.fullmatch(r"20\d\d", plain, re.ASCII):
        return date(int(plain), 1, 1), date(int(plain), 12, 31)
    first, last = span(words, today)
    if first == last:
        raise Refused(f"Savings are told by month or year. Try {today:%Y-%m} or {today:%Y}.")
    return first, last


VERBS = (Verb("savings", "savings [month|year]", "What was saved, by what, and what would have been.", savings),)
