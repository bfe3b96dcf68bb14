"""/gpu claim and release."""

from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services import looking, sharing
from handlers.blocks import fleet
from handlers.blocks.parts import Reply
from handlers.commands.parse import claim_words, readable
from handlers.commands.verbs import Ask, Verb, named


def claim(ask: Ask) -> Reply:
    """Claim an instance for a while."""
    listing, rest = named(ask, "claim")
    length, note = claim_words(rest)
    return take(ask, listing, length=length, note=readable(note))


def take(ask: Ask, listing: Listing, *, length: int | None = None, note: str = "") -> Reply:
    """Claim this one; when somebody has it, say who and what is free instead."""
    now = ask.desk.clock()
    try:
        made = sharing.claim(ask.desk, listing.instance.id, ask.user, length=length, note=note)
    except sharing.Taken as taken:
        others = [each for each in looking.free_now(ask.desk, listing) if each.instance.id != listing.instance.id]
        return fleet.taken(listing, taken.claim, others, now)
    return fleet.claimed(made, now)


def release(ask: Ask) -> Reply:
    """Give an instance back; without a name, the only one the person holds."""
    if not ask.words:
        held = looking.held_by(ask.desk, ask.user)
        if len(held) != 1:
            names = ", ".join(each.instance.name for each in held)
            raise Refused(f"You hold {names}. Say which." if held else "You hold nothing just now.")
        return give_back(ask, held[0])
    return give_back(ask, named(ask, "release")[0])


def give_back(ask: Ask, listing: Listing) -> Reply:
    """Release this one; when it is somebody else's, ask first."""
    if listing.claim is not None and listing.claim.holder != ask.user:
        sharing.check_release(ask.desk, listing, ask.user)
        return fleet.release_others(listing, listing.claim)
    return end_claim(ask, listing)


def end_claim(ask: Ask, listing: Listing) -> Reply:
    """End the claim on this one."""
    ended = sharing.release(ask.desk, listing.instance.id, ask.user)
    return fleet.released(listing.instance.name, ended, ask.user, ask.desk.clock())


VERBS = (
    Verb("claim", "claim <instance> [for 8h] [note]", "Take an instance; again, to move its end.", claim),
    Verb("release", "release <instance>", "Give it back.", release),
)
