"""How long, or until when, as people say it: for 4h, two hours, until 18:00, overnight, for the weekend."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.days import local
from bot.errors import Refused
from handlers.parsing import notes
from handlers.parsing.dates import named_day, read_day, weekday
from handlers.parsing.ends import from_to, named_end, split_times
from handlers.parsing.lengths import bare_word, is_length, looks_like_length, read_lengths, refuse_range
from handlers.parsing.moments import Moment, read_clock, read_date, read_moment
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, WordChoice, as_note, word_choice

UNTIL_WORDS = frozenset({"until", "till", "til", "'til", "untill", "unitl", "--until", "until:", "before"})
_NOW = re.compile(r"(?:(?:from|starting|since|beginning|as of|right) )*now(?: on)?[,:]?(?= (?:for|until|till|\d)|$)")
_FOR = frozenset({"for", "during", "lasting", "--for", "--time", "for:", "fro"})


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose words they are: their zone is asked for only where a time of day is read."""

    zone: Callable[[], str]
    now: int
    start: int | None = None
    """After which times are meant, where that is not now."""
    books: bool = False
    """What is to begin later may be booked instead."""
    at_once: bool = False
    """It begins now, whenever "the weekend" is."""
    whole: bool = False
    """It is about whole machines, so "four GPUs" at the end of a note belongs to that."""

    def moment(self, rest: list[str]) -> tuple[Moment, list[str]]:
        """The moment that the first words name, and the words after it. Raises Refused."""
        return read_moment(rest, ZoneInfo(self.zone()), self.now, start=self.start)

    def named_end(self, rest: list[str]) -> tuple[Moment, list[str]] | None:
        """The end with a name, such as overnight, that the first words say. Raises Unclear."""
        return named_end(rest, self.zone, self.now, start=self.now if self.at_once else self.start, books=self.books)

    def day(self, rest: list[str]) -> tuple[date, list[str]]:
        """The day that the first words name, and the words after it. Raises Refused."""
        return read_date(rest, ZoneInfo(self.zone()), self.now)


@dataclass(frozen=True, slots=True)
class TypedSpan:
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


def read_span(rest: list[str], asker: Asker) -> tuple[TypedSpan, list[str]]:
    """The span in "[for] 4h ..." and "until 18:00 ...", and the words after it. Raises Refused, Unclear."""
    rest = without_now(rest)
    if not rest or isinstance(rest[0], Quoted):
        return TypedSpan(), rest
    named = asker.named_end(rest)
    if named is not None:
        _refuse_overnight_run(rest, named, asker)
        return TypedSpan(until=named[0]), named[1]
    first = rest[0].lower()
    is_end = first in {"to", "by"} and (asker.start is not None or is_moment(rest[1:]))
    if first in UNTIL_WORDS or is_end:
        return _until(rest, asker)
    if first == "for" and len(rest) == 1:
        raise Refused('For how long? Try "for 4h".')
    is_for = first in _FOR and len(rest) > 1 and first != "4"
    return _lasting(rest, rest[1:] if is_for else rest, asker, is_for=is_for)


def is_moment(rest: list[str]) -> bool:
    """Whether the first words name a day or a time of day."""
    if not rest or read_clock(rest) is not None:
        return bool(rest)
    return bool(named_day(rest[0])) or weekday(rest[0]) is not None or _names_day(rest)


def _names_day(rest: list[str]) -> bool:
    """Whether the first words name a day; of which year is nothing to say here."""
    try:
        return read_day(rest, _ANY_DAY)[0] is not None
    except Refused:
        return True


def _refuse_overnight_run(rest: list[str], named: tuple[Moment, list[str]], asker: Asker) -> None:
    """ "overnight run" begins with an end, or is a note. Raises Unclear."""
    end, after = named
    if not after or bare_word(rest[0]) not in {"overnight", "weekend", "eod", "eow"} or bare_word(after[0]) in _CLEAR:
        return
    there = local(end.at, ZoneInfo(asker.zone()))
    ends = WordChoice(f"Until {there:%a %-d %b %H:%M}", ("until", f"{there:%Y-%m-%d}", f"{there:%H:%M}", *after))
    raise Unclear(f'Is "{rest[0][:40]}" until when, or a part of the note?', rest, [ends, as_note(rest)])


