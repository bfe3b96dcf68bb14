"""Answering whether a claim is still needed."""

from bot.services.desk import Desk
from bot.services.sharing import checking
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands import claims
from handlers.commands.verbs import Ask


def keep(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    checking.keep(desk, value, user)


def release(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release X]; the value is the question."""
    held = checking.claim_of(desk, value, user)
    done = claims.end_claim(Ask(desk, user, channel, []), listed(desk, held.instance_id), held)
    checking.settle(desk)
    return done


PRESSES: dict[str, Press] = {ids.KEEP_HELD: keep, ids.RELEASE_ASKED: release}
