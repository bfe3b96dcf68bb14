"""Claims that ended, or were cut, without their holder."""

from bot.services import looking
from bot.services.desk import Desk
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import claims
from handlers.messages.drawing import Draw


def claim_ended(desk: Desk, claim_id: str) -> Reply | None:
    """The end of a claim, for its holder."""
    claim = looking.claim(desk, claim_id)
    return claims.claim_ended(claim, looking.name_of(desk, claim.instance_id)) if claim else None


def claim_cut(desk: Desk, subject: str) -> Reply | None:
    """That a claim covers fewer GPUs, as there are no more, for its holder."""
    claim_id, _, before = subject.partition("|")
    claim = looking.claim(desk, claim_id)
    had = tuple(int(gpu) for gpu in before.split(","))
    return claims.claim_cut(claim, had, looking.name_of(desk, claim.instance_id)) if claim else None


KINDS: dict[str, Draw] = {"claim_ended": claim_ended, "claim_cut": claim_cut}
