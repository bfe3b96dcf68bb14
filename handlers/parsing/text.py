"""From what a person typed to what they meant. ASCII digits only; nothing here raises anything but Refused."""

import re
import unicodedata

from bot.domain.sharing.claims import GpuChoice
from bot.domain.typography import plain_typed
from bot.errors import Refused
from handlers.parsing.pleasantries import pleasantry_kind

_LINK = re.compile(r"<(?:https?|mailto|tel):[^<>|]*\|([^<>|]*)>")
_NAMED = re.compile(r"<([@#])([A-Z0-9]+)(?:\|([^<>|]*))?>")
_WORD = re.compile(r'"([^"]+)"|(?<!\S)\'([^\']+)\'(?!\S)|(\S+)')
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_SPELLED = {
    word: str(number) for number, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight"), 1)
} | {"single": "1", "both": "2"}
GPU_NOUNS = frozenset({"gpu", "gpus", "card", "cards"})
_FILLERS = frozenset({"just", "only", "exactly", "about", "a", "the", "all"})
"""Before "2 gpus" they change nothing."""
MOST_CHARS = 400


POLITE = frozenset({"please", "pls", "plz", "thanks", "thx", "ty"})
VERB_AND_NAME = 2
"""A verb and a name, which may be a machine's that is called so."""


class Quoted(str):
    """A word in quotes: a name, or a part of a note; never an option, a time, or the beginning of a longer name."""

    __slots__ = ()


def split_words(text: str) -> list[str]:
    """The words of a command: as a plain keyboard has them, unescaped, at most 400 characters.

    Quotes make one word of several. Slack makes a link of whatever looks like one, such as a host's name; it is taken
    for what was typed.
    """
    text = _LINK.sub(r"\1", text[: 8 * MOST_CHARS])
    for entity, char in _ENTITIES:
        text = text.replace(entity, char)
    text = plain_typed(text[: 4 * MOST_CHARS])
    text = "".join(char if unicodedata.category(char)[0] not in "CZ" else " " for char in text)
    groups = _WORD.findall(text[:MOST_CHARS])
    typed = (Quoted(_spaced(one or two)) if one or two else _spaced(bare) for one, two, bare in groups)
    return _without_manners([word for word in typed if word])


def _without_manners(typed: list[str]) -> list[str]:
    """Without the please before and the thanks behind a command: no note, no reason and no part of a length.

    Words that are nothing but manners stay.
    """
    if pleasantry_kind(typed):
        return typed
    while len(typed) > 1 and _is_polite(typed[0]):
        typed = typed[1:]
    while len(typed) > VERB_AND_NAME and _is_polite(typed[-1]):
        typed = typed[:-1]
    return typed


def _is_polite(word: str) -> bool:
    return not isinstance(word, Quoted) and word.lower().rstrip(".,!") in POLITE


def _spaced(text: str) -> str:
    return " ".join(text.split())


def readable(text: str) -> str:
    """A note with the people and channels in it by name (or id), so that it can be shown without calling them."""
    return _NAMED.sub(lambda match: f"{match[1]}{match[3] or match[2]}", text)


def split_gpu_words(rest: list[str]) -> tuple[str, list[str]]:
    """The GPUs that the first words name, as gpus:2, and the words after them; empty where they name none.

    gpus:2, gpus: 2, gpus=2, --gpus 2, gpus 2, gpu 3, gpus 0,1 and 3, gpus 0 to 3, 2 gpus, two cards, all gpus.
    """
    word, after = _gpu_word(rest)
    if not word and rest and rest[0].lower() in _FILLERS:
        word, after = _gpu_word(rest[1:])
    if not word:
        return "", rest
    if re.fullmatch(r"gpus?:\d[\d,-]*", word, re.ASCII):
        return _with_more(word, after)
    return word, after


def _with_more(word: str, after: list[str]) -> tuple[str, list[str]]:
    """The numbers that go on after a comma or an "and": 0, 1 and 3."""
    while after:
        is_and = after[0].lower() in {"and", "&", "+"}
        number = after[int(is_and)] if len(after) > int(is_and) else ""
        if not (is_and or word.endswith(",")) or not re.fullmatch(r"\d{1,2}(-\d{1,2})?,?", number, re.ASCII):
            break
        word, after = f"{word.rstrip(',')},{number}", after[1 + int(is_and) :]
    return word.rstrip(","), after


def _gpu_word(rest: list[str]) -> tuple[str, list[str]]:
    least = [word.lower() for word in rest[:2]]
    match = re.fullmatch(r"-{0,2}(gpus?)(?:[:=](.*))?", least[0]) if least else None
    number = least[1].replace("#", "").replace("..", "-") if len(least) > 1 else ""
    numbers = number if re.fullmatch(r"\d[\d,-]*|all", number, re.ASCII) else ""
    if match and match[2]:
        return f"{match[1]}:{match[2].replace('#', '').replace('..', '-')}", rest[1:]
    if match and (last := _last_of_range(rest[1:])):
        return f"{match[1]}:{numbers}-{last}", rest[4:]
    if match and (numbers or match[2] is not None):
        return f"{match[1]}:{numbers}", rest[2 if numbers else 1 :]
    number = _SPELLED.get(least[0], least[0]) if least else ""
    if len(least) > 1 and least[1] in GPU_NOUNS and re.fullmatch(r"\d{1,3}|all", number, re.ASCII):
        return f"gpus:{number}", rest[2:]
    if least and (together := re.fullmatch(r"(\d{1,3})gpus?", least[0], re.ASCII)):
        return f"gpus:{together[1]}", rest[1:]
    return "", rest


def _last_of_range(words: list[str]) -> str:
    """The second number of "0 to 3", where that counts upwards; else empty."""
    between = re.fullmatch(r"#?(\d{1,2}) (?:to|through|thru) #?(\d{1,2})", " ".join(words[:3]).lower(), re.ASCII)
    return between[2] if between and int(between[1]) < int(between[2]) else ""


def gpu_choice(word: str) -> GpuChoice:
    """GPUs as people say them: gpus:2 (any two), gpus:0,3 and gpus:0-3 and gpu:3 (these), gpus:all. Raises Refused."""
    key, _, numbers = word.lower().partition(":")
    if numbers == "all":
        return GpuChoice()
    if key == "gpus" and re.fullmatch(r"[1-9]\d{0,2}", numbers, re.ASCII):
        return GpuChoice(count=int(numbers))
    if key == "gpus" and numbers == "0":
        raise Refused("gpus:0 would be none. Try gpus:1 for any one GPU, or gpu:0 for the one with that number.")
    if not re.fullmatch(r"\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*", numbers, re.ASCII):
        raise Refused(f'"{word[:40]}" names no GPUs. Try gpus:2 for any two, gpus:0,3 for those, or gpus:all.')
    parts = [part.partition("-") for part in numbers.split(",")]
    chosen = {gpu for first, dash, last in parts for gpu in range(int(first), int(last if dash else first) + 1)}
    if not chosen:
        raise Refused(f'"{word[:40]}" counts backwards. Try gpus:0-3.')
    return GpuChoice(indexes=tuple(sorted(chosen)))
