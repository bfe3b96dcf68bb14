"""Moments as people type them, in their own zone: 18:00, 6pm, tomorrow 20:00, fri 14:00, 25 nov 14:00, in 2h.

A time alone is the next one there is; one that passed within the last hour is asked about instead. A day needs a
time with it, except "tonight", which is 20:00. After a day the hour alone will do: "fri 9".
"""

import re
from dataclasses import dataclass, replace
from datetime import date, time
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY, HOUR, MINUTE
from bot.domain.moments import days_after, local, next_instant
from bot.errors import Refused
from handlers.commands.parse import measured

_HINT = "Try 18:00, 6pm, tomorrow 20:00, fri 14:00, 25 nov 14:00 or in 2h."
_TIME = re.compile(r"(\d{1,2}):(\d\d)(am|pm)?|(\d{1,2})(am|pm)|noon|midnight", re.ASCII)
_HOUR = re.compile(r"\d{1,2}", re.ASCII)
_ISO = re.compile(r"(20\d\d)-(\d\d)-(\d\d)", re.ASCII)
_DAY_NUMBER = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?", re.ASCII)
_YEAR = re.compile(r"20\d\d", re.ASCII)
_TWO_WAYS = re.compile(r"\d{1,2}[/.]\d{1,2}(?:[/.](?:20)?\d\d)?\.?", re.ASCII)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = {short: day for day, name in enumerate(_DAYS) for short in (name, name[:3])} | {"thur": 3}
_NIGHT = time(20)
_NOON = time(12)
_SMALL_HOURS = 5
"""Until then "tonight" has not ended."""
_JUST_PAST = HOUR
_FARTHEST = 3650 * DAY
_NEXT_YEAR = 300
"""A date without a year that is further ahead than this, in days, was meant to be this year's, and is over."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant somebody named."""

    at: int
    remark: str = ""
    """A sentence on how it was understood, where that may surprise."""


@dataclass(frozen=True, slots=True)
class _Day:
    said: str
    date: date
    kind: str
    """today, tonight, tomorrow, weekday, date (without a year) or exact."""


def moment(rest: list[str], zone: ZoneInfo, now: int, *, start: int | None = None) -> tuple[Moment, list[str]]:
    """The moment that the first words name, and the words after it. With a start, it is the first one after that.

    Raises Refused.
    """
    if not rest:
        raise Refused(f"At what time? {_HINT}")
    if rest[0].lower() in {"at", "on"} and len(rest) > 1:
        rest = rest[1:]
    after = now if start is None else start
    if rest[0].lower() == "in":
        if len(rest) == 1:
            raise Refused('In how long? Try "in 2h".')
        length, rest = measured(rest[1:])
        if not length:
            raise Refused('"in 0m" is now. Try "in 2h".')
        if length > _FARTHEST:
            raise Refused(f"That is too far ahead. {_HINT}")
        return Moment(after + length), rest
    day, at, rest = _day_and_time(rest, zone, after)
    zone, rest = (ZoneInfo("UTC"), rest[1:]) if rest and rest[0].lower() == "utc" else (zone, rest)
    if day is None:
        return (_next(at, zone, after) if start is not None else _soon(at, zone, now)), rest
    return Moment(_on(day, at, zone, after)), rest


def day(rest: list[str], zone: ZoneInfo, now: int) -> tuple[date, list[str]]:
    """The day that the first words name, and the words after it. Raises Refused."""
    found, left = _day(rest, local(now, zone).date())
    if found is None:
        said = f'"{rest[0][:40]}" is no day I can read. ' if rest else "Which day? "
        raise Refused(f"{said}Try 20 dec or 2026-12-20.")
    return found.date, left


def weekday(word: str) -> int | None:
    """The day of the week, Monday is 0: tue, tuesday, tuesdays; None when it is none."""
    return _WEEKDAYS.get(word.lower().rstrip(",").removesuffix("s"))


def time_of_day(word: str, *, bare: bool = False) -> time | None:
    """The time a word says: 18:00, 6pm, noon; with `bare` the hour alone, too. None: it says none. Raises Refused."""
    plain = word.lower().rstrip(".,")
    if bare and _HOUR.fullmatch(plain):
        plain += ":00"
    found = _TIME.fullmatch(plain)
    if not found:
        return None
    if plain in {"noon", "midnight"}:
        return _NOON if plain == "noon" else time()
    hour, minute, half = int(found[1] or found[4]), int(found[2] or 0), found[3] or found[5]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif half:
        hour = 24
    if hour > 23 or minute > 59:
        raise Refused(f'"{word[:40]}" is no time of day. Try 18:00 or 6pm.')
    return time(hour, minute)


def _day_and_time(rest: list[str], zone: ZoneInfo, after: int) -> tuple[_Day | None, time, list[str]]:
    """In either order, with "at" or "on" between them. Raises Refused."""
    today = local(after, zone).date()
    first = time_of_day(rest[0])
    if first is not None:
        day, left = _day(rest[2:] if [word.lower() for word in rest[1:2]] == ["on"] else rest[1:], today)
        return (_clear(day, rest[0]), first, left) if day else (None, first, rest[1:])
    day, left = _day(rest, today)
    if day is None:
        raise Refused(_misread(rest[0]))
    if left and left[0].lower() == "at":
        left = left[1:]
    at = time_of_day(left[0], bare=True) if left else None
    if at is None and day.kind == "tonight":
        return day, _NIGHT, left
    if at is None:
        when = day.said if day.kind in {"today", "tomorrow"} else f"on {day.said}"
        raise Refused(f"At what time {when}? Try {day.said} 14:00.")
    return _clear(day, left[0]), at, left[1:]


