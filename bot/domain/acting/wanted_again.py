"""Until when a stop surely saves: the moment at which the machine is likely to be wanted again, and why then."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.acting.hours import OnHours, next_edge
from bot.domain.clock import HOUR_MS
from bot.domain.days import instant, local
from bot.domain.sharing.bookings import BookingSlot

MORNING = time(8, 0)
"""When people are taken to begin their work, where nothing says otherwise."""
SOONEST_MS = 2 * HOUR_MS
"""A morning that is nearer than this is no reason to name a sum: the next one is meant."""
_SATURDAY = 5
WantedWhy = Literal["booked", "hours", "morning"]


@dataclass(frozen=True, slots=True)
class WantedAgain:
    """When a machine is likely to be wanted again; `who` has booked it, where that is why."""

    at: int
    why: WantedWhy
    who: str = ""


def wanted_again(
    now: int, zone: str, holidays: Container[date], slots: Sequence[BookingSlot], hours: OnHours | None
) -> WantedAgain:
    """The first of: the next booking, the beginning of on-hours that start it, the next working morning at 08:00."""
    found = [WantedAgain(next_morning(now, zone, holidays), "morning")]
    edge = next_edge(hours, now) if hours is not None and not hours.stop_only else None
    if edge is not None and edge.on:
        found = [WantedAgain(edge.at, "hours")]  # they know better than a usual morning when it is to run
    found += [WantedAgain(slot.from_at, "booked", slot.holder) for slot in slots if slot.from_at > now]
    return min(found, key=lambda wanted: wanted.at)


def next_morning(now: int, zone: str, holidays: Container[date]) -> int:
    """08:00 of the next working day there that is not too near, UTC milliseconds."""
    where = ZoneInfo(zone)
    day = local(now, where).date()
    for _ in range(400):
        at = instant(day, MORNING, where)
        if at - now >= SOONEST_MS and day.weekday() < _SATURDAY and day not in holidays:
            return at
        day += timedelta(days=1)
    return instant(day, MORNING, where)
