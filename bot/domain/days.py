"""Local days: when they begin, and which one an instant falls into. None is assumed to have 24 hours."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR_MS

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=4096)  # a forecast asks for the same days a few thousand times
def day_start(day: date, zone: ZoneInfo) -> int:
    """The instant a local day begins: where its midnight is skipped, the first one after it."""
    naive = datetime.combine(day, time())
    instants = [int(naive.replace(tzinfo=zone, fold=fold).timestamp() * 1000) for fold in (0, 1)]
    # A skipped midnight reads as two instants in the wrong order; a doubled one begins at the earlier.
    return max(instants) if _skipped(naive, zone) else min(instants)


def _skipped(naive: datetime, zone: ZoneInfo) -> bool:
    there = naive.replace(tzinfo=zone).astimezone(UTC)
    return there.astimezone(zone).replace(tzinfo=None) != naive


def day_length(day: date, zone: ZoneInfo) -> int:
    """How long a local day lasts, milliseconds."""
    return day_start(day + timedelta(days=1), zone) - day_start(day, zone)


def local_day(instant: int, zone: ZoneInfo) -> date:
    """The local date at an instant."""
    return datetime.fromtimestamp(instant / 1000, UTC).astimezone(zone).date()


def cuts_an_hour(days: Iterable[date], zone: ZoneInfo) -> bool:
    """Whether one of these days begins amid a clock hour (UTC), so that an hour of the ledger lies on both sides."""
    return any(day_start(day, zone) % HOUR_MS for day in days)


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def local(instant: int, zone: ZoneInfo) -> datetime:
    """What date and time it is there, without the zone."""
    return datetime.fromtimestamp(instant / 1000, UTC).astimezone(zone).replace(tzinfo=None)


def instant(day: date, at: time, zone: ZoneInfo, *, again: bool = False) -> int:
    """When it is this time on that day there; `again` takes the second of two."""
    return int(datetime.combine(day, at, zone).replace(fold=int(again)).timestamp()) * 1000


def next_instant(day: date, at: time, zone: ZoneInfo, after: int) -> int | None:
    """When it is this time on that day there, after a given instant; None when that is over."""
    first = instant(day, at, zone)
    if first > after:
        return first
    second = instant(day, at, zone, again=True)
    # in a gap the two readings stand the other way round, and only the first is one
    return second if second > after and second > first else None


def days_after(day: date, days: int) -> date:
    """So many days later."""
    return day + timedelta(days=days)


MachineMs = NewType("MachineMs", int)
"""Milliseconds of machines: one that runs for an hour with eight GPUs has 3,600,000."""
GpuMs = NewType("GpuMs", int)
"""Milliseconds of GPUs, added up: the same machine has eight times as many."""
MachineHours = NewType("MachineHours", Decimal)
"""Hours of machines, as of a month's use."""
GpuHours = NewType("GpuHours", float)
"""Hours of GPUs, added up."""
NO_MACHINE_TIME, NO_GPU_TIME, NO_GPU_HOURS = MachineMs(0), GpuMs(0), GpuHours(0)


def gpu_time(machine: MachineMs, gpus: int) -> GpuMs:
    """The GPU time of machines with so many GPUs each."""
    return GpuMs(machine * gpus)


def gpu_hours(time: GpuMs) -> GpuHours:
    """The same in hours."""
    return GpuHours(time / HOUR_MS)
