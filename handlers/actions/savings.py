"""Savings of another month or year, and as a file."""

from bot.services.desk import Desk
from bot.services.money import saving, saving_csv
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.money import savings as blocks
from handlers.blocks.parts import Reply
from handlers.commands import savings as command
from handlers.commands.bill import days_of
from handlers.commands.verbs import Ask


def savings(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[All of 2026] and [This month], in place."""
    shown = command.savings(Ask(desk, user, channel, [value]))
    return Reply(shown.text, shown.blocks, replace=True)


def as_csv(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[As CSV]: every saving, to whoever pressed."""
    told = saving.answer(desk, *days_of(value))
    return blocks.as_csv(told, "".join(saving_csv.lines(told)))


PRESSES: dict[str, Press] = {ids.SAVINGS: savings, ids.SAVINGS_CSV: as_csv}
