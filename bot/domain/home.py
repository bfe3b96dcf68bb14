"""What stands on one person's desk: questions that wait for them, machines they can have, their team's month."""

from dataclasses import dataclass

from bot.domain.machines.listing import Listing
from bot.domain.money.budgets import BudgetStanding

FREE_SHOWN = 3
"""Machines named on a desk as free."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that waits for a person: the message that puts it, by its kind and subject."""

    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class FreeMachine:
    """A machine of which a person can have these GPUs now."""

    listing: Listing
    gpus: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """All of it can be had."""
        return len(self.gpus) == len(self.listing.gpus)


@dataclass(frozen=True, slots=True)
class TeamMonth:
    """What a person's team has spent this month, micro-dollars, and where its budget stands, if it has one."""

    team: str
    spent_micros: int
    is_estimated: bool
    standing: BudgetStanding | None