def _clear(day: _Day, time_word: str) -> _Day:
    """The day, unless nobody can know which end of it its midnight is. Raises Refused."""
    if not time_word.lower().startswith("midnight"):
        return day
    if day.kind in {"today", "tonight"}:
        return replace(day, kind="tonight")
    raise Refused(f"Before or after {day.said}? Say {day.said} 0:00 or {day.said} 23:59.")


def _day(rest: list[str], today: date) -> tuple[_Day | None, list[str]]:
    """The day that the first words name, and the words after it. Raises Refused."""
    if not rest:
        return None, rest
    word = rest[0].lower().rstrip(",")
    if word in {"today", "tonight", "tomorrow"}:
        return _Day(word, days_after(today, int(word == "tomorrow")), word), rest[1:]
    number = weekday(word)
    if number is not None:
        dated, left = _day(rest[1:], today)
        if dated is not None and dated.kind in {"date", "exact"}:
            return _of_weekday(dated, number), left
        ahead = (number - today.weekday()) % 7
        return _Day(word, days_after(today, ahead), "weekday"), rest[1:]
    iso = _ISO.fullmatch(word.partition("t")[0])
    if iso:
        clock = word.partition("t")[2]
        on = _date(iso[0], int(iso[1]), int(iso[2]), int(iso[3]))
        return _Day(iso[0], on, "exact"), ([clock] if clock else []) + rest[1:]
    return _month_and_day(rest, today)


def _of_weekday(day: _Day, number: int) -> _Day:
    """A date with its day of the week, "sun 29 nov". Raises Refused where they do not agree."""
    if day.date.weekday() != number:
        raise Refused(f"{day.said} is a {day.date:%A}, not a {_DAYS[number].title()}. Say only one of them.")
    return day


def _month_and_day(rest: list[str], today: date) -> tuple[_Day | None, list[str]]:
    """25 nov, 25th november 2026, nov 25: of the year that makes it the next one. Raises Refused."""
    if len(rest) < 2:
        return None, rest
    month, number = _month(rest[1]), _DAY_NUMBER.fullmatch(rest[0].lower().rstrip(","))
    if month is None or number is None:
        month, number = _month(rest[0]), _DAY_NUMBER.fullmatch(rest[1].lower().rstrip(","))
    if month is None or number is None:
        return None, rest
    said = f"{rest[0]} {rest[1]}"
    if len(rest) > 2 and _YEAR.fullmatch(rest[2]):
        return _Day(f"{said} {rest[2]}", _date(said, int(rest[2]), month, int(number[1])), "exact"), rest[3:]
    # 29 February is a date of some years only; the error names what was said
    on = _date(said, today.year, month, int(number[1]))
    if on < today:
        on = _date(said, today.year + 1, month, int(number[1]))
    return _Day(said, on, "date"), rest[2:]


def _month(word: str) -> int | None:
    plain = word.lower().rstrip(".,")
    if plain == "sept":
        return 9
    return next((number for number, name in enumerate(_MONTHS, 1) if plain in {name, name[:3]}), None)


def _date(said: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Refused(f'There is no "{said[:40]}" in {year}. Write a day such as 2026-11-25.') from None


def _misread(word: str) -> str:
    if _TWO_WAYS.fullmatch(word):
        return f'"{word[:40]}" can be read in two ways. Write 25 nov 14:00 or 2026-11-25 14:00.'
    if _HOUR.fullmatch(word):
        return f'"{word[:40]}" could be morning or evening. Try {int(word) % 24:02}:00 or {(int(word) - 1) % 12 + 1}pm.'
    return f'"{word[:40]}" is no time I can read. {_HINT}'


def _soon(at: time, zone: ZoneInfo, now: int) -> Moment:
    """The next time it is this late. Raises Refused when it just was."""
    today = local(now, zone).date()
    there = next_instant(today, at, zone, now)
    if there is not None:
        return Moment(there)
    passed = next_instant(today, at, zone, now - _JUST_PAST)
    if passed is not None:
        ago = (now - passed) // MINUTE
        when = f"{ago} minute{'' if ago == 1 else 's'} ago" if ago else "just now"
        raise Refused(f"{at:%H:%M} was {when}. If you mean the next one, say tomorrow {at:%H:%M}.")
    if at == time():
        return _next(at, zone, now)
    return Moment(_next(at, zone, now).at, f"{at:%H:%M} is over for today, so this is tomorrow's.")


def _next(at: time, zone: ZoneInfo, after: int) -> Moment:
    """The first time it is this late after an instant."""
    today = local(after, zone).date()
    found = (next_instant(days_after(today, days), at, zone, after) for days in range(3))
    return Moment(next(each for each in found if each is not None))


def _on(day: _Day, at: time, zone: ZoneInfo, after: int) -> int:
    """When it is this late on that day. Raises Refused when that is over."""
    on = day.date
    if day.kind == "tonight":
        on, at = _night(on, at, early=local(after, zone).hour < at.hour)
    there = next_instant(on, at, zone, after)
    if there is None and day.kind == "weekday":
        there = next_instant(days_after(on, 7), at, zone, after)
    far = day.kind == "date" and (on - local(after, zone).date()).days > _NEXT_YEAR
    if there is None or far:
        raise Refused(f"{day.said} {at:%H:%M} is over. {_HINT}")
    return there


def _night(today: date, at: time, *, early: bool) -> tuple[date, time]:
    """Tonight at 8 is 20:00, tonight at 1 is past the next midnight; `early` is said before that hour of today."""
    if at.hour < _SMALL_HOURS:
        return days_after(today, int(not early)), at
    return today, at if at >= _NOON else at.replace(hour=at.hour + 12)
