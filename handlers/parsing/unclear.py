"""Words that may be meant in several ways, or in none: they are asked about, with what each answer would have said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.sharing.clarifications import Wording
from bot.errors import Ambiguous, Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import clarifications
from handlers.blocks import questions
from handlers.blocks.parts import Reply
from handlers.parsing.text import Quoted

MOST_CHOICES = 5
"""Buttons below one question."""


@dataclass(frozen=True, slots=True)
class WordChoice:
    """One thing that may have been meant, and the words that say it."""

    label: str
    words: tuple[str, ...]
    verb: str = ""
    """Another verb that does it; empty where it is the one that was typed."""


class Unclear(Refused):
    """These words can't be read: `choices` are put in the place of what was `said`, which is a run of the words."""

    def __init__(self, sentence: str, said: Sequence[str], choices: Iterable[WordChoice]) -> None:
        super().__init__(sentence)
        self.said = tuple(said)
        self.choices = tuple(choices)

    def of_time(self) -> "Unclear":
        """The same where there is no note, and where no GPUs are told."""
        of_time = (choice for choice in self.choices if not any(_is_aside(word) for word in choice.words))
        return Unclear(str(self), self.said, of_time)


def _is_aside(word: str) -> bool:
    return isinstance(word, Quoted) or word.startswith("gpus:")


def word_choice(words: str, label: str = "", *, verb: str = "") -> WordChoice:
    """One thing to say, with a label where its words are none."""
    return WordChoice(label or words, tuple(words.split()), verb)


def as_note(typed: Sequence[str], label: str = "As a note") -> WordChoice:
    """These words are the note, whatever they look like."""
    return WordChoice(label, (Quoted(" ".join(typed)),))


def ask_back(ctx: Context, person: str, command: str, typed: Sequence[str], unclear: Unclear) -> Reply:
    """The question, with a button for each choice that goes on with everything else that was typed. Raises Unclear."""
    at = _place(typed, unclear.said)
    if at is None or not unclear.choices:
        raise unclear
    before, after = typed[:at], typed[at + len(unclear.said) :]
    wordings = [_wording(choice, before, after) for choice in unclear.choices[:MOST_CHOICES]]
    return questions.question(str(unclear), clarifications.keep_clarification(ctx, person, command, wordings))


def ask_which(ctx: Context, person: str, command: str, typed: Sequence[str], ambiguous: Ambiguous) -> Reply:
    """The question which machine is meant, with a button for each that goes on with everything else that was typed."""
    listings = queries.listings_of(ctx, ambiguous.instance_ids)
    start, end = _named(typed, ambiguous.word)
    wordings = []
    for listing in listings:
        words = (*typed[:start], Quoted(listing.instance.id), *typed[end:])
        wordings.append(_kept(listing.instance.name, words))
    clarification = clarifications.keep_clarification(ctx, person, command, wordings)
    return questions.machine(str(ambiguous), listings, ctx.clock(), clarification)


def _named(typed: Sequence[str], name: str) -> tuple[int, int]:
    """Where the words stand that named something: the verb comes before them."""
    spans = ((start, end) for start in range(1, len(typed)) for end in range(start + 1, len(typed) + 1))
    text = name.rstrip(",")
    return next(((at, to) for at, to in spans if " ".join(typed[at:to]).rstrip(",") == text), (1, 2))


def _place(typed: Sequence[str], phrase: Sequence[str]) -> int | None:
    """Where that was said, the last time."""
    starts = range(len(typed) - len(phrase), 0, -1)
    return next((at for at in starts if tuple(typed[at : at + len(phrase)]) == tuple(phrase)), None)


def _wording(chosen: WordChoice, before: Sequence[str], after: Sequence[str]) -> Wording:
    return _kept(chosen.label, (chosen.verb or before[0], *before[1:], *chosen.words, *after))


def _kept(label: str, words: Sequence[str]) -> Wording:
    quoted = frozenset(number for number, word in enumerate(words) if isinstance(word, Quoted))
    return Wording(label, tuple(map(str, words)), quoted)
