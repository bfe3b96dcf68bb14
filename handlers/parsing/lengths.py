"""Lengths of time as people type them: 30m, 4h, 1h30, 1,5h, two and a half hours; and what comes near to one."""

import re

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.errors import Refused
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, word_choice

_NAMES = {
    MINUTE_MS: ("m", "min", "mins", "minute", "minutes", "mn"),
    HOUR_MS: ("h", "hr", "hrs", "hour", "hours"),
    DAY_MS: ("d", "day", "days"),
    7 * DAY_MS: ("w", "wk", "wks", "week", "weeks"),
    14 * DAY_MS: ("fortnight", "fortnights"),
}
UNITS = {name: unit for unit, names in _NAMES.items() for name in names}
_ANY_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_NUMBER = r"(?:\d{1,5}(?:[.,]\d{1,2})?|[.]\d{1,2})"
_LENGTH = re.compile(rf"(?:{_NUMBER}(?:{_ANY_UNIT}))+", re.ASCII)
_PART = re.compile(rf"({_NUMBER})({_ANY_UNIT})", re.ASCII)
_HOURS_AND_MINUTES = re.compile(r"(\d{1,3})(?:h|hr|hrs)([0-5]\d)", re.ASCII)
_WHOLE = re.compile(_NUMBER, re.ASCII)
_RANGE = re.compile(
    rf"(\d{{1,4}}) ?({_ANY_UNIT})? ?(?:-|/|to|or|until|till) ?(\d{{1,4}}) ?({_ANY_UNIT})(?= |$|[.,!?])", re.ASCII
)
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MORE = {"fifteen": 15, "sixteen": 16, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60}
_PAIRS = {"ninety": 90, "twenty-four": 24, "thirty-six": 36, "forty-five": 45, "forty-eight": 48, "seventy-two": 72}
SPELLED = {"a": 1, "an": 1, **{word: number for number, word in enumerate(_ONES, 1)}, **_MORE, **_PAIRS}
_FILLERS = re.compile(
    r"(?:(?:about|around|ca|circa|approx|approximately|roughly|exactly|just|only|max|maximum|up to|upto|at most|"
    r"no more than|not more than|the next|next|the|whole|full|~)[.,:]? )+",
    re.ASCII,
)
"""What may stand before a length and changes nothing of it."""


def bare_word(word: str) -> str:
    """The word in small letters, without what punctuation stands around it."""
    least = word.lower()
    return least.lstrip("(~\u2248").rstrip(".,;:!?)") or least


def read_length(word: str) -> int:
    """A length of time in milliseconds: 30m, 4h, 1h30m, 1.5h, 2d. Raises Refused."""
    length = _one_word(bare_word(word))
    if length is None:
        raise Refused(f'"{word[:40]}" is not a length of time. Try 30m, 4h, 1h30m or 2d.')
    return length[0]


def _one_word(least: str) -> tuple[int, int] | None:
    """A length in one word, and its smallest unit."""
    if pair := _HOURS_AND_MINUTES.fullmatch(least):
        return int(pair[1]) * HOUR_MS + int(pair[2]) * MINUTE_MS, MINUTE_MS
    if not _LENGTH.fullmatch(least):
        return None
    parts = _PART.findall(least)
    if len({UNITS[unit] for _, unit in parts}) < len(parts):
        return None  # 4h4h is said twice, not eight hours
    return sum(round(_number(number) * UNITS[unit]) for number, unit in parts), UNITS[parts[-1][1]]


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def looks_like_length(word: str) -> bool:
    """It may be meant as a length of time."""
    return not isinstance(word, Quoted) and (word[:1] in {"+", "-", ".", "~"} or word[:1].isdigit())


