"""Offers of a claim, and their answers."""

from bot.services import looking
from bot.services.desk import Desk
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import handing
from handlers.messages.drawing import Draw


def handover(desk: Desk, offer_id: str) -> Reply | None:
    """The question, for the one who is to have it."""
    made = looking.handover(desk, offer_id)
    held = looking.claim(desk, made.claim_id) if made else None
    return handing.question(made, held, looking.listing(desk, held.instance_id)) if made and held else None


def handover_answer(desk: Desk, offer_id: str) -> Reply | None:
    """What became of it, for the giver."""
    made = looking.handover(desk, offer_id)
    held = looking.claim(desk, made.claim_id) if made else None
    return handing.answer(made, held, looking.listing(desk, held.instance_id)) if made and held else None


KINDS: dict[str, Draw] = {"handover": handover, "handover_answer": handover_answer}
