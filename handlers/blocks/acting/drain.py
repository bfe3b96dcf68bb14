"""A machine that takes no new claims: what whoever drains it sees, and what its holders are told."""

from bot.domain.acting.drain import Drain
from bot.domain.machines.listing import Listing
from handlers.blocks.buttons import CLAIM_BUTTON, RELEASE_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, context, plainly, section
from handlers.blocks.words import ends, esc, person, persons, when

# Messages that stand in Slack carry these, so their text never changes.
DRAIN_END_BUTTON = "drain_end"


def drain_since(drain: Drain) -> str:
    """draining since 14:02 by @bob: new power supply"""
    why = f": {esc(drain.reason, 120)}" if drain.reason else ""
    return f"draining since {when(drain.since)} by {person(drain.who)}{why}"


def drain_facts(listing: Listing | None) -> list[Block]:
    """Who holds it, and until when; or that it is drained already."""
    if listing is None:
        return []
    if listing.drain is not None:
        undo = button(f"End the drain of {listing.instance.name}", DRAIN_END_BUTTON, listing.instance.id)
        return [section(f"It is {drain_since(listing.drain)}."), actions(undo)]
    return [context(_left(listing))]


def drained(listing: Listing) -> Reply:
    """Told to whoever drains it, and seen by the others."""
    name, drain = esc(listing.instance.name, 60), listing.drain
    if drain is None:
        return _free(listing)
    why = f" ({esc(drain.reason, 300)})" if drain.reason else ""
    begin = f"{person(drain.who)} drains *{name}*{why}"
    text = f"{begin}: nobody gets more time on it until somebody ends that. {_left(listing)}"
    undo = button(f"End the drain of {listing.instance.name}", DRAIN_END_BUTTON, listing.instance.id)
    return plainly(text, undo, private=False)


def _left(listing: Listing) -> str:
    if not listing.claims:
        return "Nobody holds it."
    holders, last = persons([each.holder for each in listing.claims]), listing.claims[0]
    verb = "holds" if len(listing.claims) == 1 else "hold"
    told = "is" if len(listing.claims) == 1 else "are"
    return f"{holders} {verb} it until {ends(last)} at the latest and {told} told."


def _free(listing: Listing) -> Reply:
    text = f"*{esc(listing.instance.name, 60)}* is not drained any more: it can be claimed again."
    return plainly(text, button(f"Claim {listing.instance.name}", CLAIM_BUTTON, listing.instance.id), private=False)


def drain_notice(drain: Drain, listing: Listing | None, name: str) -> Reply:
    """Told to a holder; once the drain has ended, it says so."""
    label = esc(name, 60)
    if drain.ended_at is not None or listing is None:
        return plainly(f"*{label}* is not drained any more: you can extend your claim again.")
    why = f": {esc(drain.reason, 300)}" if drain.reason else "."
    text = (
        f"{person(drain.who)} drains *{label}*{why}\nYour claim on it stays as it is, but can't be extended. "
        "If you need it no more, release it now."
    )
    return plainly(text, button(f"Release {name}", RELEASE_BUTTON, drain.instance_id))
