"""What follows an instance, as people say it: GPUs, for 4h or until 18:00, and a note, in any order."""

import re
from dataclasses import dataclass, replace

from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from handlers.parsing import notes
from handlers.parsing.lasting import UNTIL_WORDS, Asker, TypedSpan, is_of_a_model, length_or_note, read_span
from handlers.parsing.lengths import bare_word, is_length, read_lengths
from handlers.parsing.text import POLITE, Quoted, gpu_choice, split_gpu_words
from handlers.parsing.unclear import Unclear


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """What follows the instance in a claim; None where it was not said."""

    choice: GpuChoice | None
    span: TypedSpan
    note: str


def claim_words(rest: list[str], asker: Asker, *, choice: GpuChoice | None = None) -> ClaimWords:
    """The parts of "[gpus:2] [for 4h|until 18:00] [note...]", in any order.

    Raises Refused, also for what is said twice, and Unclear for what can't be read; a choice of GPUs may have been
    made before.
    """
    lasts_so_far, left = TypedSpan(), rest
    while left:
        more, after = leading_gpus(left)
        lasts, after = (TypedSpan(), after) if more else _span_or_note(after, asker, first=lasts_so_far == TypedSpan())
        if after == left:
            break
        _refuse_twice(
            left, after, is_more=bool(more and choice) or (lasts != TypedSpan() and lasts_so_far != TypedSpan())
        )
        choice, lasts_so_far, left = more or choice, lasts if lasts != TypedSpan() else lasts_so_far, after
    words, note = _from_end(ClaimWords(choice, lasts_so_far, ""), left, asker)
    note = [] if all(bare_word(word) in _EMPTY for word in note) else note[note[0] == "-" :]
    notes.check_note(note, asker, lasts=words.span != TypedSpan(), has_gpus=words.choice is not None)
    return replace(words, note=" ".join(note))


_EMPTY = frozenset(
    {
        *(*POLITE, "max", "maximum", "total", "long", "or", "so", "now", "in"),
        *("straight", "starting", "from", "on", "then", "and"),
    }
)
"""Words that say nothing of their own behind the rest."""


def timed_words(rest: list[str], asker: Asker) -> tuple[TypedSpan, str]:
    """The parts of "[for 4h|until 18:00] [note...]" where the whole machine is meant. Raises Refused."""
    words = claim_words(rest, replace(asker, whole=True))
    if words.choice is not None:
        raise Refused("This is about the whole machine, so leave out how many GPUs.")
    return words.span, words.note


def _span_or_note(rest: list[str], asker: Asker, *, first: bool) -> tuple[TypedSpan, list[str]]:
    """A span; once there is one, whatever is not clearly another belongs to the note."""
    try:
        return read_span(rest, asker)
    except Refused:
        if first:
            raise
        return TypedSpan(), rest


def _refuse_twice(rest: list[str], after: list[str], *, is_more: bool) -> None:
    typed = rest[: len(rest) - len(after)]
    if is_more and notes.comes_again(typed):
        raise notes.not_weekly(typed)
    if is_more:
        word = " ".join(typed)[:40]
        raise Refused(f'"{word}" comes on top of what you said before. Say it once; {_QUOTED}')


_QUOTED = 'a note that has such words goes in quotes: "resume for 2h".'


def _from_end(words: ClaimWords, note: list[str], asker: Asker) -> tuple[ClaimWords, list[str]]:
    """With what was said behind the note: "fine-tune for 4h"; and the words of the note.

    Raises Refused for what is said amid it, or again.
    """
    for at in range(1, len(note)):
        choice, lasts, after = _part(note[at:], asker)
        if choice is None and lasts == TypedSpan():
            continue
        if choice and choice.count and bare_word(note[at - 1]) in {"first", "last", "other", "same", "next"}:
            raise notes.which_counted(note[at - 1 : len(note) - len(after)], choice.count)
        if is_of_a_model(note[at:]):
            raise length_or_note(note[at:], after)
        twice = bool(choice and words.choice) or (lasts != TypedSpan() and words.span != TypedSpan())
        _refuse_twice(note[at:], after, is_more=twice)
        if after and _part(after, asker)[:2] == (None, TypedSpan()):
            text = " ".join(note[at : len(note) - len(after)])
            raise Refused(f'Does "{text[:40]}" belong to the note? Say it before the note; {_QUOTED}')
        kept = replace(words, choice=choice or words.choice, span=lasts if lasts != TypedSpan() else words.span)
        return _from_end(kept, [*note[:at], *after], asker) if after else (kept, note[:at])
    return words, note


def _part(rest: list[str], asker: Asker) -> tuple[GpuChoice | None, TypedSpan, list[str]]:
    """What clearly tells of GPUs or of time at the beginning of these words, and the words after it."""
    first = rest[0].lower()
    if isinstance(rest[0], Quoted):
        return None, TypedSpan(), rest
    if re.match(r"-{0,2}gpus?[:=]", first):
        choice, after = leading_gpus(rest)
        return choice, TypedSpan(), after
    if first in UNTIL_WORDS or (first == "for" and is_length(rest[1:])) or asker.named_end(rest):
        lasts, after = _span_or_note(rest, asker, first=False)
        return None, lasts, after
    return _bare(rest, asker)


def _bare(rest: list[str], asker: Asker) -> tuple[GpuChoice | None, TypedSpan, list[str]]:
    """ "4h" or "2 gpus", which belong to a note where more of it follows."""
    if is_length(rest, spelled=False):
        length, after = read_lengths(rest)
        choice, lasts = None, TypedSpan(length)
    else:
        (choice, after), lasts = (None, rest) if asker.whole else leading_gpus(rest), TypedSpan()
    is_clear = after != rest and (not after or _part(after, asker)[:2] != (None, TypedSpan()))
    return (choice, lasts, after) if is_clear else (None, TypedSpan(), rest)


def leading_gpus(rest: list[str]) -> tuple[GpuChoice | None, list[str]]:
    """The GPUs that the first words name, if they do, and the words after them. Raises Refused."""
    gpus, after = split_gpu_words(rest)
    return (gpu_choice(gpus), after) if gpus else (None, rest)


_MORE = frozenset({"more", "another", "additional", "extra", "further"})


def extension(rest: list[str], asker: Asker) -> TypedSpan | None:
    """The span in "[by|for] 2h" and "until 18:00"; None when none is said or something else is. Raises Refused."""
    rest = rest[1:] if rest and rest[0].lower() == "by" and is_length(rest[1:]) else rest
    more = [word for word in rest if word.lower() not in _MORE]
    rest = [more[0].lstrip("+"), *more[1:]] if more and is_length([more[0].lstrip("+"), *more[1:]]) else rest
    try:
        lasts, left = read_span(rest, asker)
    except Unclear as unclear:
        raise unclear.of_time() from None
    if left == rest and is_length(rest):
        length, left = read_lengths(rest)
        lasts = TypedSpan(length)
    if left == rest:
        return None
    if left:
        raise Refused(f'I can\'t make sense of "{" ".join(left)[:40]}" after that. Try `extend train-7 2h`.')
    return lasts
