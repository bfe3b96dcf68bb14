"""Owned machines that end: by a person's word, or because nothing was heard of them for long."""

from dataclasses import dataclass
from typing import Literal

RetirementState = Literal["announced", "kept", "retired", "undone"]


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of one owned machine, announced or done; its history stays."""

    id: str
    instance_id: str
    name: str
    """As it was called then."""
    who: str
    """Whose word it was; Valet's own where only silence spoke."""
    reason: str
    heard_at: int | None
    """When its agent was heard last; None where that is not known."""
    state: RetirementState
    at: int
    """When it came to that state."""
    changed_by: str = ""
    """Who kept it, or brought it back."""
