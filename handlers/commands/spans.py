"""From when to when, as people say it: for 4h, until 18:00, until fri 14:00."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from handlers.commands.moments import Moment, day, moment
from handlers.commands.parse import gpu_choice, looks_like_length, measured


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose words they are: their zone is asked for only where a time of day is read."""

    zone: Callable[[], str]
    now: int

    def moment(self, rest: list[str], *, start: int | None = None) -> tuple[Moment, list[str]]:
        """The moment that the first words name, and the words after it. Raises Refused."""
        return moment(rest, ZoneInfo(self.zone()), self.now, start=start)

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


def claim_words(rest: list[str], asker: Asker) -> ClaimWords:
    """The parts of "[gpus:2] [for 4h|until 18:00] [note...]". Raises Refused."""
    choice, rest = chosen(rest)
    found, rest = span(rest, asker)
    return ClaimWords(choice, found, " ".join(rest))


def chosen(rest: list[str]) -> tuple[GpuChoice | None, list[str]]:
    """The GPUs that the first word names, if it does, and the words after it. Raises Refused."""
    if rest and re.match(r"gpus?:", rest[0], re.IGNORECASE):
        return gpu_choice(rest[0]), rest[1:]
    return None, rest


def extension(rest: list[str], asker: Asker) -> Span | None:
    """The span in "[by|for] 2h" and "until 18:00"; None when none is said or something else is. Raises Refused."""
    rest = rest[1:] if rest and rest[0].lower() == "by" else rest
    found, left = span(rest, asker)
    return found if left != rest else None


def span(rest: list[str], asker: Asker, *, start: int | None = None) -> tuple[Span, list[str]]:
    """The span in "[for] 4h ..." and "until 18:00 ...", and the words after it. Raises Refused."""
    first = rest[0].lower() if rest else ""
    if first in {"until", "till"} or (first == "to" and start is not None):
        _refuse_length(rest[1:2])
        until, left = asker.moment(rest[1:], start=start)
        return Span(until=until), left
    if first == "for" and len(rest) == 1:
        raise Refused('For how long? Try "for 4h".')
    said = rest[1:] if first == "for" else rest
    if not said or not looks_like_length(said[0]):
        return Span(), rest
    length, left = measured(said)
    return Span(length), left


def _refuse_length(word: list[str]) -> None:
    if word and re.fullmatch(r"\d+(\.\d+)?(m|min|h|hr|d|w)", word[0].lower(), re.ASCII):
        raise Refused(f'"{word[0][:40]}" is a length of time: say "for {word[0][:40]}", or a time such as until 18:00.')
