"""A request: somebody asks the holder of a claim to give it up, or some GPUs of it, once and politely."""

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
    gpus: tuple[int, ...] = ()
    """The GPUs that are asked for; empty where all of the claim is."""
    length: int | None = None
    """For how long the asker wants them, milliseconds; None where that was not said."""
    idle_since: int | None = None
    """Since when they stood idle, as the holder was shown; None where they were not shown idle."""
