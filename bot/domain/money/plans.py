"""When a machine is to run in the days ahead, where that is known, and the one reason for it.

A machine has one plan or none, and a plan says for every day ahead which share of it the machine runs. So whatever is
known of it (a claim's end, on-hours, a booking, a stop) moves the forecast together and once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.days import day_start

Why = Literal["stopping", "parked", "claim_ends", "time_over", "hours", "booked", "starting", "launching"]
"""stopping: an approved stop. parked: an announced stop for idleness. time_over: it was launched for a time.
hours: it runs by its on-hours. starting, launching: approved, for a time.
"""
ENDS: frozenset[Why] = frozenset({"stopping", "parked", "claim_ends", "time_over"})
"""Reasons for which a machine that runs around the clock runs on no longer."""
DAYS_AHEAD = 90

Span = tuple[int, int]
"""From one instant to another."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When it is to run from now on, in spans that don't overlap; at no other time."""

    why: Why
    at: int
    """When that begins to count: the end of the claim, the beginning of the booking."""
    spans: tuple[Span, ...]

    def shares(self, today: date, zone: ZoneInfo, now: int) -> tuple[float, ...]:
        """The share of each of the DAYS_AHEAD days from today on that it runs; of today: of what is left of it."""
        edges = [day_start(today + timedelta(days=number), zone) for number in range(DAYS_AHEAD + 1)]
        edges[0] = min(max(now, edges[0]), edges[1] - 1)
        return tuple(
            sum(max(0, min(over, end) - max(begin, start)) for begin, over in self.spans) / (end - start)
            for start, end in pairwise(edges)
        )


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans that don't overlap, in order, which cover the same time."""
    found: list[Span] = []
    for begin, over in sorted(span for span in spans if span[1] > span[0]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], over))
        else:
            found.append((begin, over))
    return tuple(found)
