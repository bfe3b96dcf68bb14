"""From when to when, as people say it: for 4h, until 18:00, until fri 14:00."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from handlers.commands.moments import Moment, day, moment, time_of_day, weekday
from handlers.commands.parse import gpu_choice, gpu_words, is_length, looks_like_length, measured


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose words they are: their zone is asked for only where a time of day is read."""

    zone: Callable[[], str]
    now: int
    start: int | None = None
    """After which times are meant, where that is not now."""

    def moment(self, rest: list[str]) -> tuple[Moment, list[str]]:
        """The moment that the first words name, and the words after it. Raises Refused."""
        return moment(rest, ZoneInfo(self.zone()), self.now, start=self.start)

    def day(self, rest: list[str]) -> tuple[date, list[str]]:
        """The day that the first words name, and the words after it. Raises Refused."""
        return day(rest, ZoneInfo(self.zone()), self.now)


@dataclass(frozen=True, slots=True)
class Span:
    """How long, or until when; None where it was not said."""

    length: int | None = None
    until: Moment | None = None

    @property
    def end(self) -> int | None:
        """The instant it ends, if one was named."""
        return self.until.at if self.until else None

    @property
    def remark(self) -> str:
        """On how its end was understood, where that may surprise."""
        return self.until.remark if self.until else ""


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """What follows the instance in a claim; None where it was not said."""

    choice: GpuChoice | None
    span: Span
    note: str


def claim_words(rest: list[str], asker: Asker, *, choice: GpuChoice | None = None) -> ClaimWords:
    """The parts of "[gpus:2] [for 4h|until 18:00] [note...]", in any order.

    Raises Refused, also for what is said twice; a choice of GPUs may have been made before.
    """
    found, left = Span(), rest
    while left:
        more, after = chosen(left)
        lasts, after = (Span(), after) if more else _span_or_note(after, asker, first=found == Span())
        if after == left:
            break
        _refuse_twice(left, after, is_more=bool(more and choice) or (lasts != Span() and found != Span()))
        choice, found, left = more or choice, lasts if lasts != Span() else found, after
    return _from_end(ClaimWords(choice, found, " ".join(left)), left, asker)


def timed(rest: list[str], asker: Asker) -> tuple[Span, str]:
    """The parts of "[for 4h|until 18:00] [note...]" where the whole machine is meant. Raises Refused."""
    asked = claim_words(rest, asker)
    if asked.choice is not None:
        raise Refused("This is about the whole machine, so leave out how many GPUs.")
    return asked.span, asked.note


def _span_or_note(rest: list[str], asker: Asker, *, first: bool) -> tuple[Span, list[str]]:
    """A span; once there is one, whatever is not clearly another belongs to the note."""
    try:
        return span(rest, asker)
    except Refused:
        if first:
            raise
        return Span(), rest


def _refuse_twice(rest: list[str], after: list[str], *, is_more: bool) -> None:
    if is_more:
        said = " ".join(rest[: len(rest) - len(after)])
        raise Refused(f'"{said[:40]}" comes on top of what you said before. Say it once; {_QUOTED}')


_QUOTED = 'a note that has such words goes in quotes: "resume for 2h".'


def _from_end(asked: ClaimWords, note: list[str], asker: Asker) -> ClaimWords:
    """With what was said behind the note: "fine-tune for 4h". Raises Refused for what is said amid it, or again."""
    for at in range(1, len(note)):
        choice, lasts, after = _part(note[at:], asker)
        if choice is None and lasts == Span():
            continue
        twice = bool(choice and asked.choice) or (lasts != Span() and asked.span != Span())
        _refuse_twice(note[at:], after, is_more=twice)
        if after and _part(after, asker)[:2] == (None, Span()):
            said = " ".join(note[at : len(note) - len(after)])
            raise Refused(f'Does "{said[:40]}" belong to the note? Say it before the note; {_QUOTED}')
        kept = ClaimWords(choice or asked.choice, lasts if lasts != Span() else asked.span, " ".join(note[:at]))
        return _from_end(kept, [*note[:at], *after], asker) if after else kept
    return replace(asked, note=" ".join(note))


