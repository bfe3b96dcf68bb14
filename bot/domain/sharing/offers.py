"""An offer: GPUs that are held for the one whose turn in the line it is."""

from dataclasses import dataclass
from typing import Literal

LineOfferState = Literal["open", "taken", "passed", "lapsed", "withdrawn"]
"""passed: they said no. lapsed: they did not answer in time. withdrawn: it could not stand, or they left the line."""


@dataclass(frozen=True, slots=True)
class LineOffer:
    """Held until the person answers or their time to do so is over."""

    id: str
    waiter_id: int
    person: str
    instance_id: str
    gpus: tuple[int, ...]
    length: int
    """For how long they would have them, milliseconds."""
    made_at: int
    until_at: int
    state: LineOfferState = "open"
    ended_at: int | None = None
