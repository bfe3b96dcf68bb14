"""The night and the weekend mean one thing, whatever verb they are said to."""

from datetime import UTC, datetime

import pytest

from handlers.parsing.bookings import read_booking
from handlers.parsing.lasting import Asker
from handlers.parsing.spans import claim_words, extension, timed_words
from handlers.parsing.unclear import Unclear


def at(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp() * 1000)


def asker(now: str, **more: bool) -> Asker:
    return Asker(lambda: "UTC", at(now), **more)


ENDS = {
    "claim, adopt": lambda words, now: claim_words(words, asker(now, books=True)).span.end,
    "start, launch, clone, resize, find, wait": lambda words, now: timed_words(words, asker(now))[0].end,
    "snooze": lambda words, now: timed_words(words, asker(now, at_once=True))[0].end,
    "extend": lambda words, now: (extension(words, asker(now)) or pytest.fail("no span")).end,
}
"""How each verb reads until when."""
FRIDAY, LATE, MONDAY = "2026-11-27 15:00", "2026-11-27 17:30", "2026-11-30 09:00"
NEXT_MORNING = "2026-11-28 09:00"


@pytest.mark.parametrize("read", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(
    ("said", "now", "end"),
    [
        ("the weekend", FRIDAY, MONDAY),
        ("for the weekend", "2026-11-29 12:00", MONDAY),
        ("until next week", FRIDAY, MONDAY),
        ("until next week", "2026-11-25 12:00", MONDAY),
        ("overnight", LATE, NEXT_MORNING),
        ("tonight", LATE, NEXT_MORNING),
        ("until tomorrow morning", LATE, NEXT_MORNING),
    ],
)
def test_every_verb_gives_a_named_span_the_same_end(read, said, now, end):
    assert read(said.split(), now) == at(end)


@pytest.mark.parametrize(
    ("said", "begin", "end"),
    [
        ("the weekend", "2026-11-27 18:00", MONDAY),
        ("overnight", "2026-11-27 20:00", NEXT_MORNING),
        ("tonight", "2026-11-27 20:00", NEXT_MORNING),
    ],
)
def test_a_booking_of_it_ends_when_everything_else_does(said, begin, end):
    booked, _ = read_booking(said.split(), asker(FRIDAY))

    assert (booked.from_at, booked.from_at + (booked.length or 0)) == (at(begin), at(end))


def test_a_weekend_that_has_begun_is_claimed_or_the_next_one_booked():
    with pytest.raises(Unclear) as asked:
        read_booking(["the", "weekend"], asker("2026-11-28 12:00"))

    labels = [each.label for each in asked.value.choices]
    assert labels == [f"Claim from now until {MONDAY}", "Book 2026-12-04 18:00 to 2026-12-07 09:00"]
