"""When a machine is to run in the days ahead, where that is known, and the one reason for it.

A machine has one plan or none, and a plan says for every day ahead which share of it the machine runs. So whatever is
known of it (a claim's end, on-hours, a booking, a stop) moves the forecast together and once.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.days import day_start
from bot.domain.spans import TimeSpan

PlanReason = Literal["stopping", "parked", "claim_ends", "time_over", "hours", "booked", "starting", "launching"]
"""stopping: an approved stop. parked: an announced stop for idleness. time_over: it was launched for a time.
hours: it runs by its on-hours. starting, launching: approved, for a time.
"""
ENDING_REASONS: frozenset[PlanReason] = frozenset({"stopping", "parked", "claim_ends", "time_over"})
"""Reasons for which a machine that runs around the clock runs on no longer."""
DAYS_AHEAD = 90


@dataclass(frozen=True, slots=True)
class RunPlan:
    """When it is to run from now on, in spans that don't overlap; at no other time."""

    why: PlanReason
    at: int
    """When that begins to count: the end of the claim, the beginning of the booking."""
    spans: tuple[TimeSpan, ...]

    def shares(self, today: date, zone: ZoneInfo, now: int) -> tuple[float, ...]:
        """The share of each of the DAYS_AHEAD days from today on that it runs; of today: of what is left of it."""
        edges = [day_start(today + timedelta(days=number), zone) for number in range(DAYS_AHEAD + 1)]
        edges[0] = min(max(now, edges[0]), edges[1] - 1)
        return tuple(
            sum(max(0, min(over, end) - max(begin, start)) for begin, over in self.spans) / (end - start)
            for start, end in pairwise(edges)
        )
