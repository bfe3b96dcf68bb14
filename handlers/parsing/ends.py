"""Spans and ends that have a name: overnight, tonight, the weekend, the end of the day or week.

What each means stands here only, whatever verb it is said to: the night is from 20:00 to 9:00, the weekend from Friday
18:00 to Monday 9:00, a day ends at 18:00, a week on Friday at 18:00, and the next one begins on Monday at 9:00.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.domain.days import days_after, instant, local
from handlers.parsing.lengths import bare_word
from handlers.parsing.moments import AT_NOON, DAY_END, EVENING, MORNING, NIGHT, Moment
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, WordChoice, word_choice

_LEAD = r"(?:for|until|till|til|over|through|thru|during|by|to) "
_ALL = r"(?:(?:the|this|all|whole|entire|of|a) )*"
_END = r"(?= |$)"
_NO_DAY = r"(?! (?:on|mon|tue|wed|thu|fri|sat|sun|\d))"
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern + _END))
    for name, pattern in (
        ("overnight", rf"(?:{_LEAD})?(?:overnight|over-night|over night|all night(?: long)?)"),
        ("overnight", rf"(?:for|over|through|thru|during) {_ALL}night"),
        ("overnight", r"(?:until|till|til) (?:the )?(?:next )?morning"),
        ("tonight", r"(?:for |during )?(?:tonight|tonite|this night|2nite)"),
        ("weekend", rf"(?:for |over |through |thru |during )?{_ALL}(?:weekend|week-end|w/e)"),
        ("weekend", r"(?:until|till|til) after (?:the |this )?weekend"),
        (
            "day",
            rf"(?:{_LEAD})?(?:the )?(?:eod|cob|eob|end of (?:the |this )?(?:business |work(?:ing)? )?(?:day|today))",
        ),
        ("day", rf"(?:{_LEAD})?(?:the )?(?:close of business|end of business)"),
        (
            "next week",
            rf"(?:until|till|til|before|by) (?:the )?(?:(?:start|beginning) of )?next week{_NO_DAY}",
        ),
        ("week", rf"(?:{_LEAD})?(?:the )?(?:eow|end of (?:the |this )?(?:work(?:ing)? )?week)"),
    )
)
_SMALL_HOURS = 5
"""Until then the night has not ended."""
_FRIDAY = 4
_LATE = 17
"""From this hour on, "tonight" has as good as begun."""


def named_end(
    rest: list[str], zone: Callable[[], str], now: int, *, start: int | None = None, books: bool = False
) -> tuple[Moment, list[str]] | None:
    """The end that the first words name, and the words after it; None where they name none.

    `books`: what is to begin later may be booked instead. Raises Unclear where it may be meant to begin later.
    """
    beginning = " ".join("'" if isinstance(word, Quoted) else bare_word(word) for word in rest[:7])
    named = next(((name, match) for name, pattern in _NAMES if (match := pattern.match(beginning))), None)
    if named is None:
        return None
    count = len(named[1][0].split())
    if named[0] == "tonight" and rest[count : count + 1] and bare_word(rest[count])[:1].isdigit():
        return None  # "tonight 20:00" is a moment
    where = ZoneInfo(zone())
    moment = _end(
        named[0], rest[:count], local(now if start is None else start, where), where, start=start, books=books
    )
    return moment, rest[count:]


def _end(name: str, typed: list[str], there: datetime, zone: ZoneInfo, *, start: int | None, books: bool) -> Moment:
    at = _Local(there, zone)
    begins, ends = named_bounds(name, there)
    if name == "overnight":
        return Moment(at.on(*ends))
    if name == "tonight":
        if start is None and _SMALL_HOURS <= there.hour < _LATE:
            raise _later(typed, at, begins, ends, books=books)
        return Moment(at.on(*ends), "Tonight is taken to end at 9:00.")
    if name == "weekend":
        is_near = there.weekday() > _FRIDAY or (there.weekday() == _FRIDAY and there.time() >= AT_NOON)
        if start is None and not is_near:
            raise _later(typed, at, begins, ends, books=books)
        return Moment(at.on(*ends), "The weekend is taken to end on Monday at 9:00.")
    if name == "next week":
        return Moment(at.on(7 - there.weekday(), MORNING), "Next week is taken to begin on Monday at 9:00.")
    ahead = (_FRIDAY - there.weekday()) % 7 if name == "week" else 0
    if (ahead, there.time()) >= (0, DAY_END) and not ahead:
        days = 7 if name == "week" else 1
        choices = [at.until(0, time(23, 59)), at.until(days, DAY_END)]
        raise Unclear(f'It is past 18:00, where "{" ".join(typed)}" ends. Until when?', typed, choices)
    which = "week is taken for Friday" if name == "week" else "day is taken for"
    return Moment(at.on(ahead, DAY_END), f"The end of the {which} 18:00.")


def named_bounds(name: str, there: datetime) -> tuple[tuple[int, time], tuple[int, time]]:
    """When the weekend, or else the night, of somebody's moment begins and ends, in days ahead and the time of day."""
    if name == "weekend":
        friday = _FRIDAY - there.weekday()
        return (friday, EVENING), (friday + 3, MORNING)
    morning = int(there.hour >= _SMALL_HOURS)
    return (morning - 1, NIGHT), (morning, MORNING)


