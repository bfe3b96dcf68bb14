"""Consent: who holds a machine is asked before the question whether to stop it reaches those who decide."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import HOUR

Consented = Literal["", "agreed", "needed", "silent", "ended", "late"]
"""Empty until there is an answer. silent: none in time. ended: the claim has ended, so there is nothing to ask.
late: still needed, said after the question had gone on to those who decide.
"""
OPEN: frozenset[Consented] = frozenset({"agreed", "silent"})
"""After these a holder may still say that they need it, until it is being stopped."""
NAG = 4 * HOUR
"""So long a holder who still needs a machine is not asked about it again."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One question to one holder, about one stop."""

    id: str
    action_id: str
    claim_id: str
    holder: str
    until_at: int
    """When the claim was to end as it was asked: a later end is an answer."""
    asked_at: int
    deadline_at: int
    answer: Consented = ""
    answered_at: int | None = None
