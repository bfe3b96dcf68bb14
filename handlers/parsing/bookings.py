"""What follows an instance in a booking: "[gpus:2] [every] tue 20:00 [for 6h|until 23:00] [until 20 dec] [note...]"."""

import re
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.clock import MINUTE_MS
from bot.domain.days import days_after, local
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from handlers.parsing.dates import weekday
from handlers.parsing.ends import named_bounds, split_times
from handlers.parsing.lasting import Asker
from handlers.parsing.lengths import is_length, read_lengths
from handlers.parsing.moments import read_clock
from handlers.parsing.spans import claim_words, leading_gpus
from handlers.parsing.text import readable
from handlers.parsing.unclear import Unclear, word_choice


def read_booking(rest: list[str], asker: Asker) -> tuple[BookingRequest, str]:
    """The parts of "[gpus:2] [every] tue 20:00 [for 6h|until 23:00] [until 20 dec] [note...]", and a remark on them.

    Raises Refused.
    """
    choice, rest = leading_gpus(split_times(rest))
    rest, weekly = _weekly(rest)
    rest = rest[1:] if rest and rest[0].lower() in {"on", "from"} else rest
    if weekly and (not rest or weekday(rest[0]) is None):
        raise Refused("Bookings come back weekly. Try `every tue 20:00 for 6h`.")
    ahead, rest = _length_ahead(rest)
    rest = _whole(rest, asker)
    begin, rest = asker.moment(rest)
    rest = ahead + rest
    last_day, rest = _last_day(rest, asker) if weekly else (None, rest)
    words = claim_words(rest, replace(asker, start=begin.at), choice=choice)
    lasts = words.span
    length = lasts.length if lasts.end is None else lasts.end - begin.at
    note = readable(words.note)
    return BookingRequest(begin.at, length, words.choice or GpuChoice(), weekly, last_day, note), begin.remark


def _weekly(rest: list[str]) -> tuple[list[str], bool]:
    """The words without "every" before the day, or "weekly" behind all, and whether that was there. Raises Refused."""
    words = [word.lower() for word in rest]
    if words and words[0] in {"every", "each", "weekly"}:
        return rest[1:], True
    if len(words) > 1 and words[int(words[0] == "on")] in _EVERY:
        return rest[int(words[0] == "on") :], True
    if words[-1:] == ["weekly"]:
        return rest[:-1], True
    if words[-2:] in (["every", "week"], ["each", "week"]):
        return rest[:-2], True
    if words[-2:-1] in (["every"], ["each"]) and (words[-1] == "day" or weekday(words[-1]) is not None):
        raise Refused("Bookings come back weekly. Say so before the day: `every tue 20:00 for 6h`.")
    return rest, False


_EVERY = frozenset(f"{day}days" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"))
""" "mondays" are all of them."""


def _length_ahead(rest: list[str]) -> tuple[list[str], list[str]]:
    """ "for 6h" before the beginning, and the words without it."""
    length_words = rest[1:] if rest and rest[0].lower() == "for" else rest
    if not is_length(length_words, spelled=length_words != rest) or read_clock(length_words) is not None:
        return [], rest
    length, after = read_lengths(length_words)
    return (["for", f"{length // MINUTE_MS}m"], after) if after else ([], rest)


def _whole(rest: list[str], asker: Asker) -> list[str]:
    """With "overnight" and "the weekend" from their beginning to their end, where nothing else begins it."""
    beginning = " ".join(word.lower() for word in rest[:4])
    match = _NIGHT_OR_WEEKEND.match(beginning)
    if match is None:
        return rest
    there, after = local(asker.now, ZoneInfo(asker.zone())), rest[len(match[0].split()) :]
    is_weekend = "week" in match[0]
    begins, ends = (
        f"{days_after(there.date(), days):%Y-%m-%d} {at:%H:%M}"
        for days, at in named_bounds("weekend" if is_weekend else "overnight", there)
    )
    if begins <= f"{there:%Y-%m-%d %H:%M}":
        raise _has_begun(rest[: len(match[0].split())], there, ends, days=7 if is_weekend else 1)
    says_how_long = any(is_length(after[at + 1 :]) for at, word in enumerate(after) if word == "for")
    return [*begins.split(), *([] if says_how_long else ["until", *ends.split()]), *after]


def _has_begun(words: list[str], there: datetime, ends: str, *, days: int) -> Unclear:
    """A booking begins later; what has begun can be claimed."""
    begins, next_ends = named_bounds("weekend" if days > 1 else "overnight", there)
    ahead = [f"{days_after(there.date(), at[0] + days):%Y-%m-%d} {at[1]:%H:%M}" for at in (begins, next_ends)]
    now = word_choice(f"until {ends}", f"Claim from now until {ends}", verb="claim")
    later = word_choice(f"{ahead[0]} until {ahead[1]}", f"Book {ahead[0]} to {ahead[1]}")
    return Unclear(f'"{" ".join(words)[:40]}" has begun already. Which is meant?', words, [now, later])


_NIGHT_OR_WEEKEND = re.compile(
    r"(?:for |over )?(?:overnight|over night|(?:(?:the|this) )?(?:weekend|week-end)"
    r"|tonight(?! (?:at|for|until|till|to|from|overnight|\d)))(?= |$)"
)


def _last_day(rest: list[str], asker: Asker) -> tuple[date | None, list[str]]:
    """The day in "until 20 dec", which has no time of day, and the words without it. Raises Refused."""
    for at, word in enumerate(rest):
        if word.lower() in {"until", "till"} and read_clock(rest[at + 1 :]) is None:
            day, after = asker.day(rest[at + 1 :])
            if not after or read_clock(after) is None:
                return day, rest[:at] + after
    return None, rest
