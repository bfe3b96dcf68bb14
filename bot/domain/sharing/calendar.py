"""The week ahead of a machine as a strip of cells: which hours are taken, by oneself or by others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.days import days_after, instant, local
from bot.domain.sharing.bookings import Hold

CalendarCell = Literal["over", "free", "some", "taken", "mine"]
"""some: a part of its GPUs is taken. mine outweighs all others."""
CALENDAR_DAYS = 7


@dataclass(frozen=True, slots=True)
class CalendarWeek:
    """One machine's holds of the next seven days, as one person sees them."""

    instance_id: str
    name: str
    gpu_count: int
    holds: tuple[Hold, ...]
    """The first to begin first."""


def calendar_days(now: int, zone: ZoneInfo) -> list[date]:
    """The local days of a week from today on."""
    today = local(now, zone).date()
    return [today + timedelta(days=ahead) for ahead in range(CALENDAR_DAYS)]


def calendar_end(now: int, zone: ZoneInfo) -> int:
    """When the last of these days ends."""
    return instant(days_after(calendar_days(now, zone)[-1], 1), time(), zone)


def calendar_cells(
    week: CalendarWeek, day: date, zone: ZoneInfo, reader: str, now: int, *, hours: int = 1
) -> list[CalendarCell]:
    """One local day in cells of so many hours of the wall clock; one that clocks skip or that is over says so."""
    starts = [instant(day, time(hour), zone) for hour in range(0, 24, hours)]
    starts.append(instant(days_after(day, 1), time(), zone))
    return [_cell(week, reader, start, end) if end > max(now, start) else "over" for start, end in pairwise(starts)]


def _cell(week: CalendarWeek, reader: str, start: int, end: int) -> CalendarCell:
    there: Sequence[Hold] = [hold for hold in week.holds if hold.meets(start, end)]
    if any(hold.holder == reader for hold in there):
        return "mine"
    taken = {gpu for hold in there for gpu in hold.gpus}
    return "taken" if len(taken) >= max(1, week.gpu_count) else "some" if taken else "free"
