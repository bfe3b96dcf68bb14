"""From what a person typed to what they meant. ASCII digits only; nothing here raises anything but Refused."""

import re
import unicodedata
from dataclasses import dataclass

from bot.domain.claims import GpuChoice
from bot.domain.clock import DAY, HOUR, MINUTE
from bot.errors import Refused

_UNITS = {"m": MINUTE, "min": MINUTE, "h": HOUR, "hr": HOUR, "d": DAY, "w": 7 * DAY}
_LENGTH = re.compile(r"(?:\d{1,5}(?:\.\d{1,2})?(?:min|hr|m|h|d|w))+", re.ASCII)
_PART = re.compile(r"(\d{1,5}(?:\.\d{1,2})?)(min|hr|m|h|d|w)", re.ASCII)
_LINK = re.compile(r"<(?:https?|mailto|tel):[^<>|]*\|([^<>|]*)>")
_NAMED = re.compile(r"<([@#])([A-Z0-9]+)(?:\|([^<>|]*))?>")
_WORD = re.compile(r'"([^"]+)"|(\S+)')
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
LONGEST = 400


def words(text: str) -> list[str]:
    """The words of a command: normalised, unescaped, at most 400 characters; quotes make one word of several.

    Slack makes a link of whatever looks like one, such as a host's name; it is taken for what was typed.
    """
    text = _LINK.sub(r"\1", text[: 8 * LONGEST])
    for entity, char in _ENTITIES:
        text = text.replace(entity, char)
    text = unicodedata.normalize("NFKC", text[: 4 * LONGEST]).translate(_QUOTES)
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


def _looks_like_length(word: str) -> bool:
    return word[:1] in {"+", "-", "."} or word[:1].isdigit()


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """What follows the instance in a claim; None where it was not said."""

    choice: GpuChoice | None
    length: int | None
    note: str


def claim_words(rest: list[str]) -> ClaimWords:
    """The parts of "[gpus:2] [for 4h] [note...]". Raises Refused."""
    choice = None
    if rest and re.match(r"gpus?:", rest[0], re.IGNORECASE):
        choice, rest = gpu_choice(rest[0]), rest[1:]
    length, note = _length_and_note(rest)
    return ClaimWords(choice, length, note)


def gpu_choice(word: str) -> GpuChoice:
    """GPUs as people say them: gpus:2 (any two), gpus:0,3 and gpus:0-3 and gpu:3 (these), gpus:all. Raises Refused."""
    key, _, said = word.lower().partition(":")
    if said == "all":
        return GpuChoice()
    if key == "gpus" and re.fullmatch(r"[1-9]\d{0,2}", said, re.ASCII):
        return GpuChoice(count=int(said))
    if not re.fullmatch(r"\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*", said, re.ASCII):
        raise Refused(f'"{word[:40]}" names no GPUs. Try gpus:2 for any two, gpus:0,3 for those, or gpus:all.')
    parts = [part.partition("-") for part in said.split(",")]
    chosen = {gpu for first, dash, last in parts for gpu in range(int(first), int(last if dash else first) + 1)}
    if not chosen:
        raise Refused(f'"{word[:40]}" counts backwards. Try gpus:0-3.')
    return GpuChoice(indexes=tuple(sorted(chosen)))


def extension(rest: list[str]) -> int | None:
    """The length in "[by|for] 2h"; None when none is said or something else is. Raises Refused."""
    rest = rest[1:] if rest and rest[0].lower() in {"by", "for"} else rest
    return _with_unit(rest)[0] if rest and _looks_like_length(rest[0]) else None


def _length_and_note(rest: list[str]) -> tuple[int | None, str]:
    """The length and the note of "[for] 4h [note...]"; None when no length is said. Raises Refused."""
    if rest and rest[0].lower() == "until":
        raise Refused("I can't read an end time yet. Say for how long instead: `for 4h`.")
    if rest and rest[0].lower() == "for" and len(rest) == 1:
        raise Refused('For how long? Try "for 4h".')
    if len(rest) > 1 and rest[0].lower() == "for" and _looks_like_length(rest[1]):
        return _with_unit(rest[1:])
    if rest and _looks_like_length(rest[0]):
        return _with_unit(rest)
    return None, " ".join(rest)


def _with_unit(rest: list[str]) -> tuple[int, str]:
    """Takes "4h note" and "4 hours note"."""
    unit = rest[1].lower() if len(rest) > 1 else ""
    short = {"hours": "h", "hour": "h", "h": "h", "days": "d", "day": "d", "minutes": "m", "minute": "m", "min": "m"}
    if re.fullmatch(r"\d{1,5}", rest[0], re.ASCII) and unit in short:
        return length(rest[0] + short[unit]), " ".join(rest[2:])
    return length(rest[0]), " ".join(rest[1:])
