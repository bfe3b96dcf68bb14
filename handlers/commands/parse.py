"""From what a person typed to what they meant. ASCII digits only; nothing here raises anything but Refused."""

import re
import unicodedata

from bot.domain.clock import DAY, HOUR, MINUTE
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused

_NAMES = {
    MINUTE: ("m", "min", "mins", "minute", "minutes"),
    HOUR: ("h", "hr", "hrs", "hour", "hours"),
    DAY: ("d", "day", "days"),
    7 * DAY: ("w", "week", "weeks"),
}
_UNITS = {name: unit for unit, names in _NAMES.items() for name in names}
_ANY_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_NUMBER = r"\d{1,5}(?:\.\d{1,2})?"
_LENGTH = re.compile(rf"(?:{_NUMBER}(?:{_ANY_UNIT}))+", re.ASCII)
_PART = re.compile(rf"({_NUMBER})({_ANY_UNIT})", re.ASCII)
_SPELLED = {"a": 1, "an": 1} | {
    word: number
    for number, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1)
}
_LINK = re.compile(r"<(?:https?|mailto|tel):[^<>|]*\|([^<>|]*)>")
_NAMED = re.compile(r"<([@#])([A-Z0-9]+)(?:\|([^<>|]*))?>")
_WORD = re.compile(r'"([^"]+)"|(\S+)')
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
LONGEST = 400


def words(text: str) -> list[str]:
    """The words of a command: normalised, unescaped, at most 400 characters; quotes make one word of several.

    Characters that nobody sees fall away, and dashes that look like a hyphen are taken for one.
    Slack makes a link of whatever looks like one, such as a host's name; it is taken for what was typed.
    """
    text = _LINK.sub(r"\1", text[: 8 * LONGEST])
    for entity, char in _ENTITIES:
        text = text.replace(entity, char)
    text = unicodedata.normalize("NFKC", text[: 4 * LONGEST]).translate(_QUOTES | _HYPHENS)
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    text = "".join(char if unicodedata.category(char)[0] not in "CZ" else " " for char in text)
    found = (" ".join((quoted or plain).split()) for quoted, plain in _WORD.findall(text[:LONGEST]))
    return [word for word in found if word]


def readable(text: str) -> str:
    """A note with the people and channels in it by name (or id), so that it can be shown without calling them."""
    return _NAMED.sub(lambda found: f"{found[1]}{found[3] or found[2]}", text)


def length(word: str) -> int:
    """A length of time in milliseconds: 30m, 4h, 1h30m, 2d. Raises Refused."""
    plain = word.lower().rstrip(".,")
    if not _LENGTH.fullmatch(plain):
        raise Refused(f'"{word[:40]}" is not a length of time. Try 30m, 4h, 1h30m or 2d.')
    return sum(round(float(number) * _UNITS[unit]) for number, unit in _PART.findall(plain))


def gpu_words(rest: list[str]) -> tuple[str, list[str]]:
    """The GPUs that the first words name, as gpus:2, and the words after them; empty where they name none.

    gpus:2, gpus: 2, gpus=2, --gpus 2, gpus 2, gpu 3, 2 gpus, all gpus.
    """
    plain = [word.lower() for word in rest[:2]]
    found = re.fullmatch(r"-{0,2}(gpus?)(?:[:=](.*))?", plain[0]) if plain else None
    said = plain[1] if len(plain) > 1 and re.fullmatch(r"\d[\d,-]*|all", plain[1], re.ASCII) else ""
    if found and found[2]:
        return f"{found[1]}:{found[2]}", rest[1:]
    if found and (said or found[2] is not None):
        return f"{found[1]}:{said}", rest[2 if said else 1 :]
    if len(plain) > 1 and plain[1] in {"gpu", "gpus"} and re.fullmatch(r"\d{1,3}|all", plain[0], re.ASCII):
        return f"gpus:{plain[0]}", rest[2:]
    return "", rest


def gpu_choice(word: str) -> GpuChoice:
    """GPUs as people say them: gpus:2 (any two), gpus:0,3 and gpus:0-3 and gpu:3 (these), gpus:all. Raises Refused."""
    key, _, said = word.lower().partition(":")
    if said == "all":
        return GpuChoice()
    if key == "gpus" and re.fullmatch(r"[1-9]\d{0,2}", said, re.ASCII):
        return GpuChoice(count=int(said))
    if key == "gpus" and said == "0":
        raise Refused("gpus:0 would be none. Try gpus:1 for any one GPU, or gpu:0 for the one with that number.")
    if not re.fullmatch(r"\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*", said, re.ASCII):
        raise Refused(f'"{word[:40]}" names no GPUs. Try gpus:2 for any two, gpus:0,3 for those, or gpus:all.')
    parts = [part.partition("-") for part in said.split(",")]
    chosen = {gpu for first, dash, last in parts for gpu in range(int(first), int(last if dash else first) + 1)}
    if not chosen:
        raise Refused(f'"{word[:40]}" counts backwards. Try gpus:0-3.')
    return GpuChoice(indexes=tuple(sorted(chosen)))


def looks_like_length(word: str) -> bool:
    """It may be meant as a length of time."""
    return word[:1] in {"+", "-", "."} or word[:1].isdigit()


def measured(rest: list[str], *, spelled: bool = True) -> tuple[int, list[str]]:
    """The length that "4h note", "1 h 30 min note" and "two hours note" begin with, and the words after it.

    Numbers in words count only where they are `spelled`. Raises Refused.
    """
    first = _one(rest, spelled=spelled)
    if first is None:
        return length(rest[0]), rest[1:]
    total, unit, left = first
    while left:
        more = _one(left[1:] if left[0].lower() == "and" else left, spelled=False)
        if more is None or more[0] >= unit:  # "4h 2h" says two lengths, "4h 30m" one
            break
        total, unit, left = total + more[0], more[1], more[2]
    return total, left


def is_length(rest: list[str], *, spelled: bool = True) -> bool:
    """Whether these words begin with a length of time that can be read."""
    return _one(rest, spelled=spelled) is not None


def _one(rest: list[str], *, spelled: bool) -> tuple[int, int, list[str]] | None:
    """A length in one or two words ("half an hour" has three), its smallest unit, and the words after it."""
    plain = [word.lower().rstrip(".,") for word in rest[:3]]
    if plain and _LENGTH.fullmatch(plain[0]):
        return length(plain[0]), _UNITS[_PART.findall(plain[0])[-1][1]], rest[1:]
    if len(plain) < 2:
        return None
    if spelled and plain[0] == "half" and plain[1] in {"a", "an"} and plain[-1] in {"hour", "day"}:
        return _UNITS[plain[2]] // 2, MINUTE, rest[3:]
    unit = _UNITS.get(plain[1])
    if unit and re.fullmatch(_NUMBER, plain[0], re.ASCII):
        return round(float(plain[0]) * unit), unit, rest[2:]
    if unit and spelled and plain[0] in _SPELLED and len(plain[1]) > 1:
        return _SPELLED[plain[0]] * unit, unit, rest[2:]
    return None
