"""Times of day as people type them: 18:00, 6 pm, 18.30, 1830, noon, in the evening."""

import re
from dataclasses import dataclass, replace
from datetime import date, time
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import days_after, local, next_instant
from bot.errors import Refused
from handlers.parsing.dates import MONTHS, NamedDay, counted_day, read_day
from handlers.parsing.lengths import read_lengths
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, word_choice

_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::00)?(am|pm|a|p)?|(\d{1,2})(am|pm)|noon|midday|midnight", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})[.h](\d\d)(am|pm)?", re.ASCII)
_TOGETHER = re.compile(r"([01]\d|2[0-3])([0-5]\d)", re.ASCII)
_HALVES = {"am": "am", "a.m": "am", "pm": "pm", "p.m": "pm"}
_HALVES_SAID = {"in the morning": "am", "in the afternoon": "pm", "in the evening": "pm"}
_CLOCK = frozenset({"uhr", "o'clock", "oclock"})
HOUR_DIGITS = re.compile(r"\d{1,2}", re.ASCII)
AT_NOON = time(12)
MORNING, EVENING, NIGHT, DAY_END = time(9), time(18), time(20), time(18)
DAY_PARTS = {"morning": MORNING, "evening": EVENING, "night": NIGHT, "eod": DAY_END, "cob": DAY_END}
"""What a part of a day is taken for."""
UTC_NAMES = frozenset({"utc", "gmt", "z"})
OWN_NAMES = frozenset({"local", "localtime"})
_EUROPE, _AMERICA = ("cet", "cest", "eet", "eest", "bst", "msk"), ("est", "edt", "cst", "cdt", "mst", "mdt")
OTHER_ZONES = frozenset({*_EUROPE, *_AMERICA, "pst", "pdt", "et", "pt", "ist", "jst", "kst", "sgt", "aest", "aedt"})


def time_of_day(word: str, *, bare: bool = False) -> time | None:
    """The time a word says: 18:00, 6pm, noon; with `bare` the hour alone, too. None: it says none. Raises Refused."""
    if isinstance(word, Quoted):
        return None
    least = word.lower().rstrip(".,;!?").replace(".m", "m")
    if bare and HOUR_DIGITS.fullmatch(least):
        least += ":00"
    match = _TIME.fullmatch(least)
    if not match:
        return None
    if least in {"noon", "midday", "midnight"}:
        return time() if least == "midnight" else AT_NOON
    return _time(match[1] or match[4], match[2], match[3] or match[5], word)


def _time(hours: str, minutes: str | None, half: str | None, word: str) -> time:
    hour, minute = int(hours), int(minutes or 0)
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    elif half:
        hour = 24
    if hour > 23 or minute > 59:
        raise Refused(f'"{word[:40]}" is no time of day. Try 18:00 or 6pm.')
    return time(hour, minute)


def read_clock(rest: list[str], *, bare: bool = False) -> tuple[time, list[str]] | None:
    """The time that the first words name, and the words after it; None where they name none. Raises Refused."""
    if not rest or isinstance(rest[0], Quoted):
        return None
    least = [word.lower().rstrip(".,;!?") for word in rest[:3]]
    half = _HALVES.get(" ".join(least[1:2]))
    if half and re.fullmatch(r"\d{1,2}(?:[:.]\d\d)?", least[0], re.ASCII):
        hours, _, minutes = least[0].replace(".", ":").partition(":")
        return _time(hours, minutes, half, f"{rest[0]} {rest[1]}"), rest[2:]
    if least[1:2] and least[1] in _CLOCK and re.fullmatch(r"\d{1,2}(?:[:.]\d\d)?", least[0], re.ASCII):
        return _o_clock(rest, *least[:2])
    at = time_of_day(rest[0], bare=bare)
    half_said = _half_said(rest[1:]) if at is not None and 0 < at.hour <= AT_NOON.hour else None
    if at is not None and half_said is not None:
        return _time(f"{at.hour}", f"{at.minute}", half_said[0], rest[0]), rest[1 + half_said[1] :]
    if at is None and (dotted := _DOTTED.fullmatch(least[0])) and _is_clear(dotted):
        at = _time(dotted[1], dotted[2], dotted[3], rest[0])
    if at is None and (together := _TOGETHER.fullmatch(least[0])) and not least[0].startswith("20"):
        at = time(int(together[1]), int(together[2]))
    return (at, rest[1:]) if at is not None else None


def _half_said(rest: list[str]) -> tuple[str, int] | None:
    """am or pm, of "8 in the evening" and "3 at night", and how many words that is."""
    for phrase, half in _HALVES_SAID.items():
        if " ".join(rest[: len(phrase.split())]).lower().rstrip(".,;!?") == phrase:
            return half, len(phrase.split())
    return None


def _is_clear(dotted: "re.Match[str]") -> bool:
    """It can't be a date, nor a length such as 4h30."""
    return "h" not in dotted[0] and not 1 <= int(dotted[2]) <= 12 and int(dotted[1]) < 24


