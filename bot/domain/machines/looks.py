"""Whether what was told of a machine is new enough to act on: a stop looks, it does not remember.

One bound holds for every source: it has told of a whole minute that began after the decision, and that minute is over
since no longer than the source needs to tell of it. Whoever told of the machine within the window of its rule is a
witness, and one witness that says nothing leaves the machine as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.sources import AGENT

FRESH_FOR_MS = 90 * SECOND_MS
"""Older than this nothing counts, but for a source that can't be quicker."""
WITNESS_NAMES = {AGENT: "Its agent"}


@dataclass(frozen=True, slots=True)
class Witness:
    """One source that tells of a machine, as of the moment at which it was asked."""

    source: str
    seen_until: int | None
    """Up to when it has seen every GPU; None when it has not since it was asked."""
    late: int = 0
    """So long after it happened it may first tell of work, milliseconds; 0 for one that tells at once."""
    error: str = ""
    """Why it could not be asked."""


def stale_witness(witnesses: Sequence[Witness], since: int, now: int) -> str | None:
    """Which source has not told of what happened since, as a sentence; None when all have, up to this moment."""
    return next((said for each in witnesses if (said := _why_stale(each, since, now))), None)


def _why_stale(witness: Witness, since: int, now: int) -> str | None:
    name, until = WITNESS_NAMES.get(witness.source, witness.source), witness.seen_until
    if witness.error:
        return f"{name} can't be asked just now: {witness.error}."
    if until is None or until - MINUTE_MS < since:
        return f"{name} has not measured a whole minute since then."
    if not -FRESH_FOR_MS <= now - until <= FRESH_FOR_MS + witness.late:
        return f"{name} has measured nothing in the last minutes."
    return None


def late_witness(witnesses: Sequence[Witness]) -> Witness | None:
    """The quickest of them, when even that one is later than work is to be noticed; None when one is quick."""
    quickest = min(witnesses, key=lambda each: each.late, default=None)
    return quickest if quickest is not None and quickest.late > 0 else None
