"""Reports told apart another way, of another month, or as a file."""

from dataclasses import replace

from bot.services.desk import Desk
from bot.services.money import spend_reporting
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.money import reports as blocks
from handlers.blocks.parts import Reply
from handlers.commands.cost import pressed as pressed_forecast
from handlers.commands.reports import ANEW, pressed


def show(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[By person], [October 2026]: in place."""
    return replace(blocks.report(pressed(desk, value)), replace=not value.endswith(ANEW))


def idle(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[By team] under what idled: in place."""
    return replace(blocks.idle(pressed(desk, value, idling=True)), replace=not value.endswith(ANEW))


def as_csv(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[As CSV]: a file to whoever pressed."""
    made = pressed(desk, value)
    return blocks.as_csv(made, "".join(spend_reporting.csv(made)))


def forecast(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[30 days], [How good these are], [Forecast of nlp]: beside what was there."""
    return pressed_forecast(desk, value)


PRESSES: dict[str, Press] = {ids.REPORT: show, ids.IDLE: idle, ids.REPORT_CSV: as_csv, ids.FORECAST: forecast}
