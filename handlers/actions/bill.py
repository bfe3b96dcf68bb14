"""The bill of another month or day, and as a file."""

from bot.services.desk import Desk
from bot.services.money import bill_csv, bill_reporting
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.money import bill as blocks
from handlers.blocks.parts import Reply
from handlers.commands import bill
from handlers.commands.verbs import Ask


def show(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[October 2026], [Only 20 Nov]: in place."""
    shown = bill.bill(Ask(desk, user, channel, [value]))
    return Reply(shown.text, shown.blocks, replace=True)


def as_csv(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[As CSV]: day by day, to whoever pressed."""
    report = bill_reporting.answer(desk, *bill.days_of(value))
    return blocks.as_csv(report, "".join(bill_csv.by_day(report)))


PRESSES: dict[str, Press] = {ids.BILL: show, ids.BILL_CSV: as_csv}