def without_now(rest: list[str]) -> list[str]:
    """Without "now" or "starting now" before how long: every claim begins now."""
    match = _NOW.match(" ".join("'" if isinstance(word, Quoted) else word.lower() for word in rest[:4]))
    return rest[len(match[0].split()) :] if match else rest


def _until(rest: list[str], asker: Asker) -> tuple[TypedSpan, list[str]]:
    """ "until 18:00". Raises Refused, Unclear."""
    _refuse_length(rest[:1], rest[1:2])
    try:
        until, left = asker.moment(rest[1:])
    except Unclear:
        raise
    except Refused as unread:
        if len(rest) == 1 or named_day(rest[1]) or _names_day(rest[1:]) or read_clock(rest[1:], bare=True):
            raise
        usual = [
            word_choice("for 4h", "4 h"),
            word_choice("for 8h", "8 h"),
            word_choice("for 1d", "1 d"),
            as_note(rest),
        ]
        sentence = f'"{" ".join(rest[1:])[:40]}" is no time I can read. Until when, or for how long?'
        raise Unclear(sentence if "no time I can read" in str(unread) else str(unread), rest, usual) from None
    return TypedSpan(until=until), left


_ANY_DAY = date(2024, 1, 1)


def _lasting(rest: list[str], length_words: list[str], asker: Asker, *, is_for: bool) -> tuple[TypedSpan, list[str]]:
    """ "for 4h", "4h" and "two hours", and what comes near to it. Raises Refused, Unclear."""
    refuse_range(length_words)
    times = from_to(length_words)
    if times is not None:
        words = rest[: len(rest) - len(length_words)] + length_words[: times[1]]
        text = f'"{" ".join(words)[:40]}" is a time of day. `book` takes it from then on.'
        raise Unclear(text, words, [*_booked(words, times[0], asker), as_note(words)])
    if is_length(length_words, spelled=is_for):
        length, left = read_lengths(length_words)
        if not is_for and left and bare_word(left[0]) not in _CLEAR and is_of_a_model(length_words):
            raise length_or_note(rest, left)
        return TypedSpan(length), left
    if is_length(length_words) and (after := read_lengths(length_words)[1]) is not None:
        if not after or bare_word(after[0]) in _CLEAR:
            return TypedSpan(read_lengths(length_words)[0]), after
        raise length_or_note(rest, after)
    vague_words = notes.vague_length(length_words, after_for=is_for)
    if vague_words is not None:
        raise notes.unread_length(rest[: len(rest) - len(length_words)] + vague_words[0], vague_words[1])
    if not looks_like_length(length_words[0]):
        refuse_beginning(length_words, asker)
        return TypedSpan(), rest
    if read_clock(length_words) is not None:
        time = length_words[: len(length_words) - len((read_clock(length_words) or (None, length_words))[1])]
        text = " ".join(time)[:40]
        raise Unclear(
            f'"{text}" is a time of day. Say "until {text}", or for how long: for 4h.',
            rest[: len(rest) - len(length_words)] + time,
            [word_choice(f"until {text}"), *_booked(time, time, asker)],
        )
    numbered = notes.bare_number(length_words)
    if numbered is not None:
        sentence = f'"{numbered[0][0][:40]}" is not a length of time. Try 30m, 4h, 1h30m or 2d.'
        words = rest[: len(rest) - len(length_words)] + numbered[0]
        raise Unclear(sentence, words, [*numbered[1], as_note(words)])
    return TypedSpan(), rest


def length_or_note(rest: list[str], after: list[str]) -> Unclear:
    """ "a day in the life" begins with a length, or is a note."""
    text = " ".join(rest[: len(rest) - len(after)])
    length = _short(read_lengths(rest)[0])
    lasts = WordChoice(f"For {text}", ("for", length, *after))
    return Unclear(f'Is "{text[:40]}" for how long, or a part of the note?', rest, [lasts, as_note(rest)])


