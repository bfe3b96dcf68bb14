"""What holders are told of their claims by themselves: the end near, over, or cut short."""

from collections.abc import Sequence

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import CLAIM_GRACE_MS, Claim
from bot.domain.sharing.reminders import Reminder
from bot.domain.sharing.unclaimed import StillAtWork
from handlers.blocks.buttons import RELEASE_BUTTON
from handlers.blocks.forms import form_button
from handlers.blocks.parts import Block, Reply, button, filled, plainly, section
from handlers.blocks.sharing.claims import EXTEND_BUTTON
from handlers.blocks.words import clock_time, day_at, ends, esc, gpus, length, person, plural

# Messages that stand in Slack carry these, so their text never changes.
CLAIM_AGAIN_BUTTON = "claim_again"
DONE_BUTTON = "done_there"


def claim_ended(
    claim: Claim, name: str, listing: Listing | None, *, work: StillAtWork = "nobody", again: int | None = None
) -> Reply:
    """Told to the holder when a claim ended without them.

    `work`: who works on its GPUs now; `again`: how long a new claim would be, in milliseconds.
    """
    label = _what(claim, name, listing)
    if claim.end_reason == "expired":
        return _expired(claim, name, listing, work=work, again=again)
    if claim.end_reason == "unused":
        text = f"Your claim on {label} was given up: nobody worked there, and you didn't say that you need it."
        return plainly(text, _again(claim, f"Claim {name} again"))
    if claim.end_reason == "booked":
        text = f"Your claim on {label} ended {day_at(claim.until_at)}: somebody has booked the time after it."
    elif claim.end_reason == "lacking":
        text = f"Your claim on {label} ended: the machine does not have {gpus(claim.gpus)} any more."
    elif claim.end_reason == "gone":
        text = f"Your claim on {label} ended: the machine is gone."
    else:
        text = f"{person(claim.ended_by)} ended your claim on {label}. Ask them if that surprises you."
    return Reply(text, [section(text)])


def _expired(claim: Claim, name: str, listing: Listing | None, *, work: StillAtWork, again: int | None) -> Reply:
    begin = f"Your claim on {_what(claim, name, listing)} ended {day_at(claim.until_at)}"
    if listing is not None and any(set(other.gpus) & set(claim.gpus) for other in listing.claims):
        return plainly(f"{begin}. Somebody else has claimed it since.")
    if work == "nobody":
        return plainly(f"{begin}. Others can claim it now.", _again(claim, f"Claim {name} again"))
    whose = "your job" if work == "own" else "something"
    return plainly(
        f"{begin}, but {whose} still runs there. Claim it again?",
        _again(claim, length(again) if again else "Claim it again"),
        button("I'm done", DONE_BUTTON, claim.id),
    )


def _again(claim: Claim, label: str) -> Block:
    return button(label, CLAIM_AGAIN_BUTTON, claim.id)


def claim_done(claim: Claim, name: str) -> Reply:
    """Its holder needs it no more."""
    said = plainly(f"Your claim on *{esc(name, 60)}* ended {day_at(claim.until_at)}. You're done there. Thanks.")
    return Reply(said.text, said.blocks, replace=True)


def claim_cut(claim: Claim, had: Sequence[int], name: str) -> Reply:
    """Told to the holder when the machine has fewer GPUs than they claimed."""
    gone = [gpu for gpu in had if gpu not in claim.gpus]
    left = f"Your claim covers {gpus(claim.gpus)} and ends as before."
    return plainly(f"*{esc(name, 60)}* does not have {gpus(gone)} any more. {left}")


def claim_reminder(
    reminder: Reminder, claim: Claim, name: str, listing: Listing | None, now: int, *, ended: Reply
) -> Reply:
    """As things stand now; `ended` is what is said of it once its time is over."""
    what = _what(claim, name, listing)
    if claim.ended_at is not None:
        return ended if claim.end_reason == "expired" else _over(claim, what)
    buttons = _buttons(claim, name)
    if reminder.said is None:
        return plainly(f"Your claim on {what} now lasts until {ends(claim)}.", *buttons)
    if now < claim.until_at:
        left = plural(-(-(claim.until_at - now) // MINUTE_MS), "minute")
        return plainly(f"Your claim on {what} ends {day_at(claim.until_at)}, in {left}.", *buttons)
    return plainly(
        f"Your claim on {what} ended {day_at(claim.until_at)}. "
        f"You can still extend it until {clock_time(claim.until_at + CLAIM_GRACE_MS)}; then others can have it.",
        *buttons,
    )


def _what(claim: Claim, name: str, listing: Listing | None) -> str:
    some = "" if listing is None or listing.is_whole(claim) else f"{gpus(claim.gpus)} of "
    return f"{some}*{esc(name, 60)}*"


def _buttons(claim: Claim, name: str) -> list[Block]:
    return [
        button("Extend by 1 h", f"{EXTEND_BUTTON}:1", f"{claim.id}|1"),
        button("Extend by 4 h", f"{EXTEND_BUTTON}:4", f"{claim.id}|4"),
        form_button("Extend", "extend", filled(machine=claim.instance_id)),
        button(f"Release {name}", RELEASE_BUTTON, claim.instance_id),
    ]


def _over(claim: Claim, what: str) -> Reply:
    if claim.end_reason == "released" and claim.ended_by == claim.holder:
        return plainly(f"You released {what}. Thanks.")
    if claim.end_reason == "handed":
        return plainly(f"You handed {what} over.")
    return plainly(f"Your claim on {what} has ended.")