def _o_clock(rest: list[str], number: str, name: str) -> tuple[time, list[str]]:
    hours, _, minutes = number.replace(".", ":").partition(":")
    if name != "uhr" and not minutes and 0 < int(hours) < 12:
        raise either_half(rest[:2], int(hours))
    return _time(hours, minutes, None, f"{rest[0]} {rest[1]}"), rest[2:]


def either_half(typed: list[str], hour: int) -> Unclear:
    """Nobody knows which half of the day is meant."""
    early, late = f"{hour % 24:02}:00", f"{(hour + 12) % 24:02}:00"
    hint = f"Try {early} or {(hour - 1) % 12 + 1}pm."
    choices = [word_choice(early), word_choice(late)] if hour <= 12 else [word_choice(early)]
    return Unclear(f'"{" ".join(typed)[:40]}" could be morning or evening. {hint}', typed, choices)


_HINT = "Try 18:00, 6pm, tomorrow 20:00, fri 14:00, 25 nov 14:00 or in 2h."
_TWO_WAYS = re.compile(r"(\d{1,2})[/.](\d{1,2})(?:[/.](?:20)?\d\d)?\.?", re.ASCII)
_SMALL_HOURS = 5
"""Until then "tonight" has not ended."""
_JUST_PAST = HOUR_MS
_FARTHEST = 3650 * DAY_MS
_NEXT_YEAR = 300
"""A date without a year that is further ahead than this, in days, was meant to be this year's, and is over."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant somebody named."""

    at: int
    remark: str = ""
    """A sentence on how it was understood, where that may surprise."""


def read_moment(rest: list[str], zone: ZoneInfo, now: int, *, start: int | None = None) -> tuple[Moment, list[str]]:
    """The moment that the first words name, and the words after it. With a start, it is the first one after that.

    Raises Refused, and Unclear for what may be meant in several ways.
    """
    if not rest:
        raise Refused(f"At what time? {_HINT}")
    if rest[0].lower() in {"at", "on", "@"} and len(rest) > 1:
        rest = rest[1:]
    after = now if start is None else start
    if rest[0].lower() == "in" and rest[1:3] != ["the", "morning"]:
        return _in_a_while(rest, zone, after)
    day, at, rest = _day_and_time(rest, zone, after)
    zone, rest = _zone(zone, rest)
    if day is None:
        return (_next(at, zone, after) if start is not None else _soon(at, zone, now)), rest
    return Moment(_on(day, at, zone, after), day.remark), rest


