"""On-hours: when an instance is to run, in a zone of the earth, and the moments at which that changes.

A window's end on a day when clocks change is the later of the two readings, its beginning the earlier: nothing is
stopped sooner than was said.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY
from bot.domain.moments import instant, local
from bot.errors import Refused

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIME = r"(?:[01]?\d|2[0-4])(?::[0-5]\d)?"
_PART = re.compile(rf"([A-Za-z]{{3,9}}(?:-[A-Za-z]{{3,9}})?)\s+({_TIME})\s*-\s*({_TIME})", re.ASCII)
_EXPECTED = "Try `Mon-Fri 08:00-19:00`, and a comma between several: `Mon-Thu 8-20, Fri 8-16`."
LONGEST_LOOK = 16 * DAY
"""No edge is looked for further away: a week without one has none, holidays included."""


@dataclass(frozen=True, slots=True)
class Window:
    """On from one time of day to another, on some days of the week (0 is Monday); past midnight if it ends earlier."""

    days: frozenset[int]
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class OnHours:
    """When something is to run."""

    windows: tuple[Window, ...]
    zone: str
    holidays: frozenset[date] = field(default=frozenset())
    """Days on which no window begins."""
    stop_only: bool = False
    """It is stopped at the end of a window, and never started by Valet."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The moment from which it is to run, or not to."""

    at: int
    on: bool


@lru_cache(maxsize=256)
def parse(text: str) -> tuple[Window, ...]:
    """Windows as people write them: "Mon-Fri 08:00-19:00, Sat 10-14". Raises Refused."""
    parts = [part.strip() for part in text.split(",")]
    found = [_PART.fullmatch(part) for part in parts]
    if not text.strip() or not all(found):
        wrong = next((part for part, match in zip(parts, found, strict=True) if not match), "")
        raise Refused(f'"{wrong[:40]}" is no window. {_EXPECTED}')
    return tuple(_window(match) for match in found if match)


def _window(match: re.Match[str]) -> Window:
    begins, ends = _time(match[2]), _time(match[3])
    if begins == ends and match[2] == match[3]:
        raise Refused(f'"{match[0]}" begins when it ends. {_EXPECTED}')
    return Window(_days(match[1]), begins, ends)


def _time(word: str) -> time:
    hour, _, minute = word.partition(":")
    if int(hour) == 24 and int(minute or 0):
        raise Refused(f'"{word}" is no time of day. {_EXPECTED}')
    return time(int(hour) % 24, int(minute or 0))


def _days(word: str) -> frozenset[int]:
    first, _, last = word.partition("-")
    begin, end = _day(first), _day(last or first)
    return frozenset((begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1))


def _day(word: str) -> int:
    for number, short in enumerate(DAYS):
        if word.lower() in {short.lower(), f"{short.lower()}s"} or _LONG[number].startswith(word.lower()):
            return number
    raise Refused(f'"{word[:20]}" is no day of the week. {_EXPECTED}')


_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def text_of(windows: Iterable[Window]) -> str:
    """Windows in words that `parse` reads."""
    return ", ".join(f"{_days_of(each)} {each.begins:%H:%M}-{_end_of(each)}" for each in windows)


def _end_of(window: Window) -> str:
    return "24:00" if window.ends == time(0) else f"{window.ends:%H:%M}"


def _days_of(window: Window) -> str:
    for first in range(7):
        length = len(window.days)
        if window.days == {(first + ahead) % 7 for ahead in range(length)}:
            return DAYS[first] if length == 1 else f"{DAYS[first]}-{DAYS[(first + length - 1) % 7]}"
    raise ValueError(window.days)


def spans(hours: OnHours, start: int, end: int) -> list[tuple[int, int]]:
    """When it is to run between two instants, each from and until; what touches is one."""
    zone = ZoneInfo(hours.zone)
    day, last = local(start, zone).date() - timedelta(days=2), local(end, zone).date()
    found: list[tuple[int, int]] = []
    while day <= last:
        found += [_span(window, day, zone) for window in hours.windows if _begins_on(hours, window, day)]
        day += timedelta(days=1)
    merged: list[tuple[int, int]] = []
    for begin, over in sorted(found):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], over))
        elif over > begin:
            merged.append((begin, over))
    return [(begin, over) for begin, over in merged if over > start and begin < end]


def _begins_on(hours: OnHours, window: Window, day: date) -> bool:
    return day.weekday() in window.days and day not in hours.holidays


def _span(window: Window, day: date, zone: ZoneInfo) -> tuple[int, int]:
    until = day if window.ends > window.begins else day + timedelta(days=1)
    begins = min(instant(day, window.begins, zone), instant(day, window.begins, zone, again=True))
    ends = max(instant(until, window.ends, zone), instant(until, window.ends, zone, again=True))
    return begins, ends


@lru_cache(maxsize=256)  # a whole team asks at the same moment
def is_on(hours: OnHours, now: int) -> bool:
    """Whether it is to run now."""
    return any(begin <= now < over for begin, over in spans(hours, now - DAY, now + DAY))


@lru_cache(maxsize=256)
def last_edge(hours: OnHours, now: int) -> Edge | None:
    """The newest change up to now; None when there was none lately."""
    found = [edge for edge in _edges(hours, now - LONGEST_LOOK, now) if edge.at <= now]
    return found[-1] if found else None


@lru_cache(maxsize=256)
def next_edge(hours: OnHours, now: int) -> Edge | None:
    """The next change after now; None when none is near."""
    return next((edge for edge in _edges(hours, now, now + LONGEST_LOOK) if edge.at > now), None)


def _edges(hours: OnHours, start: int, end: int) -> list[Edge]:
    found = [
        Edge(at, on)
        for span in spans(hours, start - DAY, end + DAY)
        for at, on in zip(span, (True, False), strict=True)
    ]
    return [edge for edge in found if start <= edge.at <= end]


def on_ms(hours: OnHours, start: int, end: int) -> int:
    """How long it is to run between two instants, milliseconds."""
    return sum(min(over, end) - max(begin, start) for begin, over in spans(hours, start, end))
