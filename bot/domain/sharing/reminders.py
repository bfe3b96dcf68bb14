"""Reminders before a claim's end: at which moments, each once, in one message that is edited."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.clock import MINUTE_MS
from bot.domain.sharing.claims import Claim

REMINDER_MARKS = (30, 15, 5, 0)
"""Minutes before the end; 0 is the end itself, from which on the grace runs."""
FIRST_REMINDER_MS = REMINDER_MARKS[0] * MINUTE_MS
JUST_CHOSEN_MS = 5 * MINUTE_MS
"""A reminder this soon after its holder said how long they want it tells them nothing new."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """What the holder of a claim has been told of its present end."""

    claim_id: str
    until_at: int
    set_at: int
    """When that end was chosen."""
    said: int | None = None
    """The last of the marks that was told; None before the first."""
    posted: bool = False
    """There is a message to edit, of this end or of an earlier one."""
    closed: bool = False
    """The message says how the claim ended."""


LAST_MARKS = (5, 0)
"""Of those, what whoever wants the last reminder only is told."""


def latest_mark(until_at: int, set_at: int, now: int, marks: Sequence[int] = REMINDER_MARKS) -> int | None:
    """The latest of `marks` that has come, of those worth telling; None before the first.

    Whatever was slept through is skipped: one message tells of the moment, not of the past.
    """
    come = [mark for mark in marks if until_at - mark * MINUTE_MS <= now and _is_told(until_at, set_at, mark)]
    return min(come, default=None)


def _is_told(until_at: int, set_at: int, mark: int) -> bool:
    return mark == 0 or until_at - mark * MINUTE_MS > set_at + JUST_CHOSEN_MS


def mark_to_tell(claim: Claim, reminder: Reminder, now: int, marks: Sequence[int] = REMINDER_MARKS) -> int | None:
    """The mark to tell now; None when it was told, or there is none."""
    mark = latest_mark(claim.until_at, reminder.set_at, now, marks)
    return None if mark is None or (reminder.said is not None and reminder.said <= mark) else mark
