"""/cost bill: what the provider billed, beside our ledger."""

from datetime import date

from bot.domain.money.bill import utc_day
from bot.errors import Refused
from bot.services.money import bill_reporting
from handlers.blocks.money import bill as blocks
from handlers.blocks.parts import Reply
from handlers.commands.days import days
from handlers.commands.verbs import Ask, Verb


def bill(ask: Ask) -> Reply:
    """A month, a day, or some days."""
    bill_reporting.source_name(ask.desk)
    today = utc_day(ask.desk.clock())
    command = f"{ask.desk.settings.slack.cost_command} bill"
    if {"by", "per"} & {word.lower() for word in ask.words}:
        raise Refused(f"A bill tells of teams, types and services at once. Try `{command}`, or `{command} last month`.")
    first, last = days(ask.words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{command}`.")
    return blocks.bill(bill_reporting.answer(ask.desk, first, last))


def days_of(value: str) -> tuple[date, date]:
    """The days in a button's value. Raises Refused where another version made the button."""
    try:
        first, last = map(date.fromisoformat, value.split("|"))
    except ValueError:
        raise Refused("This button is from another version of Valet. Use the command instead.") from None
    return first, last


VERBS = (Verb("bill", "bill [month|week|day]", "What was billed, beside our meters, and why they differ.", bill),)
