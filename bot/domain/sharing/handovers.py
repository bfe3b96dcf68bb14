"""A claim handed to a named person, who has to accept it."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.preconditions import Conditions

HandoverState = Literal["open", "taken", "declined", "withdrawn", "lapsed"]


@dataclass(frozen=True, slots=True)
class Handover:
    """One offer of a claim: it stays its holder's until the other takes it."""

    id: str
    claim_id: str
    giver: str
    taker: str
    made_at: int
    expires_at: int
    """No later than the end of the claim."""
    state: HandoverState = "open"
    settled_at: int | None = None
    shown: Conditions | None = None
    """What was offered; None where that was not kept."""