def _in_a_while(rest: list[str], zone: ZoneInfo, after: int) -> tuple[Moment, list[str]]:
    """ "in 2h", and "in 3 days at 9:00". Raises Refused."""
    if len(rest) == 1:
        raise Refused('In how long? Try "in 2h".')
    length, left = read_lengths(rest[1:])
    if not length:
        raise Refused('"in 0m" is now. Try "in 2h".')
    if length > _FARTHEST:
        raise Refused(f"That is too far ahead. {_HINT}")
    left = left[1:] if [word.lower() for word in left[:1]] in (["time"], ["time,"]) else left
    timed = read_clock(left[1:] if [word.lower() for word in left[:1]] == ["at"] else left, bare=False)
    if timed is None or length % DAY_MS:
        return Moment(after + length), left
    on = days_after(local(after, zone).date(), length // DAY_MS)
    return Moment(_on(counted_day(on), timed[0], zone, after)), timed[1]


def _zone(zone: ZoneInfo, rest: list[str]) -> tuple[ZoneInfo, list[str]]:
    """The zone that stands behind a time. Raises Unclear for one that is neither the person's own nor UTC."""
    least = [word.lower().strip(".,()") for word in rest[:2]]
    if least[:1] and least[0] in UTC_NAMES:
        return ZoneInfo("UTC"), rest[1:]
    if least[:1] and least[0] in OWN_NAMES:
        return zone, rest[2 if least[1:2] == ["time"] else 1 :]
    if least == ["my", "time"]:
        return zone, rest[2:]
    if least[:1] and least[0] in OTHER_ZONES:
        sentence = f"Times are read in your own zone, {zone.key}, or in UTC; {rest[0][:10]} can't be read."
        own = [] if zone.key == "UTC" else [word_choice("", f"In {zone.key}")]
        raise Unclear(sentence, rest[:1], [*own, word_choice("utc", "In UTC")])
    return zone, rest


def read_date(rest: list[str], zone: ZoneInfo, now: int) -> tuple[date, list[str]]:
    """The day that the first words name, and the words after it. Raises Refused."""
    named_day, left = read_day(rest, local(now, zone).date())
    if named_day is None:
        reason = f'"{rest[0][:40]}" is no day I can read. ' if rest else "Which day? "
        raise Refused(f"{reason}Try 20 dec or 2026-12-20.")
    return named_day.date, left


def _day_and_time(rest: list[str], zone: ZoneInfo, after: int) -> tuple[NamedDay | None, time, list[str]]:
    """In either order, with "at" or "on" between them. Raises Refused."""
    today = local(after, zone).date()
    first = read_clock(rest)
    if first is not None:
        at, left = first
        day, after_day = read_day(left[1:] if [word.lower() for word in left[:1]] == ["on"] else left, today)
        if day is None and [word.lower() for word in left[:2]] == ["next", "day"]:
            day, after_day = counted_day(days_after(today, 1)), left[2:]
        return (_clear(day, rest[: len(rest) - len(after_day)]), at, after_day) if day else (None, at, left)
    part, left = _part(rest)
    if part is not None:
        return None, part, left
    day, left = read_day(rest, today)
    if day is None:
        raise _misread(rest)
    left = left[1:] if left and left[0].lower() in {"at", "@", "in", "from"} and _is_time(left[1:]) else left
    timed = read_clock(left, bare=True)
    if timed is None:
        part, left = _part(left)
        if part is not None:
            return day, part, left
        if day.kind == "tonight":
            return day, NIGHT, left
        raise _no_time(day, rest, left)
    return _clear(day, rest[: len(rest) - len(timed[1])]), timed[0], timed[1]


def _is_time(rest: list[str]) -> bool:
    return read_clock(rest, bare=True) is not None or _part(rest)[0] is not None


def _part(rest: list[str]) -> tuple[time | None, list[str]]:
    """A part of a day, such as "the morning", and the words after it."""
    least = [word.lower().rstrip(".,;!?") for word in rest[:4]]
    at = 1 if least[:1] in (["the"], ["this"]) else 0
    if least[at : at + 1] and least[at] in DAY_PARTS:
        return DAY_PARTS[least[at]], rest[at + 1 :]
    for phrase in (["end", "of", "day"], ["end", "of", "business"], ["close", "of", "business"]):
        if least[at : at + 3] == phrase:
            return DAY_PARTS["eod"], rest[at + 3 :]
    return None, rest


def _no_time(day: NamedDay, rest: list[str], left: list[str]) -> Unclear:
    when = day.said if day.kind in {"today", "tomorrow"} else f"on {day.said}"
    typed = rest[: len(rest) - len(left)]
    choices = [
        word_choice(f"{day.date} {at:%H:%M}", f"{day.date:%a %-d %b} {at:%H:%M}") for at in (MORNING, DAY_PARTS["eod"])
    ]
    return Unclear(f"At what time {when}? Try {day.said} 14:00.", typed, choices)


def _clear(day: NamedDay, typed: list[str]) -> NamedDay:
    """The day, unless nobody can know which end of it its midnight is. Raises Unclear."""
    if not any(word.lower().startswith("midnight") for word in typed):
        return day
    if day.kind in {"today", "tonight"}:
        return replace(day, kind="tonight")
    sentence = f"Before or after {day.said}? Say {day.said} 0:00 or {day.said} 23:59."
    ends = [(day.date, "before"), (days_after(day.date, 1), "after")]
    raise Unclear(sentence, typed, [word_choice(f"{on} 0:00", f"The midnight {side} {day.said}") for on, side in ends])


def _either_day(word: str) -> list[str]:
    """The days that 5/11 may be; 27.11. is one only."""
    match = _TWO_WAYS.fullmatch(word)
    first, second = (int(match[1]), int(match[2])) if match else (0, 0)
    pairs = {(first, second), (second, first)}
    return [f"{day} {MONTHS[month - 1][:3]}" for day, month in sorted(pairs) if 0 < month <= 12 and 0 < day <= 31]


def _misread(rest: list[str]) -> Refused:
    word = rest[0]
    if _TWO_WAYS.fullmatch(word):
        sentence = f'"{word[:40]}" can be read in two ways. Write 25 nov 14:00 or 2026-11-25 14:00.'
        return Unclear(sentence, rest[:1], [word_choice(day) for day in _either_day(word)])
    if HOUR_DIGITS.fullmatch(word):
        return either_half(rest[:1], int(word))
    return Refused(f'"{word[:40]}" is no time I can read. {_HINT}')


def _soon(at: time, zone: ZoneInfo, now: int) -> Moment:
    """The next time it is this late. Raises Refused when it just was."""
    today = local(now, zone).date()
    there = next_instant(today, at, zone, now)
    if there is not None:
        return Moment(there)
    passed = next_instant(today, at, zone, now - _JUST_PAST)
    if passed is not None:
        ago = (now - passed) // MINUTE_MS
        when = f"{ago} minute{'' if ago == 1 else 's'} ago" if ago else "just now"
        raise Refused(f"{at:%H:%M} was {when}. If you mean the next one, say tomorrow {at:%H:%M}.")
    if at == time():
        return _next(at, zone, now)
    return Moment(_next(at, zone, now).at, f"{at:%H:%M} is over for today, so this is tomorrow's.")


def _next(at: time, zone: ZoneInfo, after: int) -> Moment:
    """The first time it is this late after an instant."""
    today = local(after, zone).date()
    instants = (next_instant(days_after(today, days), at, zone, after) for days in range(3))
    return Moment(next(instant for instant in instants if instant is not None))


def _on(day: NamedDay, at: time, zone: ZoneInfo, after: int) -> int:
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
    return today, at if at >= AT_NOON else at.replace(hour=at.hour + 12)
