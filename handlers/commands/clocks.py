"""Times of day as people type them: 18:00, 6 pm, 18.30, 1830, noon, in the evening."""

import re
from datetime import time

from bot.errors import Refused
from handlers.commands.parse import Quoted
from handlers.commands.unclear import Unclear, choice

_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::00)?(am|pm|a|p)?|(\d{1,2})(am|pm)|noon|midday|midnight", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})[.h](\d\d)(am|pm)?", re.ASCII)
_TOGETHER = re.compile(r"([01]\d|2[0-3])([0-5]\d)", re.ASCII)
_HALVES = {"am": "am", "a.m": "am", "pm": "pm", "p.m": "pm"}
_HALVES_SAID = {"in the morning": "am", "in the afternoon": "pm", "in the evening": "pm"}
_CLOCK = frozenset({"uhr", "o'clock", "oclock"})
HOUR = re.compile(r"\d{1,2}", re.ASCII)
NOON = time(12)
MORNING, EVENING, NIGHT, DAY_END = time(9), time(18), time(20), time(18)
PARTS = {"morning": MORNING, "evening": EVENING, "night": NIGHT, "eod": DAY_END, "cob": DAY_END}
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
    if bare and HOUR.fullmatch(least):
        least += ":00"
    found = _TIME.fullmatch(least)
    if not found:
        return None
    if least in {"noon", "midday", "midnight"}:
        return time() if least == "midnight" else NOON
    return _time(found[1] or found[4], found[2], found[3] or found[5], word)


def _time(hours: str, minutes: str | None, half: str | None, word: str) -> time:
    hour, minute = int(hours), int(minutes or 0)
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    elif half:
        hour = 24
    if hour > 23 or minute > 59:
        raise Refused(f'"{word[:40]}" is no time of day. Try 18:00 or 6pm.')
    return time(hour, minute)


def clock(rest: list[str], *, bare: bool = False) -> tuple[time, list[str]] | None:
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
    found = time_of_day(rest[0], bare=bare)
    half_said = _half_said(rest[1:]) if found is not None and 0 < found.hour <= NOON.hour else None
    if found is not None and half_said is not None:
        return _time(f"{found.hour}", f"{found.minute}", half_said[0], rest[0]), rest[1 + half_said[1] :]
    if found is None and (dotted := _DOTTED.fullmatch(least[0])) and _is_clear(dotted):
        found = _time(dotted[1], dotted[2], dotted[3], rest[0])
    if found is None and (together := _TOGETHER.fullmatch(least[0])) and not least[0].startswith("20"):
        found = time(int(together[1]), int(together[2]))
    return (found, rest[1:]) if found is not None else None


def _half_said(rest: list[str]) -> tuple[str, int] | None:
    """am or pm, of "8 in the evening" and "3 at night", and how many words that is."""
    for said, half in _HALVES_SAID.items():
        if " ".join(rest[: len(said.split())]).lower().rstrip(".,;!?") == said:
            return half, len(said.split())
    return None


def _is_clear(dotted: "re.Match[str]") -> bool:
    """It can't be a date, nor a length such as 4h30."""
    return "h" not in dotted[0] and not 1 <= int(dotted[2]) <= 12 and int(dotted[1]) < 24


def _o_clock(rest: list[str], number: str, said: str) -> tuple[time, list[str]]:
    hours, _, minutes = number.replace(".", ":").partition(":")
    if said != "uhr" and not minutes and 0 < int(hours) < 12:
        raise either(rest[:2], int(hours))
    return _time(hours, minutes, None, f"{rest[0]} {rest[1]}"), rest[2:]


def either(said: list[str], hour: int) -> Unclear:
    """Nobody knows which half of the day is meant."""
    early, late = f"{hour % 24:02}:00", f"{(hour + 12) % 24:02}:00"
    hint = f"Try {early} or {(hour - 1) % 12 + 1}pm."
    choices = [choice(early), choice(late)] if hour <= 12 else [choice(early)]
    return Unclear(f'"{" ".join(said)[:40]}" could be morning or evening. {hint}', said, choices)
