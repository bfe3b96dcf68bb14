"""What holders are told of their claims by themselves: the end near, over, or cut short."""

from collections.abc import Sequence

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import CLAIM_GRACE_MS, Claim
from bot.domain.sharing.reminders import Reminder
from handlers.blocks.buttons import CLAIM_BUTTON, RELEASE_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, plainly, section
from handlers.blocks.sharing.claims import EXTEND_BUTTON
from handlers.blocks.words import at, ends, esc, gpus, person, plural


def claim_ended(claim: Claim, name: str) -> Reply:
    """Told to the holder when a claim ended without them."""
    label = esc(name, 60)
    if claim.end_reason == "expired":
        text = f"Your claim on *{label}* ended at {at(claim.until_at)}. It is free for others now."
        again = button(f"Claim {name} again", CLAIM_BUTTON, claim.instance_id)
        return Reply(text, [section(text), actions(again)])
    if claim.end_reason == "unused":
        text = f"Your claim on *{label}* was given up: nobody worked on it, and you did not say that you need it."
        return plainly(text, button(f"Claim {name} again", CLAIM_BUTTON, claim.instance_id))
    if claim.end_reason == "booked":
        text = f"Your claim on *{label}* ended at {at(claim.until_at)}; somebody has booked the time after it."
    elif claim.end_reason == "lacking":
        text = f"Your claim on *{label}* ended: the machine does not have {gpus(claim.gpus)} any more."
    elif claim.end_reason == "gone":
        text = f"Your claim on *{label}* ended: the machine is gone."
    else:
        text = f"Your claim on *{label}* was ended by {person(claim.ended_by)}. Ask them if that surprises you."
    return Reply(text, [section(text)])


def claim_cut(claim: Claim, had: Sequence[int], name: str) -> Reply:
    """Told to the holder when the machine has fewer GPUs than they claimed."""
    gone = [gpu for gpu in had if gpu not in claim.gpus]
    left = f"Your claim covers {gpus(claim.gpus)} and ends as before."
    return plainly(f"*{esc(name, 60)}* does not have {gpus(gone)} any more. {left}")


def claim_reminder(reminder: Reminder, claim: Claim, name: str, listing: Listing | None, now: int) -> Reply:
    """As things stand now."""
    what = _what(claim, name, listing)
    if claim.ended_at is not None:
        return _over(claim, name, what)
    buttons = _buttons(claim, name)
    if reminder.said is None:
        return plainly(f"Your claim on {what} now ends at {ends(claim)}.", *buttons)
    if now < claim.until_at:
        left = plural(-(-(claim.until_at - now) // MINUTE_MS), "minute")
        return plainly(f"Your claim on {what} ends at {at(claim.until_at)}, in {left}.", *buttons)
    return plainly(
        f"Your claim on {what} ended at {at(claim.until_at)}. "
        f"It still holds until {at(claim.until_at + CLAIM_GRACE_MS)}; then others can have it.",
        *buttons,
    )


def _what(claim: Claim, name: str, listing: Listing | None) -> str:
    some = "" if listing is None or listing.is_whole(claim) else f"{gpus(claim.gpus)} of "
    return f"{some}*{esc(name, 60)}*"


def _buttons(claim: Claim, name: str) -> list[Block]:
    return [
        button("Extend by 1 h", f"{EXTEND_BUTTON}:1", f"{claim.id}|1"),
        button("Extend by 4 h", f"{EXTEND_BUTTON}:4", f"{claim.id}|4"),
        button(f"Release {name}", RELEASE_BUTTON, claim.instance_id),
    ]


def _over(claim: Claim, name: str, what: str) -> Reply:
    if claim.end_reason == "expired":
        return claim_ended(claim, name)
    if claim.end_reason == "released" and claim.ended_by == claim.holder:
        return plainly(f"You released {what}. Thanks.")
    if claim.end_reason == "handed":
        return plainly(f"You handed {what} over.")
    return plainly(f"Your claim on {what} has ended.")
