"""The reminder of a claim's end: one message, drawn anew as the end comes nearer, moves, or is there."""

from bot.domain.clock import MINUTE
from bot.domain.listing import Listing
from bot.domain.sharing.claims import GRACE, Claim
from bot.domain.sharing.reminders import Reminder
from handlers import ids
from handlers.blocks.parts import Block, Reply, button, plainly
from handlers.blocks.sharing.claims import claim_ended
from handlers.blocks.words import at, ends, esc, gpus, plural


def reminder(told: Reminder, claim: Claim, name: str, listing: Listing | None, now: int) -> Reply:
    """As things stand now."""
    what = _what(claim, name, listing)
    if claim.ended_at is not None:
        return _over(claim, name, what)
    buttons = _buttons(claim, name)
    if told.said is None:
        return plainly(f"Your claim on {what} now ends at {ends(claim)}.", *buttons)
    if now < claim.until_at:
        left = plural(-(-(claim.until_at - now) // MINUTE), "minute")
        return plainly(f"Your claim on {what} ends at {at(claim.until_at)}, in {left}.", *buttons)
    return plainly(
        f"Your claim on {what} ended at {at(claim.until_at)}. It still holds until {at(claim.until_at + GRACE)}; "
        "then others can have it.",
        *buttons,
    )


def _what(claim: Claim, name: str, listing: Listing | None) -> str:
    some = "" if listing is None or listing.is_whole(claim) else f"{gpus(claim.gpus)} of "
    return f"{some}*{esc(name, 60)}*"


def _buttons(claim: Claim, name: str) -> list[Block]:
    return [
        button("Extend by 1 h", f"{ids.EXTEND}:1", f"{claim.id}|1"),
        button("Extend by 4 h", f"{ids.EXTEND}:4", f"{claim.id}|4"),
        button(f"Release {name}", ids.RELEASE, claim.instance_id),
    ]


def _over(claim: Claim, name: str, what: str) -> Reply:
    if claim.end_reason == "expired":
        return claim_ended(claim, name)
    if claim.end_reason == "released" and claim.ended_by == claim.holder:
        return plainly(f"You released {what}. Thanks.")
    if claim.end_reason == "handed":
        return plainly(f"You handed {what} over.")
    return plainly(f"Your claim on {what} has ended.")
