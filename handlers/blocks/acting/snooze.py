"""Snoozes: begun, ended, and ended by somebody else. Short, since it is the view of its topic."""

from bot.domain.acting.snooze import Snooze
from bot.domain.machines.listing import Listing
from handlers.blocks.parts import Reply, button, plainly
from handlers.blocks.words import esc, gpu_command, near, person

# Messages that stand in Slack carry these, so their text never changes.
SNOOZE_BUTTON = "snooze"
SNOOZE_END_BUTTON = "snooze_end"


def snoozed(listing: Listing, made: Snooze) -> Reply:
    """Told where it was asked: the others see it too."""
    reason = f" ({esc(made.reason, 120)})" if made.reason else ""
    name, whose = f"*{esc(listing.instance.name, 60)}*", f"{person(made.who)} keeps it{reason}"
    text = f"{name} is left alone until {near(made.until_at, made.made_at)}: {whose}."
    return plainly(text, button("End the snooze", SNOOZE_END_BUTTON, listing.instance.id), private=False)


def unsnoozed(listing: Listing, who: str, left: Snooze | None, now: int) -> Reply:
    """Told where it was asked."""
    name = f"*{esc(listing.instance.name, 60)}*"
    then = f"{person(left.who)} keeps it until {near(left.until_at, now)}" if left else "its rules count again"
    return plainly(f"{person(who)} ended the snooze of {name}; {then}.", private=False)


def snooze_ended(listing: Listing, who: str) -> Reply:
    """Told to whoever had made it."""
    plain = esc(listing.instance.name, 60)
    then = (
        f"Its rules count again; no rule stops it without a notice. {gpu_command('snooze', plain, '4h')} keeps it anew."
    )
    return plainly(f"{person(who)} ended your snooze of *{plain}*. {then}")
