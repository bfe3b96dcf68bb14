"""What was not spent because something that stood free was taken instead, and the hints that led to it."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.sharing.claims import GpuChoice

Avoided = Literal["claim", "start", "launch"]
"""What somebody was about to do."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Somebody took an instance that stood free instead of one that costs more.

    For an avoided start or launch that is real money. For an avoided claim it is only for the hours in which the
    instance that was not taken did not run, which the ledger knows.
    """

    id: str
    """The claim's on what was taken."""
    kind: Literal["shared"]
    at: int
    person: str
    taken_id: str
    """The instance they took."""
    avoided: Avoided
    instead_of: str
    """An instance's id; a template's name for a launch."""
    micros_per_hour: int
    until_at: int
    counterfactual: str
    """A sentence: what would have been otherwise."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody was told of something better than what they were about to do."""

    id: str
    at: int
    person: str
    avoided: Avoided
    subject: str
    """An instance's id; a template's name for a launch."""
    better_id: str
    count: int
    """GPUs of it that would serve."""
    choice: GpuChoice | None
    length: int | None
    until: int | None
    note: str
    micros_per_hour: int | None
    """What would be saved; None where the price is not known."""


def counterfactual(avoided: Avoided, name: str) -> str:
    """What would have been otherwise."""
    would = {"claim": "claimed, and so kept running", "start": "started", "launch": "launched"}[avoided]
    return f"{name} would have been {would}."