_SIZE = re.compile(r"\d+(?:[.,]\d+)?M|\d{3,}m|[2-4]D", re.ASCII)
_DIMENSIONS = re.compile(
    r"[2-4]d (?:u-?net|conv|cnn|res|render|gauss|recon|vision|pose|det|seg|point|lidar|mesh|nerf|gan|diff|model|scan)"
)


def is_of_a_model(words: list[str]) -> bool:
    """Whether a length rather tells of a model: 124M, 350m, "3D rendering", "2d unet"."""
    return bool(_SIZE.fullmatch(words[0]) or _DIMENSIONS.match(" ".join(words[:2]).lower()))


_CLEAR = frozenset({"for", "until", "gpus", "please", "pls", "with", "on", "thanks", "thx"})


def _short(length: int) -> str:
    return f"{length // HOUR_MS}h" if length % HOUR_MS == 0 else f"{length // MINUTE_MS}m"


def _booked(typed: list[str], begins: list[str], asker: Asker) -> list[WordChoice]:
    """A booking from then on, where that can be had and read."""
    if not asker.books:
        return []
    try:
        at, left = asker.moment(split_times(begins))
    except Unclear as day:
        return [replace(way, label=f"Book from {way.label}", verb="book") for way in day.choices]
    except Refused:
        return []
    there = local(at.at, ZoneInfo(asker.zone()))
    words = f"{there:%Y-%m-%d %H:%M} {' '.join(left)}".strip()
    return [word_choice(words, f"Book from {there:%a %-d %b %H:%M}", verb="book")]


def _refuse_length(lead: list[str], word: list[str]) -> None:
    """ "until 4h" says a length where a time would stand, or a time as the French write it. Raises Unclear."""
    typed = word[0][:40] if word else ""
    match = re.fullmatch(r"(\d{1,4})(?:(?:[.,](\d\d?))?(m|min|h|hr|d|w)|h(\d\d))", typed.lower(), re.ASCII)
    if match is None:
        return
    minutes = match[4] or (match[2] or "00").ljust(2, "0")
    choices = [word_choice(f"for {typed}")]
    if (match[4] or match[3].startswith("h")) and 0 < int(match[1]) < 24 and int(minutes) < 60:
        choices.append(word_choice(f"until {int(match[1]):02}:{minutes}"))
    sentence = f'"{typed}" is a length of time: say "for {typed}", or a time such as until 18:00.'
    raise Unclear(sentence, [*lead, *word], choices)


_BEFORE_A_TIME = frozenset({"at", "on", "from", "starting", "beginning", "after", "and"})


def refuse_beginning(rest: list[str], asker: Asker) -> None:
    """Whoever names a later time wants to book. Raises Unclear."""
    words = rest[1:] if rest[:1] and rest[0].lower() in _BEFORE_A_TIME else rest
    words = words[1:] if words[:1] and words[0].lower() in {"at", "on", "from"} else words
    least = [word.lower() for word in words[:3]]
    is_in = least[:1] == ["in"] and is_length(words[1:])
    is_day = bool(words) and (bool(named_day(words[0])) or weekday(words[0]) is not None)
    is_next = least[:1] in (["next"], ["this"], ["coming"]) and len(words) > 1 and weekday(words[1]) is not None
    is_time = read_clock(words[is_day : is_day + 2]) is not None or (is_day and from_to(words[1:]) is not None)
    is_alone = is_day and (len(words) == 1 or weekday(words[0]) is None)
    if not (is_in or is_next or is_time or is_alone):
        return
    text = " ".join(rest)[:40]
    until = [word_choice(f"until {' '.join(words)}")] if is_time or is_alone else []
    raise Unclear(
        f'"{text}" is a time. Say "until" before it if it is to end then, `book` it if it is to begin then, and '
        "put it in quotes if it is a note.",
        rest,
        [*_booked(rest, words, asker), *until, as_note(rest)],
    )