class _Local:
    """Days and times where somebody is."""

    def __init__(self, there: datetime, zone: ZoneInfo) -> None:
        self._today, self._zone = there.date(), zone

    def on(self, days: int, at: time) -> int:
        """The instant of a time, so many days ahead."""
        return instant(days_after(self._today, days), at, self._zone)

    def words(self, days: int, at: time) -> str:
        """As it can be typed, on whatever day."""
        return f"{days_after(self._today, days)} {at:%H:%M}"

    def shown(self, days: int, at: time) -> str:
        """As people read it."""
        return f"{days_after(self._today, days):%a %-d %b} {at:%H:%M}"

    def until(self, days: int, at: time) -> WordChoice:
        """That end, to choose."""
        return word_choice(f"until {self.words(days, at)}", f"Until {self.shown(days, at)}")


def _later(typed: list[str], at: _Local, begins: tuple[int, time], ends: tuple[int, time], *, books: bool) -> Unclear:
    """It may be meant to begin now, or only then."""
    now = word_choice(f"until {at.words(*ends)}", f"From now until {at.shown(*ends)}")
    then = word_choice(
        f"{at.words(*begins)} until {at.words(*ends)}",
        f"Book {at.shown(*begins)} to {at.shown(*ends)}",
        verb="book",
    )
    word = " ".join(typed)
    question = f'Does "{word[:40]}" begin now? It would end on {at.shown(*ends)}.'
    return Unclear(question, typed, [now, then] if books else [now])


_TIME = r"(\d{1,2})(?:[:.](\d\d))?(am|pm)?"
_BOTH = re.compile(rf"{_TIME} ?(?:-|to|until|till|til) ?{_TIME}", re.ASCII)
_GPUS = frozenset({"gpu", "gpus", "gpus:", "gpu:", "--gpus"})
_NOON = 12


def from_to(rest: list[str]) -> tuple[list[str], int] | None:
    """The two times that the first words name, as "9:00 to 17:00", and how many words that is.

    None where they name none. Raises Unclear for "9-5" and "2-5pm", which may be meant in two ways.
    """
    for count in (1, 3):
        words = rest[:count]
        if len(words) < count or any(isinstance(word, Quoted) for word in words):
            return None
        match = _BOTH.fullmatch(" ".join(words).lower().rstrip(".,;!?"))
        if match:
            return _times(words, match), count
    return None


def _times(words: list[str], match: re.Match[str]) -> list[str]:
    begin, end = int(match[1]), int(match[4])
    first, last = _spelled(match[1], match[2], match[3]), _spelled(match[4], match[5], match[6])
    is_bare = not (match[3] or match[6])
    if match[6] == "pm" and not match[3] and end < begin < _NOON:
        return [first, "to", last]
    if not is_bare and bool(match[3]) != bool(match[6]) and begin <= _NOON and end <= _NOON:
        half = match[3] or match[6]
        both = [f"{_spelled(match[1], match[2], half)} to {_spelled(match[4], match[5], half)}"]
        raise _which(words, [*both, f"{first} to {last}"])
    if is_bare and not (match[2] or match[5]) and end <= begin <= _NOON:
        raise _which(words, [f"{begin}:00 to {end + _NOON}:00", f"{begin}:00 to {end}:00"], ["", " the next day"])
    return [first, "to", last]


def _spelled(hour: str, minute: str | None, half: str | None) -> str:
    return f"{int(hour)}:{minute or '00'}{half or ''}"


def _which(words: list[str], ways: list[str], when: Sequence[str] = ("", "")) -> Unclear:
    text = " ".join(words)
    choices = [word_choice(way, f"{way}{of}") for way, of in zip(ways, when, strict=True)]
    return Unclear(f'"{text[:40]}" can be read in two ways. Which?', words, choices)


def split_times(rest: list[str]) -> list[str]:
    """With "20:00-23:00", "20:00 - 23:00" and "9 to 17" as "20:00 to 23:00". Raises Unclear."""
    split: list[str] = []
    at = 0
    while at < len(rest):
        is_gpus = bool(split) and split[-1].lower() in _GPUS
        times = None if is_gpus else from_to(rest[at:])
        words, count = times or ([rest[at]], 1)
        split += words
        at += count
    return split
