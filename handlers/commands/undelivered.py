"""/gpu undelivered: what could not be posted, for admins."""

from bot.services import undelivered
from bot.services.desk import Desk
from handlers.blocks import undelivered as blocks
from handlers.blocks.parts import Reply
from handlers.commands.verbs import Ask, Verb
from handlers.draw import draw


def kept(ask: Ask) -> Reply:
    """Where, why, and the beginning of what."""
    undelivered.refuse_others(ask.desk, ask.user)
    found = undelivered.kept(ask.desk)
    return blocks.listed([(each, [_text(ask.desk, *one) for one in each.messages]) for each in found])


def _text(desk: Desk, kind: str, subject: str) -> str:
    drawn = draw(desk, kind, subject)
    return drawn.text if drawn else "There is nothing left to show of it."


VERBS = (Verb("undelivered", "undelivered", "What could not be posted, and another try; for admins.", kept),)