def read_lengths(rest: list[str], *, spelled: bool = True) -> tuple[int, list[str]]:
    """The length that "4h note", "1 h 30 min note" and "two hours note" begin with, and the words after it.

    Numbers in words count only where they are `spelled`. Raises Refused, and Unclear for "4-6h".
    """
    _refuse_range(rest)
    first = _one(_without_fillers(rest, spelled=spelled), spelled=spelled)
    if first is None:
        return read_length(rest[0]), rest[1:]
    total, unit, left = first
    while left:
        if [word.lower() for word in left[:3]] == ["and", "a", "half"]:
            total, left = total + unit // 2, left[3:]
            break
        more = _one(left[1:] if left[0].lower() == "and" else left, spelled=False)
        if more is None or more[0] >= unit:  # "4h 2h" says two lengths, "4h 30m" one
            break
        total, unit, left = total + more[0], more[1], more[2]
    return total, left


def is_length(rest: list[str], *, spelled: bool = True) -> bool:
    """Whether these words begin with a length of time that can be read."""
    return _one(_without_fillers(rest, spelled=spelled), spelled=spelled) is not None


def _without_fillers(rest: list[str], *, spelled: bool) -> list[str]:
    """Without "about" or "the next" before a length; the words as they are where none follows."""
    match = _FILLERS.match(" ".join(map(str.lower, rest[:6])))
    after = rest[len(match[0].split()) :] if match else rest
    return after if _one(after, spelled=spelled) is not None else rest


def _one(rest: list[str], *, spelled: bool) -> tuple[int, int, list[str]] | None:
    """A length in one word or in several, its smallest unit, and the words after it."""
    if not rest or any(isinstance(word, Quoted) for word in rest[:1]):
        return None
    least = [bare_word(word) for word in rest[:5]]
    if length := _one_word(least[0]):
        return *length, rest[1:]
    if (halved := _halved(least, spelled=spelled)) is not None:
        return round(halved[0] * UNITS[least[halved[1]]]), MINUTE_MS, rest[halved[1] + 1 :]
    number = _number(least[0]) if _WHOLE.fullmatch(least[0]) else SPELLED.get(least[0]) if spelled else None
    if number is None:
        return None
    if least[1:4] == ["and", "a", "half"] and least[4:5] and least[4] in UNITS:
        return round((number + 0.5) * UNITS[least[4]]), MINUTE_MS, rest[5:]
    at = 2 if least[1:2] in (["full"], ["whole"]) else 1
    name = " ".join(least[at : at + 1])
    unit = UNITS.get(name) if _WHOLE.fullmatch(least[0]) or len(name) > 1 else None
    return (round(number * unit), unit, rest[at + 1 :]) if unit else None


def _halved(least: list[str], *, spelled: bool) -> tuple[float, int] | None:
    """The number in "half an hour", "1/2 hour" and "1 1/2 hours", and where its unit stands."""
    if spelled and least[0] == "half":
        at = 2 if least[1:2] in (["a"], ["an"]) else 1
        return (0.5, at) if UNITS.get(" ".join(least[at : at + 1])) in {HOUR_MS, DAY_MS} else None
    if least[0] == "1/2" and least[1:2] and least[1] in UNITS:
        return 0.5, 1
    if least[1:2] == ["1/2"] and least[2:3] and least[2] in UNITS and re.fullmatch(r"\d{1,4}", least[0], re.ASCII):
        return int(least[0]) + 0.5, 2
    return None


def _refuse_range(rest: list[str]) -> None:
    """ "4-6h" says two lengths. Raises Unclear."""
    match = _RANGE.match(" ".join(map(str.lower, rest[:4])))
    if match is None or match[0].startswith("1/2"):
        return
    words = rest[: len(match[0].split())]
    lengths = (f"{match[1]}{(match[2] or match[4])[0]}", f"{match[3]}{match[4][0]}")
    choices = [word_choice(f"for {length}", f"{length[:-1]} {length[-1]}") for length in lengths]
    raise Unclear(f'"{" ".join(words)[:40]}" are two lengths. Which one?', words, choices)


def refuse_range(rest: list[str]) -> None:
    """Whoever says "4-6h" or "4 to 6 hours" is asked which. Raises Unclear."""
    if rest and not isinstance(rest[0], Quoted):
        _refuse_range(rest)
