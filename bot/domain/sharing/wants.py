"""How many GPUs of which kind somebody wants: "2xA100", "2x a100 80gb", "a100", "40gb", "2"."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.models import Kind, belongs, kind
from bot.errors import Refused

MOST = 512
_FLAGS = re.ASCII | re.IGNORECASE
_COUNT_FIRST = re.compile(r"(\d{1,3})(?:\s*[x*]\s*|\s+|$)(?!(?:gib|gb|g)\b)(.*)|(\d{4,9})\s*[x*](.*)", _FLAGS)
_COUNT_LAST = re.compile(r"(.*\d\w*?)\s*[x*:]\s*(\d{1,3})", _FLAGS)
_LENGTH = re.compile(r"(\d+(\.\d+)?(min|hr|m|h|d|w))+", _FLAGS)
_TIMES = {"x", "*"}
_FAMILIES = {"rtx", "gtx", "titan", "quadro", "tesla", "geforce", "nvidia", "any", "pro"}


@dataclass(frozen=True, slots=True)
class Want:
    """So many GPUs of one kind, on one machine."""

    count: int = 1
    kind: Kind = field(default_factory=Kind)

    def __str__(self) -> str:
        """As it can be typed again: 2xA100-80GB."""
        return f"{self.count}x{self.kind}"


def parse(text: str) -> Want:
    """What somebody wants. Raises Refused."""
    said = " ".join(unicodedata.normalize("NFKC", text[:400]).replace("\u00d7", "x").split())
    if not said:
        raise Refused("What do you need? Try 2xA100, h100, 40gb or any.")
    count, rest = _split(said)
    if not 1 <= count <= MOST:
        raise Refused(f"{count:,} GPUs are on no machine. Ask for 1 to {MOST}, such as 2xA100.")
    return Want(count, kind(rest or "any"))


def _split(said: str) -> tuple[int, str]:
    """How many, and of what."""
    if first := _COUNT_FIRST.fullmatch(said):
        return (int(first[1]), first[2]) if first[1] else (int(first[3]), first[4])
    last = _COUNT_LAST.fullmatch(said)
    return (int(last[2]), last[1]) if last else (1, said)


def is_plain(word: str) -> bool:
    """Whether a first word can hardly be anything but a want: 2xA100, 40gb."""
    return bool(re.fullmatch(r"\d{1,9}([x*].*)?|(>=)?\d{1,3}(gib|gb)\+?", word, _FLAGS))


def leading(words: Sequence[str]) -> int:
    """How many of the first words tell what is wanted; those after them tell for how long and for what."""
    end = min(1, len(words))
    while end < len(words) and _goes_on(words[end - 1].lower(), words[end].lower()):
        end += 1
    return end


def _goes_on(before: str, word: str) -> bool:
    if word in {"for", "until"} or _LENGTH.fullmatch(word):
        return False
    if word in _TIMES | {">=", "gb", "gib"} or belongs(word) or before in _TIMES | {">="}:
        return True
    if re.fullmatch(r"\d{1,3}[x*]", before, _FLAGS):
        return True
    letters, digits = any(map(str.isalpha, word)), any(map(str.isdigit, word))
    if before in _FAMILIES:
        return digits
    if before.isdigit():
        return word in _FAMILIES or (letters and digits)
    return word.isdigit() and len(word) in {2, 3} and any(map(str.isdigit, before))
