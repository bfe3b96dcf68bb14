"""On-hours: when an instance is to run, in a zone of the earth, when that changes, who set them and who asks for them.

A window's end on a day when clocks change is the later of the two readings, its beginning the earlier: nothing is
stopped sooner than was said.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.acting.approvals import rule_setters
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.days import instant, local
from bot.domain.people import Roster
from bot.domain.typography import plain_typed
from bot.errors import Refused

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIME = r"(\d{1,2})(?:[:.h](\d\d)?)?\s*(am|pm)?"
_PART = re.compile(rf"(?:([a-z]{{2,10}}(?:\s*-\s*[a-z]{{2,10}})?)\s+)?{_TIME}\s*-\s*{_TIME}", re.ASCII)
_ONLY_DAYS = re.compile(r"[a-z]{2,10}(?:\s*-\s*[a-z]{2,10})?", re.ASCII)
_TURNED = re.compile(rf"({_TIME}\s*-\s*{_TIME})\s+({_ONLY_DAYS.pattern})", re.ASCII)
_AS_MEANT = (
    (r"\b(?:every ?day|each day|all days|daily)\b", "mon-sun"),
    (r"\b(?:weekdays?|work(?:ing )?days?)\b", "mon-fri"),
    (r"\bweekends?\b", "sat-sun"),
    (r"\b(?:from|every|on|at|between)\s", ""),
    (r"\s(?:to|until|till|through|thru)\s|\sand\s(?=\d)", "-"),
    (r"\s(?:and|&)\s", ","),
    (r"\bnoon\b", "12:00"),
    (r"\bmidnight\b", "24:00"),
    (r"\b([01]\d|2[0-4])([0-5]\d)\b", r"\1:\2"),
    (r"-\s*(?:23[:.h]59|11[:.h]59\s*pm)(?!\d)", "-24:00"),
)
"""What people write, and what is read for it: "weekdays from 8am to 7pm" is "mon-fri 8am-7pm"."""
_LAST_MINUTE = re.compile(r"23[:.h]?59|11[:.h]?59\s*pm", re.ASCII | re.IGNORECASE)
_NOON = 12
_EXPECTED = "Try `Mon-Fri 08:00-19:00`, and a comma between several: `Mon-Thu 8-20, Fri 8-16`."
LONGEST_LOOK_MS = 16 * DAY_MS
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
def parse_hours(text: str) -> tuple[Window, ...]:
    """Windows as people write them: "Mon-Fri 08:00-19:00, Sat 10-14", "weekdays 8am to 7pm". Raises Refused.

    Days without hours have those that follow ("mon, wed, fri 8-18"), hours without days are of the days before.
    """
    least = " ".join(plain_typed(text).lower().split())
    for written, meant in _AS_MEANT:
        least = re.sub(written, meant, least)
    windows: list[Window] = []
    days: list[frozenset[int]] = []
    last: list[frozenset[int]] = []
    for part in (day_set.strip() for day_set in least.split(",")):
        match = _PART.fullmatch(_TURNED.sub(r"\8 \1", part))
        if match is None and not (_ONLY_DAYS.fullmatch(part) and any(letter.isdigit() for letter in least)):
            raise Refused(f'"{text.strip()[:40]}" is no window. {_EXPECTED}')
        if match is None or match[1]:
            days.append(_days(match[1] if match else part))
        if match is not None:
            last, days = days or last, []
            begins, ends = _hours(match)
            windows += [Window(day_set, begins, ends) for day_set in last]
    if days or not windows:
        raise Refused(f'"{text.strip()[:40]}" is no window: it takes days and hours. {_EXPECTED}')
    return tuple(windows)


def _hours(match: re.Match[str]) -> tuple[time, time]:
    """From when to when. Raises Refused, also for what could be meant in two ways."""
    said = match[0].removeprefix(match[1] or "").strip()
    first, last = _clock(match[2], match[3], match[4]), _clock(match[5], match[6], match[7])
    begin, end, halves = int(match[2]), int(match[5]), (bool(match[4]), bool(match[7]))
    if first == last and (begin, end) != (0, 24):
        raise Refused(f'"{said}" begins when it ends. {_EXPECTED}')
    if (halves == (True, False) and end <= _NOON) or (halves == (False, True) and begin < end):
        raise Refused(f'"{said}" can be read in two ways: say am or pm of both, or write 08:00-19:00.')
    bare = not any((*halves, match[3], match[6])) and len(match[5]) == 1
    if bare and end < begin <= _NOON:
        late, early = f"{begin}-{end + _NOON}", f"{begin:02}:00-{end:02}:00"
        raise Refused(f'"{said}" can be read in two ways: write {late}, or {early} for a window past midnight.')
    return first, last


def _clock(hour: str, minute: str | None, half: str | None) -> time:
    number, minutes = int(hour), int(minute or 0)
    fits = 1 <= number <= _NOON if half else number < 24 or (number == 24 and not minutes)
    if not fits or minutes > 59:
        raise Refused(f'"{hour}{f":{minute}" if minute else ""}{half or ""}" is no time of day. {_EXPECTED}')
    if half:
        number = number % _NOON + (_NOON if half == "pm" else 0)
    return time(number % 24, minutes)


def _days(word: str) -> frozenset[int]:
    first, _, last = word.partition("-")
    begin, end = _day(first.strip()), _day((last or first).strip())
    return frozenset((begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1))


def _day(word: str) -> int:
    for number, short in enumerate(WEEKDAYS):
        if word == f"{short.lower()}s" or _LONG[number].startswith(word.removesuffix("s") if len(word) > 4 else word):
            return number
    raise Refused(f'"{word[:20]}" is no day of the week. {_EXPECTED}')


_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_as(text: str) -> str:
    """What is said of windows that are read for another than they say; empty where none is."""
    match = _LAST_MINUTE.search(text)
    read = match and any(window.ends == time(0) for window in parse_hours(text))
    return f"An end at {match[0]} is read as midnight, 24:00." if match and read else ""


def hours_text(windows: Iterable[Window]) -> str:
    """Windows in words that `parse` reads."""
    return ", ".join(f"{_days_of(window)} {window.begins:%H:%M}-{_end_of(window)}" for window in windows)


def _end_of(window: Window) -> str:
    return "24:00" if window.ends == time(0) else f"{window.ends:%H:%M}"


def _days_of(window: Window) -> str:
    for first in range(7):
        length = len(window.days)
        if window.days == {(first + ahead) % 7 for ahead in range(length)}:
            return WEEKDAYS[first] if length == 1 else f"{WEEKDAYS[first]}-{WEEKDAYS[(first + length - 1) % 7]}"
    raise ValueError(window.days)


def on_spans(hours: OnHours, start: int, end: int) -> list[tuple[int, int]]:
    """When it is to run between two instants, each from and until; what touches, or a minute parts, is one."""
    zone = ZoneInfo(hours.zone)
    day, last = local(start, zone).date() - timedelta(days=2), local(end, zone).date()
    of_days: list[tuple[int, int]] = []
    while day <= last:
        of_days += [_span(window, day, zone) for window in hours.windows if _begins_on(hours, window, day)]
        day += timedelta(days=1)
    merged: list[tuple[int, int]] = []
    for begin, over in sorted(of_days):
        if merged and begin <= merged[-1][1] + MINUTE_MS:  # 11:59 is how many write an end at 12:00
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
    return any(begin <= now < over for begin, over in on_spans(hours, now - DAY_MS, now + DAY_MS))


@lru_cache(maxsize=256)
def last_edge(hours: OnHours, now: int) -> Edge | None:
    """The newest change up to now; None when there was none lately."""
    edges = [edge for edge in _edges(hours, now - LONGEST_LOOK_MS, now) if edge.at <= now]
    return edges[-1] if edges else None


@lru_cache(maxsize=256)
def next_edge(hours: OnHours, now: int) -> Edge | None:
    """The next change after now; None when none is near."""
    return next((edge for edge in _edges(hours, now, now + LONGEST_LOOK_MS) if edge.at > now), None)


def _edges(hours: OnHours, start: int, end: int) -> list[Edge]:
    edges = [
        Edge(at, on)
        for span in on_spans(hours, start - DAY_MS, end + DAY_MS)
        for at, on in zip(span, (True, False), strict=True)
    ]
    return [edge for edge in edges if start <= edge.at <= end]


def on_ms(hours: OnHours, start: int, end: int) -> int:
    """How long it is to run between two instants, milliseconds."""
    return sum(min(over, end) - max(begin, start) for begin, over in on_spans(hours, start, end))


NEVER = "never"
"""In the place of windows: no rule ever stops it."""


@dataclass(frozen=True, slots=True)
class HoursRule:
    """The on-hours of one instance, as somebody has set them; they take the place of the team's."""

    instance_id: str
    windows: str
    """As `hours_text` writes them, or NEVER."""
    stop_only: bool
    set_by: str
    set_at: int
    void_since: int | None = None
    """Since when they count no more, as whoever set them may no longer do so."""


HoursRequestState = Literal["pending", "set", "denied", "expired", "failed"]
"""failed: there was a yes, and by then it could not be set any more; `outcome` says why."""


@dataclass(frozen=True, slots=True)
class HoursRequest:
    """On-hours that somebody would like an instance to have, and what became of that."""

    id: str
    instance_id: str
    team: str
    person: str
    windows: str
    """As in HoursRule; "" for those of its team."""
    stop_only: bool
    before: str
    """What it has, in words, as it was when this was asked; with anything else it is another question."""
    created_at: int
    expires_at: int
    state: HoursRequestState = "pending"
    decider: str = ""
    decided_at: int | None = None
    outcome: str = ""


def hours_request_deciders(request: HoursRequest, roster: Roster) -> frozenset[str]:
    """Who may decide on it: who may set on-hours themselves, but never whoever asked."""
    return rule_setters(request.team, roster) - {request.person}
