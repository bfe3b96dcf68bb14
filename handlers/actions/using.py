"""Answering the question to claim what one uses."""

from bot.services.desk import Desk
from bot.services.sharing import squatting
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands import claims
from handlers.commands.verbs import Ask


def claim_used(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim GPUs 0-1 of X]: for the usual length; the value is the case."""
    case = squatting.asked(desk, value, user)
    listing = listed(desk, case.instance_id)
    choice = squatting.choice(case, listing)
    done = claims.take(Ask(desk, user, channel, []), listing, choice=choice, informed=True, adds=True)
    squatting.look(desk)
    return done


def not_mine(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Not mine]: the outbox redraws the question."""
    squatting.not_mine(desk, value, user)


PRESSES: dict[str, Press] = {ids.CLAIM_USED: claim_used, ids.NOT_MINE: not_mine}