def _part(rest: list[str], asker: Asker) -> tuple[GpuChoice | None, Span, list[str]]:
    """What clearly tells of GPUs or of time at the beginning of these words, and the words after it."""
    first = rest[0].lower()
    if re.match(r"-{0,2}gpus?[:=]", first):
        choice, after = chosen(rest)
        return choice, Span(), after
    if first in {"until", "till"} or (first == "for" and is_length(rest[1:])):
        lasts, after = _span_or_note(rest, asker, first=False)
        return None, lasts, after
    return _bare(rest, asker)


def _bare(rest: list[str], asker: Asker) -> tuple[GpuChoice | None, Span, list[str]]:
    """ "4h" or "2 gpus", which belong to a note where more of it follows."""
    if is_length(rest, spelled=False):
        length, after = measured(rest)
        choice, lasts = None, Span(length)
    else:
        (choice, after), lasts = chosen(rest), Span()
    is_clear = after != rest and (not after or _part(after, asker)[:2] != (None, Span()))
    return (choice, lasts, after) if is_clear else (None, Span(), rest)


def chosen(rest: list[str]) -> tuple[GpuChoice | None, list[str]]:
    """The GPUs that the first words name, if they do, and the words after them. Raises Refused."""
    said, after = gpu_words(rest)
    return (gpu_choice(said), after) if said else (None, rest)


def extension(rest: list[str], asker: Asker) -> Span | None:
    """The span in "[by|for] 2h" and "until 18:00"; None when none is said or something else is. Raises Refused."""
    rest = rest[1:] if rest and rest[0].lower() == "by" and is_length(rest[1:]) else rest
    found, left = span(rest, asker)
    if left == rest and is_length(rest):
        length, left = measured(rest)
        found = Span(length)
    if left == rest:
        return None
    if left:
        raise Refused(f'I can\'t make sense of "{" ".join(left)[:40]}" after that. Try `extend train-7 2h`.')
    return found


def span(rest: list[str], asker: Asker) -> tuple[Span, list[str]]:
    """The span in "[for] 4h ..." and "until 18:00 ...", and the words after it. Raises Refused."""
    first = rest[0].lower() if rest else ""
    is_end = first in {"to", "by"} and (asker.start is not None or time_of_day(" ".join(rest[1:2])) is not None)
    if first in {"until", "till"} or is_end:
        _refuse_length(rest[1:2])
        until, left = asker.moment(rest[1:])
        return Span(until=until), left
    if first == "for" and len(rest) == 1:
        raise Refused('For how long? Try "for 4h".')
    said = rest[1:] if first == "for" else rest
    if is_length(said, spelled=first == "for"):
        length, left = measured(said)
        return Span(length), left
    if not said or not looks_like_length(said[0]):
        _refuse_beginning(said)
        return Span(), rest
    if time_of_day(said[0]) is not None:
        raise Refused(f'"{said[0][:40]}" is a time of day. Say "until {said[0][:40]}", or for how long: for 4h.')
    length, left = measured(said)
    return Span(length), left


def _refuse_length(word: list[str]) -> None:
    if word and re.fullmatch(r"\d+(\.\d+)?(m|min|h|hr|d|w)", word[0].lower(), re.ASCII):
        raise Refused(f'"{word[0][:40]}" is a length of time: say "for {word[0][:40]}", or a time such as until 18:00.')


def _refuse_beginning(rest: list[str]) -> None:
    """Whoever names a later time wants to book. Raises Refused."""
    words = [word.lower() for word in rest[:3]]
    words = words[1:] if words[:1] in (["at"], ["on"], ["from"]) else words
    is_day = words[:1] in (["tomorrow"], ["tonight"], ["today"]) or (bool(words) and weekday(words[0]) is not None)
    is_time = any(time_of_day(word) is not None for word in words[is_day : is_day + 1] if word)
    if is_time or (is_day and (len(words) == 1 or weekday(words[0]) is None)):
        said = " ".join(rest)[:40]
        raise Refused(
            f'"{said}" is a time. Say "until" before it if it is to end then, `book` it if it is to begin then, and '
            "put it in quotes if it is a note."
        )
