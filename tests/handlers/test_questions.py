"""Plain questions, as people put them: each is read as the words of a verb that looks, or put back as buttons."""

from pathlib import Path

import pytest

from bot.sandbox.slack.people import ADA
from handlers import gpu
from handlers.parsing import plain_questions
from handlers.parsing.pleasantries import pleasantry
from handlers.parsing.text import split_words
from handlers.verbs import Ask

QUESTIONS = [line.split(" -> ") for line in Path(__file__).with_name("questions.txt").read_text().splitlines()]
"""A line each: what is written, then what is read of it, or ASK with the first button where that counts."""


def reading(ctx, typed: str) -> str:
    ask = Ask(ctx, ADA, "C0GPUS001", split_words(typed))
    if kind := pleasantry(ask.words):
        return kind
    about = plain_questions.help_asked(ask, gpu.VERBS)
    if about is not None:
        return " ".join(["gpu help", *about])
    meaning = plain_questions.meaning_of(ask)
    if meaning is not None:
        return " ".join([meaning.command, *meaning.words, *(["WHEN"] if meaning.is_about_when else [])])
    offers = plain_questions.near(ask, gpu.VERBS, "gpu")
    return " ".join(["ASK", offers[0].command, *offers[0].words])


@pytest.mark.parametrize(("typed", "meant"), QUESTIONS, ids=[typed for typed, _ in QUESTIONS])
def test_what_people_ask_is_read_or_put_back(ctx, typed, meant):
    read = reading(ctx, typed)

    assert read == meant or (meant == "ASK" and read.startswith("ASK "))
