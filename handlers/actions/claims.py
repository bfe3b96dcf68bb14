"""Claiming, extending and giving back."""

from bot.domain.clock import HOUR
from bot.domain.listing import Listing
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import looking
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands import claims
from handlers.commands.spans import Span
from handlers.commands.verbs import Ask


def claim(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim]: for the usual length."""
    return claims.take(Ask(desk, user, channel, []), listed(desk, value))


def claim_rest(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim 2 GPUs of X]: those that nobody has."""
    listing = listed(desk, value)
    choice = GpuChoice(indexes=listing.unclaimed) if listing.unclaimed else None
    return claims.take(Ask(desk, user, channel, []), listing, choice=choice, adds=True)


def extend(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Extend by 1 h]: the value is the claim and the hours."""
    claim_id, _, hours = value.partition("|")
    by = int(hours) * HOUR if hours.isdecimal() and len(hours) < 4 else None
    return claims.prolong(Ask(desk, user, channel, []), _claimed(desk, claim_id), Span(by))


def release(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release]"""
    return claims.give_back(Ask(desk, user, channel, []), listed(desk, value))


def release_others(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release X, which is somebody else's], after the question; the value is the claim."""
    held = looking.claim(desk, value)
    if held is None:
        raise Refused("That claim is not known here any more.")
    return claims.end_claim(Ask(desk, user, channel, []), listed(desk, held.instance_id), held)


def _claimed(desk: Desk, claim_id: str) -> Listing:
    held = looking.claim(desk, claim_id)
    if held is None or held.ended_at is not None:
        raise Refused("That claim has ended. `/gpu status mine` shows what you hold.")
    return listed(desk, held.instance_id)


PRESSES: dict[str, Press] = {
    ids.CLAIM: claim,
    ids.CLAIM_REST: claim_rest,
    ids.EXTEND: extend,
    ids.RELEASE: release,
    ids.RELEASE_OTHERS: release_others,
}
