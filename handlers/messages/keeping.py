"""Questions whether a claim is still needed."""

from bot.domain.sharing.reality import Question
from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import checking
from handlers.blocks.acting import keeping
from handlers.blocks.acting.keeping import Held
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def keep_question(desk: Desk, batch: str) -> Reply | None:
    """One message with all it asks about."""
    held = [_held(desk, each) for each in checking.of_batch(desk, batch)]
    found = [each for each in held if each is not None]
    return keeping.question(found, desk.clock()) if found else None


def waited_for(desk: Desk, question_id: str) -> Reply | None:
    """Somebody has come to wait for what its holder was asked about."""
    asked = checking.question(desk, question_id)
    held = _held(desk, asked) if asked else None
    return keeping.waited_for(held) if held else None


def _held(desk: Desk, asked: Question) -> Held | None:
    claim = looking.claim(desk, asked.claim_id)
    if claim is None:
        return None
    listing = looking.listing(desk, claim.instance_id)
    waiting = checking.waiting(desk, claim, listing) if listing and asked.deadline_at is not None else []
    return Held(asked, claim, looking.name_of(desk, claim.instance_id), listing, waiting)


KINDS: dict[str, Draw] = {checking.KIND: keep_question, checking.WAITED_FOR: waited_for}
