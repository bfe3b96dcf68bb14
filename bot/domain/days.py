"""Local days: when they begin, and which one an instant falls into. None is assumed to have 24 hours."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR


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
    return any(day_start(day, zone) % HOUR for day in days)


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
