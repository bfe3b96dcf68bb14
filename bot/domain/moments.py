"""Wall times and instants: what a clock on the wall shows at a place, and when that is.

A wall time that is skipped when clocks go forward is read with the offset from before, as calendars do (RFC 5545,
3.3.5): 02:30 is then what clocks show as 03:30. One that comes twice is the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


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
