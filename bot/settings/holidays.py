"""Days off, as iCalendar files name them: whole-day events, those that come again and those of several days.

Some programs write a whole day with times, from midnight to midnight, or as one that ends on the day it begins.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from bot.errors import SettingsError

UNTIL = date(2100, 1, 1)
MOST_TIMES = 10_000
MOST_DAYS = 366
"""No event covers more days than this."""


def holidays_in(path: str) -> frozenset[date]:
    """The days that whole-day events of an iCalendar file cover, as it is now. Raises SettingsError, also for none."""
    if not path:
        return frozenset()
    from icalendar import Calendar

    try:
        events = Calendar.from_ical(Path(path).read_bytes()).walk("VEVENT")
        moved = {(str(each.get("UID")), _day(each.decoded("RECURRENCE-ID"))) for each in events if _is_one_time(each)}
        found = frozenset(day for event in events for day in _days(event, moved))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = str(error) if isinstance(error, ValueError) else type(error).__name__
        raise SettingsError(f"{path} can't be read as an iCalendar file: {why[:120]}.") from None
    if not found:
        told = "1 event" if len(events) == 1 else f"{len(events)} events"
        raise SettingsError(
            f"{path} brings no day off: it has {told}, and none is of a whole day (DTSTART;VALUE=DATE:20261225)."
        )
    return found


def _is_one_time(event: Any) -> bool:
    """It takes the place of one time of an event that comes again."""
    return "RECURRENCE-ID" in event


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _days(event: Any, moved: set[tuple[str, date]]) -> Iterator[date]:
    first = event.decoded("DTSTART")
    length = 0 if str(event.get("STATUS", "")).upper() == "CANCELLED" else _length(event, first)
    if not length:
        return  # an event with a time of day is no holiday
    for begins in _times(event, _day(first)):
        if _is_one_time(event) or (str(event.get("UID")), begins) not in moved:
            yield from (begins + timedelta(days=ahead) for ahead in range(min(length, MOST_DAYS)))


def _length(event: Any, first: date) -> int:
    """In whole days; 0 for an event with a time of day. Raises ValueError where it ends before it begins."""
    timed = isinstance(first, datetime)
    last = event.decoded("DTEND") if "DTEND" in event else None
    if last is None:
        length = event.decoded("DURATION") if "DURATION" in event else timedelta(days=0 if timed else 1)
    elif isinstance(last, datetime) != timed:
        raise ValueError(f"the event of {_day(first)} begins with a day and ends with a time of day")
    else:
        length = last - first
    if length < timedelta(0):
        raise ValueError(f"the event of {_day(first)} ends before it begins")
    if isinstance(first, datetime):
        whole = first.time() == time.min and not length % timedelta(days=1)
        return length.days if whole else 0
    return max(1, length.days)


def _times(event: Any, first: date) -> Iterator[date]:
    """The days on which it begins."""
    from dateutil.rrule import rruleset, rrulestr

    times, midnight = rruleset(), datetime.combine(first, time.min)
    times.rdate(midnight)
    for rule in _all(event, "RRULE"):
        text = rule.to_ical().decode().replace("Z", "")
        times.rrule(rrulestr(text, dtstart=midnight))
    for name, note in (("RDATE", times.rdate), ("EXDATE", times.exdate)):
        for listed in _all(event, name):
            for each in listed.dts:
                note(datetime.combine(_day(each.dt), time.min))
    for each in islice(times, MOST_TIMES):
        if each.date() >= UNTIL:
            return
        yield each.date()


def _all(event: Any, name: str) -> list[Any]:
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]
