"""A claim, a booking or a takeover beyond the limits of fair use, which an approver may let pass."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.domain.clock import MINUTE_MS
from bot.domain.people import Roster
from bot.domain.preconditions import Conditions, RequestKind
from bot.domain.sharing.claims import GpuChoice

GrantState = Literal["drafted", "pending", "approved", "denied", "expired", "claimed", "failed"]
"""drafted: offered to the person, nobody was asked yet. approved: it is being made. claimed: it is made."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody wants to have though it is beyond a limit, and what became of it."""

    id: str
    person: str
    team: str
    instance_id: str
    choice: GpuChoice | None
    length: int
    """Milliseconds."""
    note: str
    excess: str
    """Which limits it is beyond, as it was said."""
    created_at: int
    expires_at: int
    state: GrantState = "drafted"
    decider: str = ""
    decided_at: int | None = None
    outcome: str = ""
    from_at: int | None = None
    """When a booking is to begin; None: it is no booking."""
    weekly: bool = False
    last_day: date | None = None
    handover_id: str = ""
    """The offer to take over; empty: it is a claim of one's own."""
    shown: Conditions | None = None
    """What its card shows of the machine and of the claim there is; None where that was not kept."""

    def is_same(self, other: "Grant") -> bool:
        """Whether it is the same wish as one of before: for as long, or up to the same moment."""
        ends = self.created_at + self.length, other.created_at + other.length
        alike = self.length == other.length or abs(ends[0] - ends[1]) <= 2 * MINUTE_MS
        return alike and (self.choice, self.weekly, self.last_day) == (other.choice, other.weekly, other.last_day)

    @property
    def kind(self) -> RequestKind:
        """What it is, for what counts."""
        return "takeover" if self.handover_id else "claim" if self.from_at is None else "booking"


def grantors(grant: Grant, roster: Roster) -> frozenset[str]:
    """Who may let it pass: the person's team's approvers, else the admins; never the person."""
    return (roster.approvers(grant.team) - {grant.person}) or (roster.admins - {grant.person})
