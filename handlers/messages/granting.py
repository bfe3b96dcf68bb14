"""What is beyond fair use."""

from bot.domain.sharing.grants import grantors
from bot.services import looking
from bot.services.desk import Desk
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import granting
from handlers.messages.drawing import Draw


def grant_card(desk: Desk, grant_id: str) -> Reply | None:
    """The question, for the approvers."""
    grant = looking.grant(desk, grant_id)
    if grant is None:
        return None
    return granting.card(grant, looking.name_of(desk, grant.instance_id), grantors(grant, desk.roster()))


def grant_ended(desk: Desk, grant_id: str) -> Reply | None:
    """The answer, for the person."""
    grant = looking.grant(desk, grant_id)
    return granting.ended(grant, looking.name_of(desk, grant.instance_id)) if grant else None


KINDS: dict[str, Draw] = {"grant_card": grant_card, "grant_ended": grant_ended}
