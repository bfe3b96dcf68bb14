"""From one time of day to another, as people type it: 20:00-23:00, 9-17, 9 to 17, 2pm - 5pm."""

import re
from collections.abc import Sequence

from handlers.commands.parse import Quoted
from handlers.commands.unclear import Unclear, choice

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
        found = _BOTH.fullmatch(" ".join(words).lower().rstrip(".,;!?"))
        if found:
            return _times(words, found), count
    return None


def _times(words: list[str], found: re.Match[str]) -> list[str]:
    begin, end = int(found[1]), int(found[4])
    first, last = _spelled(found[1], found[2], found[3]), _spelled(found[4], found[5], found[6])
    is_bare = not (found[3] or found[6])
    if found[6] == "pm" and not found[3] and end < begin < _NOON:
        return [first, "to", last]
    if not is_bare and bool(found[3]) != bool(found[6]) and begin <= _NOON and end <= _NOON:
        half = found[3] or found[6]
        both = [f"{_spelled(found[1], found[2], half)} to {_spelled(found[4], found[5], half)}"]
        raise _which(words, [*both, f"{first} to {last}"])
    if is_bare and not (found[2] or found[5]) and end <= begin <= _NOON:
        raise _which(words, [f"{begin}:00 to {end + _NOON}:00", f"{begin}:00 to {end}:00"], ["", " the next day"])
    return [first, "to", last]


def _spelled(hour: str, minute: str | None, half: str | None) -> str:
    return f"{int(hour)}:{minute or '00'}{half or ''}"


def _which(words: list[str], ways: list[str], when: Sequence[str] = ("", "")) -> Unclear:
    said = " ".join(words)
    choices = [choice(way, f"{way}{of}") for way, of in zip(ways, when, strict=True)]
    return Unclear(f'"{said[:40]}" can be read in two ways. Which?', words, choices)


def apart(rest: list[str]) -> list[str]:
    """With "20:00-23:00", "20:00 - 23:00" and "9 to 17" as "20:00 to 23:00". Raises Unclear."""
    said: list[str] = []
    at = 0
    while at < len(rest):
        is_gpus = bool(said) and said[-1].lower() in _GPUS
        found = None if is_gpus else from_to(rest[at:])
        words, count = found or ([rest[at]], 1)
        said += words
        at += count
    return said
