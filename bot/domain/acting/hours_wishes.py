"""Wishes for other on-hours, of people who may not set them: somebody who may decides."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.acting.deciders import rule_setters
from bot.domain.people import Roster

WishState = Literal["pending", "set", "denied", "expired", "failed"]
"""failed: there was a yes, and by then it could not be set any more; `outcome` says why."""


@dataclass(frozen=True, slots=True)
class HoursWish:
    """On-hours that somebody would like an instance to have, and what became of that."""

    id: str
    instance_id: str
    team: str
    person: str
    windows: str
    """As in HoursRule; "" for those of its team."""
    stop_only: bool
    before: str
    """What it has, in words, as it was when this was asked; with anything else it is another question."""
    created_at: int
    expires_at: int
    state: WishState = "pending"
    decider: str = ""
    decided_at: int | None = None
    outcome: str = ""


def wish_deciders(wish: HoursWish, roster: Roster) -> frozenset[str]:
    """Who may decide on it: who may set on-hours themselves, but never whoever asked."""
    return rule_setters(wish.team, roster) - {wish.person}
