"""/cost bill: what the provider billed, beside our ledger."""

import re
from datetime import date, timedelta

from bot.domain.days import month_end
from bot.domain.money.bill import utc_day
from bot.errors import Refused
from bot.nearest import nearest
from bot.services.money import bill_reporting
from handlers.blocks.money import bill as blocks
from handlers.blocks.parts import Reply
from handlers.commands.verbs import Ask, Verb

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
NAMED = ("today", "yesterday", "last", *MONTHS)
YEARS = range(2000, 2100)


def bill(ask: Ask) -> Reply:
    """A month or a day."""
    bill_reporting.source_name(ask.desk)
    today = utc_day(ask.desk.clock())
    first, last = span(ask.words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{ask.desk.settings.slack.cost_command} bill`.")
    return blocks.bill(bill_reporting.answer(ask.desk, first, last))


def span(words: list[str], today: date) -> tuple[date, date]:
    """The days that are meant: this month without words, else a month or a day. Raises Refused."""
    plain = " ".join(words).lower()
    if plain in {"", "month", "this month"}:
        return _month(today)
    if plain in {"today", "yesterday"}:
        day = today - timedelta(days=plain == "yesterday")
        return day, day
    if plain in {"last", "last month"}:
        return _month(today.replace(day=1) - timedelta(days=1))
    found = next((number for number, name in enumerate(MONTHS, 1) if len(plain) > 2 and name.startswith(plain)), None)
    if found:
        return _month(date(today.year - (found > today.month), found, 1))
    try:
        is_month = re.fullmatch(r"\d{4}-\d{2}", plain, re.ASCII)
        day = date.fromisoformat(f"{plain}-01" if is_month else plain)
    except ValueError:
        close = nearest(plain, list(NAMED))
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise Refused(f'"{plain[:40]}" is no month or day.{hint} Try {today:%Y-%m} or {today:%Y-%m-%d}.') from None
    if day.year not in YEARS:
        raise Refused(f"Years go from {YEARS[0]} to {YEARS[-1]}. Try {today:%Y-%m} or {today:%Y-%m-%d}.")
    return _month(day) if is_month else (day, day)


def days_of(value: str) -> tuple[date, date]:
    """The days in a button's value. Raises Refused where another version made the button."""
    try:
        first, last = map(date.fromisoformat, value.split("|"))
    except ValueError:
        raise Refused("This button is from another version of Valet. Use the command instead.") from None
    return first, last


def _month(day: date) -> tuple[date, date]:
    return day.replace(day=1), month_end(day)


VERBS = (Verb("bill", "bill [month|YYYY-MM-DD]", "What was billed, beside our meters, and why they differ.", bill),)
