"""Machines that are named in another order or joined otherwise than usual: "4h train-7", "train-7,nb-2"."""

from bot.services import names
from bot.services.context import Context
from handlers.parsing.lengths import is_length, read_lengths
from handlers.parsing.text import Quoted, split_gpu_words
from handlers.parsing.unclear import Unclear, WordChoice

_MOST_AHEAD = 4
"""Words before a name."""


def name_first(ctx: Context, words: list[str]) -> list[str]:
    """The words with the machine first, where only a length or GPUs stand before its whole name."""
    if not words or isinstance(words[0], Quoted) or names.readings(ctx, words):
        return words
    for count in range(1, min(_MOST_AHEAD, len(words) - 1) + 1):
        named = names.whole_name(ctx, words[count:]) if _is_option(words[:count]) else None
        if named is not None:
            end = count + named.count
            return [*words[count:end], *words[:count], *words[end:]]
    return words


def _is_option(words: list[str]) -> bool:
    lasts = words[1:] if words[0].lower() == "for" else words
    if is_length(lasts):
        return not read_lengths(lasts)[1]
    gpus, left = split_gpu_words(words)
    return bool(gpus) and not left


def split_names(ctx: Context, words: list[str]) -> list[str]:
    """The words with "train-7,nb-2" as two, where each of it is the whole name of a machine."""
    parts = [part for part in words[0].split(",") if part] if words and not isinstance(words[0], Quoted) else []
    if len(parts) < 2 or names.whole_name(ctx, words[:1]) is not None:
        return words
    return [*parts, *words[1:]] if all(names.whole_name(ctx, [part]) for part in parts) else words


def refuse_several(ctx: Context, words: list[str]) -> None:
    """One machine at a time. Raises Unclear with a button for each that was joined by commas."""
    count = len(split_names(ctx, words)) - len(words) + 1
    if count < 2:
        return
    choices = [WordChoice(part, (part,)) for part in split_names(ctx, words)[:count]]
    raise Unclear("That takes one machine at a time. Which one?", words[:1], choices)
