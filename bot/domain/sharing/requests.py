"""A request: somebody asks the holder of a claim to give it up, once and politely."""

from dataclasses import dataclass
from typing import Literal

RequestAnswer = Literal["", "released", "extended", "kept", "ended"]
"""Empty until there is one. ended: the claim ended in another way."""


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """One question to one holder."""

    id: str
    claim_id: str
    asker: str
    reason: str
    asked_at: int
    answer: RequestAnswer = ""
    answered_at: int | None = None
    waiter_id: int | None = None
    """The place in the line that the asker got when the claim ended."""
