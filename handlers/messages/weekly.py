"""The weekly report."""

from bot.services.desk import Desk
from bot.services.money import weekly
from handlers.blocks.money import weekly as blocks
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def report(desk: Desk, subject: str) -> Reply | None:
    """A report; its subject is "channel|date"."""
    channel, _, local_date = subject.partition("|")
    made = weekly.report_of(desk, channel, local_date)
    return blocks.weekly(made) if made else None


KINDS: dict[str, Draw] = {weekly.KIND: report}
