"""Reminders of the ends of claims."""

from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import reminding
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import reminders
from handlers.messages.drawing import Draw


def claim_reminder(desk: Desk, claim_id: str) -> Reply | None:
    """The end of a claim, near or over, for its holder."""
    told, claim = reminding.reminder(desk, claim_id), looking.claim(desk, claim_id)
    if told is None or claim is None:
        return None
    name, listing = looking.name_of(desk, claim.instance_id), looking.listing(desk, claim.instance_id)
    return reminders.reminder(told, claim, name, listing, desk.clock())


KINDS: dict[str, Draw] = {reminding.KIND: claim_reminder}
