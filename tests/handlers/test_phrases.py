"""What people type of times and quantities, a thousand ways: read as meant, or asked about; never taken for a note."""

import ast
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.acting import hours
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from handlers.parsing.bookings import read_booking
from handlers.parsing.lasting import Asker, TypedSpan, read_span
from handlers.parsing.spans import claim_words, extension, timed_words
from handlers.parsing.text import split_words
from handlers.parsing.unclear import Unclear, WordChoice
from tests.conftest import MONDAY

PHRASES = [line.partition(" -> ") for line in Path(__file__).with_name("phrases.txt").read_text().splitlines()]
"""A line each: the verb and what follows the machine's name, then what is read of it, or ASK. It is Monday, 09:00."""


def reading(verb: str, rest: list[str]) -> str:
    """What is read, in short. Raises Refused."""
    asker = Asker(lambda: "UTC", MONDAY, books=verb == "claim", at_once=verb == "snooze")
    if verb == "hours":
        return hours.hours_text(hours.parse_hours(" ".join(rest)))
    if verb == "book":
        wanted, _ = read_booking(rest, asker)
        lasts = length(wanted.length) if wanted.length else "-"
        return f"{instant(wanted.from_at)} {lasts}" + (" weekly" if wanted.weekly else "") + told(wanted.note)
    if verb in {"snooze", "launch"}:
        lasting, note = timed_words(rest, asker)
        return said(lasting) + told(note)
    if verb == "extend":
        by = extension(rest, asker)
        return said(by) if by else ask()
    if verb == "find":
        return found(rest, asker)
    claimed = claim_words(rest, asker)
    return gpus(claimed.choice) + said(claimed.span) + told(claimed.note)


def found(rest: list[str], asker: Asker) -> str:
    try:
        lasting, left = read_span(rest, asker)
    except Unclear as unclear:
        raise unclear.of_time() from None
    return said(lasting) if not left else ask()


def ask() -> str:
    raise Refused("It is asked about.")


def instant(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%a %d %b %H:%M}"


def length(ms: int) -> str:
    return f"{ms // HOUR_MS}h{ms % HOUR_MS // MINUTE_MS:02}" if ms % HOUR_MS else f"{ms // HOUR_MS}h"


def gpus(choice: GpuChoice | None) -> str:
    if choice is None:
        return ""
    if choice.indexes:
        return f"gpus {','.join(map(str, choice.indexes))} "
    return f"{choice.count or 'all'} gpus "


def said(lasting: TypedSpan) -> str:
    if lasting.end is not None:
        return f"until {instant(lasting.end)}"
    return "-" if lasting.length is None else length(lasting.length)


def told(note: str) -> str:
    return f" | {note}" if note else ""


def typed(phrase: str) -> tuple[str, str]:
    verb, _, rest = phrase.partition(" ")
    return verb, ast.literal_eval(rest) if rest.startswith("'") and rest.endswith("'") and "\\u" in rest else rest


def outcome(verb: str, rest: list[str]) -> str:
    try:
        return reading(verb, rest)
    except Refused:
        return "ASK"


@pytest.mark.parametrize(("phrase", "meant"), [(phrase, meant) for phrase, _, meant in PHRASES])
def test_it_is_read_as_it_was_meant_or_asked_about(phrase, meant):
    verb, text = typed(phrase)

    assert outcome(verb, split_words(text)) == meant


@pytest.mark.parametrize("phrase", [phrase for phrase, _, meant in PHRASES if meant == "ASK"])
def test_every_answer_to_a_question_says_something_that_is_read_or_asked_in_turn(phrase):
    verb, text = typed(phrase)
    rest = split_words(text)

    question = refusal(verb, rest)

    assert str(question).endswith((".", "?"))
    for choice, answered in answers(question, rest):
        assert str(refusal(choice.verb or verb, answered) or "") != str(question), choice


def answers(question: Refused | None, rest: list[str]) -> list[tuple[WordChoice, list[str]]]:
    """Each choice, and the words as they are once it was pressed."""
    if not isinstance(question, Unclear):
        return []
    said = question.said
    at = next(start for start in range(len(rest), -1, -1) if tuple(rest[start : start + len(said)]) == said)
    return [(choice, [*rest[:at], *choice.words, *rest[at + len(said) :]]) for choice in question.choices]


def refusal(verb: str, rest: list[str]) -> Refused | None:
    try:
        reading(verb, rest)
    except Refused as refused:
        return refused
    return None


def test_there_are_hundreds_of_them_and_most_are_understood():
    counted = Counter("asked" if meant == "ASK" else "understood" for _, _, meant in PHRASES)

    assert len({phrase for phrase, _, _ in PHRASES}) == len(PHRASES)
    assert counted["understood"] > counted["asked"] > 150
