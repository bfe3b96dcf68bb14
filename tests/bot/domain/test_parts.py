"""Sentences that name people and commands, before any face has written them."""

import pytest

from bot.domain.parts import gpu, person, persons, plain, written
from bot.errors import Refused
from handlers.blocks.words import commands_called, say

SENTENCE = f"{person('U0CY')} keeps a<b; {gpu('status', 'train-7')} shows it, {gpu()} the rest."


def test_slack_shows_people_as_mentions_and_commands_as_they_are_called_here():
    assert say(SENTENCE) == "<@U0CY> keeps a&lt;b; `/gpu status train-7` shows it, `/gpu` the rest."

    with commands_called("/box", "/money"):
        assert say(SENTENCE) == "<@U0CY> keeps a&lt;b; `/box status train-7` shows it, `/box` the rest."


def test_without_a_face_people_are_ids_and_commands_have_their_usual_names():
    assert plain(SENTENCE) == "@U0CY keeps a<b; `/gpu status train-7` shows it, `/gpu` the rest."
    assert str(Refused(SENTENCE)) == plain(SENTENCE)


@pytest.mark.parametrize(
    "kept", ["<@U0CY> called it off: `/cost report`.", "<person U0CY> called it off: <cost report>."]
)
def test_what_was_kept_before_there_were_parts_is_read_alike(kept):
    with commands_called("/box", "/money"):
        assert say(kept) == "<@U0CY> called it off: `/money report`."
    assert written(kept, person=str, command="{0} {1}".format) == "U0CY called it off: cost report."


def test_nobody_is_said_where_there_is_no_one():
    assert persons(["U1", "U2"]) == "<person U1> or <person U2>"
    assert persons([], nobody="an admin") == "an admin"
