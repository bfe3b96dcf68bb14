"""Plain questions, as people put them: each is read as the words of a verb that looks, or put back as buttons."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.errors import ValetError
from bot.sandbox.slack.people import ADA, GPUS
from handlers import cost, gpu, said
from handlers.parsing import plain_questions
from handlers.parsing.plain_questions import LOOKS
from handlers.parsing.pleasantries import pleasantry_kind
from handlers.parsing.text import split_words
from handlers.verbs import Ask, is_verb
from tests.examples import examples

QUESTIONS = [line.split(" -> ") for line in Path(__file__).with_name("questions.txt").read_text().splitlines()]
"""A line each: what is written, then what is read of it, or ASK with the first button where that counts."""


def is_command(typed: str) -> bool:
    """Whether it begins as a command does, and so is one."""
    words = split_words(typed)
    verbs = (*gpu.VERBS, *cost.VERBS)
    return not words or is_verb(verbs, words) or words[0].lower() in {"cost", "gpu"}


def reading(ctx, typed: str) -> str:
    ask = Ask(ctx, ADA, GPUS, split_words(typed))
    if kind := pleasantry_kind(ask.words):
        return kind
    about = plain_questions.help_asked(ask, gpu.VERBS)
    if about is not None:
        return " ".join(["gpu help", *about])
    meaning = plain_questions.understand(ask)
    if meaning is not None:
        return " ".join([meaning.command, *meaning.words, *(["WHEN"] if meaning.is_about_when else [])])
    offers = plain_questions.nearest_meanings(ask, gpu.VERBS, "gpu")
    return " ".join(["ASK", offers[0].command, *offers[0].words])


def test_what_people_ask_is_read_or_put_back(ctx):
    readings = {typed: reading(ctx, typed) for typed, _ in QUESTIONS}

    assert len(QUESTIONS) > 400
    assert {
        typed: readings[typed]
        for typed, meant in QUESTIONS
        if readings[typed] != meant and not (meant == "ASK" and readings[typed].startswith("ASK "))
    } == {}


@pytest.mark.slow
def test_each_reading_is_what_the_answer_begins_with(office):
    """Through the same door as whatever else is said; refusals of a verb name it themselves."""
    office.reports("train-7", 0.0)
    asked = [(typed, meant.removesuffix(" WHEN")) for typed, meant in QUESTIONS if meant.startswith(("gpu ", "cost "))]
    unread = {}
    for typed, meant in asked:
        with suppress(ValetError):
            reply = said.mention(office.valet.ctx, ADA, GPUS, split_words(typed))
            is_led = reply.text.startswith(f"I read that as `/{meant}`.")
            if not is_led and not meant.endswith(typed.rstrip("?")) and not meant.startswith("gpu help"):
                unread[typed] = reply.text[:80]

    assert len(asked) > 300
    assert unread == {}


ACTED_ON = (
    "claims",
    "actions",
    "waiters",
    "bookings",
    "grants",
    "requests",
    "handovers",
    "parkings",
    "snoozes",
    "runs",
)
"""Where whatever somebody has Valet do leaves a row."""


def rows_of(office) -> dict[str, int]:
    db = office.valet.ctx.store.reading()
    return {table: db.table(table).count for table in ACTED_ON}


PLAIN = [typed for typed, meant in QUESTIONS if not is_command(typed)]
WORDS = sorted({word for typed, _ in QUESTIONS for word in typed.split()})


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.sampled_from(PLAIN), st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)))
def test_whatever_is_asked_nothing_is_done_by_it(office, typed):
    assume(not is_command(typed))
    before = rows_of(office)

    with suppress(ValetError):  # told as a sentence, as any refusal
        said.mention(office.valet.ctx, ADA, GPUS, split_words(typed))

    assert rows_of(office) == before


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_no_text_escapes_the_grammar(ctx, text):
    ask = Ask(ctx, ADA, GPUS, split_words(text))
    if ask.words:
        plain_questions.understand(ask)
        assert len(plain_questions.nearest_meanings(ask, gpu.VERBS, "gpu")) == 2


def test_the_grammar_leads_only_to_verbs_of_its_command():
    known = {"gpu": {verb.name for verb in gpu.VERBS}, "cost": {verb.name for verb in cost.VERBS}}

    assert [rule for rule in plain_questions.RULES if rule.verbs - known[rule.command]] == []
    assert LOOKS.isdisjoint({"stop", "start", "claim", "release", "extend", "book", "wait", "launch", "hand", "snooze"})
