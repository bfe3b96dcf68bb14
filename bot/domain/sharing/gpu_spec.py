"""How many GPUs of which kind somebody wants: "2xA100", "two a100s", "a100 80gb x2", "a100", "40gb", "2"."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.machines.models import GpuKind, belongs_to_gpu, gpu_kind
from bot.errors import Refused

_FLAGS = re.ASCII | re.IGNORECASE
_COUNT_FIRST = re.compile(
    r"(\d{1,3})(?:\s*[x*]\s*|\s+|$)(?!(?:gib|gb|g)\b)(.*)|(?!\d{4}\s*[x*]\s*\d{1,3}$)(\d{4,9})\s*[x*](.*)", _FLAGS
)
_COUNT_LAST = re.compile(r"(.*\d\w*?|any)\s*[x*:]\s*(\d{1,3})", _FLAGS)
_COUNT_SAID = re.compile(r"gpus[:=](\d{1,9})", _FLAGS)
_SIGNED = re.compile(r"[x*](\d{1,3})", _FLAGS)
_LENGTH = re.compile(r"(\d+(\.\d+)?(min|hr|m|h|d|w))+", _FLAGS)
_TIMES = {"x", "*"}
_LETTERS = set("abhklptv")
"""What models begin with: "a 100" is an A100."""
_MORE = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {"a": "1", "an": "1", "one": "1"} | {word: str(number) for number, word in enumerate(_MORE, 2)}
_LINKS = {"of", "the", "with"}
_UNITS = {"gpu", "gpus", "card", "cards"}
_FAMILIES = {"rtx", "gtx", "titan", "quadro", "tesla", "geforce", "nvidia", "any", "pro"}


@dataclass(frozen=True, slots=True)
class GpuSpec:
    """So many GPUs of one kind, on one machine."""

    count: int = 1
    kind: GpuKind = field(default_factory=GpuKind)

    def __str__(self) -> str:
        """As it can be typed again: 2xA100-80GB."""
        return f"{self.count}x{self.kind}"


def parse_gpu_spec(text: str) -> GpuSpec:
    """What somebody wants. Raises Refused."""
    words = _even(text[:400]).split()
    if not words:
        raise Refused("What do you need? Try 2xA100, h100, 40gb or any.")
    count, rest = _split(" ".join(_counted(_plain(words))))
    if count < 1:
        raise Refused("That is no GPU at all. Ask for at least one, such as 2xA100.")
    return GpuSpec(count, gpu_kind(rest or "any"))


def _even(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\u00d7", "x").translate(str.maketrans("(),;", "    "))


def _plain(typed: Sequence[str]) -> list[str]:
    """The words without those that only link them, and numbers as digits: "two of the a100s" is "2 a100s"."""
    words = _joined([*typed])
    if len(words) > 1:
        words[0] = _NUMBERS.get(words[0].lower(), words[0])
    if len(words) > 1 and words[0].lower() == "any" and (number := _NUMBERS.get(words[1].lower(), words[1])).isdigit():
        words[:2] = [number] if len(number) < 4 else ["1", number]
    least = [word.lower() for word in words]
    for at in range(len(words) - 1):
        if least[at : at + 2] == ["at", "least"]:
            words[at : at + 2] = ["", ">="]
    return [word for word in words if word and word.lower() not in _LINKS | _UNITS]


def _joined(words: list[str]) -> list[str]:
    """With "a 100" as a100, but "a 40 gb" as it is."""
    is_split = len(words) > 1 and words[0].lower() in _LETTERS and re.fullmatch(r"\d{1,3}s?", words[1], _FLAGS)
    if not is_split or [word.lower() for word in words[2:3]] in (["gb"], ["gib"]):
        return words
    return [words[0] + words[1], *words[2:]]


def _counted(words: list[str]) -> list[str]:
    """With a number that was said as gpus:2 or x2 in front. Raises Refused for one that was said twice."""
    for at, word in enumerate(words):
        count_match = _COUNT_SAID.fullmatch(word) or (_SIGNED.fullmatch(word) if at == 0 and len(words) > 1 else None)
        others = words[:at] + words[at + 1 :]
        if count_match and _split(" ".join(others)) != (1, " ".join(others)):
            raise Refused("That says twice how many GPUs. Say it once, such as 2xA100.")
        if count_match:
            return [f"{count_match[1]}x", *others]
    return words


def _split(text: str) -> tuple[int, str]:
    """How many, and of what."""
    if first := _COUNT_FIRST.fullmatch(text):
        return (int(first[1]), first[2]) if first[1] else (int(first[3]), first[4])
    last = _COUNT_LAST.fullmatch(text)
    return (int(last[2]), last[1]) if last else (1, text)


def is_plain_spec(word: str) -> bool:
    """Whether a first word can hardly be anything but a want: 2xA100, 40gb."""
    return bool(re.fullmatch(r"\d{1,9}([x*].*)?|(>=)?\d{1,3}(gib|gb)\+?", word, _FLAGS))


def count_spec_words(words: Sequence[str]) -> int:
    """How many of the first words tell what is wanted; those after them tell for how long and for what."""
    lowered = [_even(word).strip().lower() for word in words]
    end = min(1, len(lowered))
    before = _NUMBERS.get(lowered[0], lowered[0]) if lowered else ""
    if len(_joined(lowered)) < len(lowered):
        end, before = 2, lowered[0] + lowered[1]
    while end < len(lowered):
        to = end + _linked(lowered[end:])
        word = " ".join(lowered[to : to + 2]) if _is_memory(lowered[to : to + 2]) else "".join(lowered[to : to + 1])
        if not word or not _goes_on(before, word, linked=to > end):
            break
        before, end = before if word in _UNITS else lowered[to], to + 1
    return end


def _is_memory(words: list[str]) -> bool:
    return len(words) > 1 and words[1] in {"gb", "gib"} and words[0].lstrip(">=").isdigit()


def _linked(words: list[str]) -> int:
    """How many of the first words only link what follows to what was before: of, with, at least."""
    links = next((at for at, word in enumerate(words) if word not in _LINKS), len(words))
    return links + 2 * int(words[links : links + 2] == ["at", "least"])


def _goes_on(before: str, word: str, *, linked: bool) -> bool:
    if word in {"for", "until"} or _LENGTH.fullmatch(word):
        return False
    if linked and not before.isdigit():
        return belongs_to_gpu(word) or word == ">="
    is_part = word in _TIMES | {">=", "gb", "gib"} or belongs_to_gpu(word) or before in _TIMES | {">="}
    return is_part or _counts(before, word) or _names(before, word)


def _counts(before: str, word: str) -> bool:
    """The word says how many of what was named before it, or is named after how many."""
    is_last = _SIGNED.fullmatch(word) and (before == "any" or _numbered(before))
    return bool(_COUNT_SAID.fullmatch(word) or is_last or re.fullmatch(r"\d{1,3}[x*]", before, _FLAGS))


def _names(before: str, word: str) -> bool:
    """The word names a model, or the memory of one, after what was said before it."""
    letters, digits = any(map(str.isalpha, word)), _numbered(word)
    if before in _FAMILIES:
        return digits or (before == "any" and word in _NUMBERS)
    if before.isdigit() or _SIGNED.fullmatch(before) or _COUNT_SAID.fullmatch(before):
        return word in _FAMILIES or (letters and digits) or (word.isdigit() and len(word) == len("4090"))
    return word.isdigit() and len(word) in {2, 3} and _numbered(before)


def _numbered(word: str) -> bool:
    return any(map(str.isdigit, word))
