"""From what a person typed to what they meant. ASCII digits only; nothing here raises anything but Refused."""

import re
import unicodedata

from bot.domain.clock import DAY, HOUR, MINUTE
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused

_UNITS = {"m": MINUTE, "min": MINUTE, "h": HOUR, "hr": HOUR, "d": DAY, "w": 7 * DAY}
_LENGTH = re.compile(r"(?:\d{1,5}(?:\.\d{1,2})?(?:min|hr|m|h|d|w))+", re.ASCII)
_PART = re.compile(r"(\d{1,5}(?:\.\d{1,2})?)(min|hr|m|h|d|w)", re.ASCII)
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


def measured(rest: list[str]) -> tuple[int, list[str]]:
    """The length that "4h note" and "4 hours note" begin with, and the words after it. Raises Refused."""
    unit = rest[1].lower() if len(rest) > 1 else ""
    short = {"hours": "h", "hour": "h", "h": "h", "days": "d", "day": "d", "minutes": "m", "minute": "m", "min": "m"}
    if re.fullmatch(r"\d{1,5}", rest[0], re.ASCII) and unit in short:
        return length(rest[0] + short[unit]), rest[2:]
    return length(rest[0]), rest[1:]
