"""/cost bill: what the provider billed, beside our ledger."""

from datetime import date

from bot.domain.money.bill import utc_day
from bot.errors import Refused
from bot.services.context import Context
from bot.services.money import bill as bill_service
from handlers.blocks.money import bill as bill_blocks
from handlers.blocks.money.bill import BILL_BUTTON, BILL_CSV_BUTTON, BILL_DETAILS_BUTTON
from handlers.blocks.parts import Reply
from handlers.controller import Press
from handlers.parsing.dates import read_day_span
from handlers.verbs import Ask, Verb


def bill(ask: Ask) -> Reply:
    """A month, a day, or some days."""
    bill_service.source_name(ask.ctx)
    today = utc_day(ask.ctx.clock())
    command = f"{ask.ctx.settings.slack.cost_command} bill"
    if {"by", "per"} & {word.lower() for word in ask.words}:
        raise Refused(f"A bill has teams, types and services at once. Try `{command}`, or `{command} last month`.")
    first, last = read_day_span(ask.words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{command}`.")
    return bill_blocks.bill(bill_service.bill_report(ask.ctx, first, last))


def days_of(value: str) -> tuple[date, date]:
    """The days in a button's value. Raises Refused where another version made the button."""
    try:
        first, last = map(date.fromisoformat, value.split("|"))
    except ValueError:
        raise Refused("This button is from another version of Valet. Use the command instead.") from None
    return first, last


VERBS = (Verb("bill", "bill [month|week|day]", "What was billed, what our meters say, and why they differ.", bill),)


def show_bill(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[October 2026], [Only 20 Nov]: in place."""
    shown = bill(Ask(ctx, user, channel, [value]))
    return Reply(shown.text, shown.blocks, replace=True)


def details(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Details]: beside it."""
    return bill_blocks.details(bill_service.bill_report(ctx, *days_of(value)))


def as_csv(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[As CSV]: day by day, to whoever pressed."""
    report = bill_service.bill_report(ctx, *days_of(value))
    return bill_blocks.as_csv(report, "".join(bill_service.by_day(report)))


BUTTONS: dict[str, Press] = {BILL_BUTTON: show_bill, BILL_DETAILS_BUTTON: details, BILL_CSV_BUTTON: as_csv}
