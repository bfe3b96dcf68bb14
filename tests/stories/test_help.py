"""Help in steps: two lines, then a topic behind each button, each line to be pasted as it stands."""

import re

import pytest

from handlers import topics
from handlers.blocks.help import HELP_TOPICS
from tests.screens import lines_on_phone

MOST_LINES = 10


def test_help_begins_with_a_machine_that_the_reader_can_use_and_claims_it_when_pasted(office):
    office.reports("nb-2", 0.0)

    seen = office.types("ada", "/gpu help")

    example = re.search(r"Try `(/gpu claim [^`]+)`: it is free now", seen)[1]
    assert lines_on_phone(seen) <= MOST_LINES
    assert office.types("ada", example).startswith("*nb-2* is @Ada's until Mon 13:00 UTC.")


@pytest.mark.parametrize("topic", HELP_TOPICS, ids=[topic.name for topic in HELP_TOPICS])
def test_a_topic_is_told_in_five_lines_behind_its_button(office, topic):
    office.types("ada", "/gpu help")

    seen = office.presses("ada", topic.label)

    assert seen.startswith(f"*{topic.label}*\n")
    assert len([line for line in seen.splitlines() if line.startswith("`/")]) <= 5
    assert lines_on_phone(seen) <= MOST_LINES
    assert office.types("ada", f"/gpu help {topic.name}") == seen


def test_every_verb_stands_under_a_topic(office):
    told = {topic.heading for topic in HELP_TOPICS}

    assert {verb.topic for verb in topics.GPU_VERBS} | {"Money"} == told
    for topic in HELP_TOPICS:
        seen = office.types("ada", f"/gpu help {topic.name}")
        assert [verb for verb in topics.verbs_under(topic.heading) if verb not in seen] == []


def test_the_examples_name_machines_of_the_reader(office):
    office.reports("nb-2", 0.0)
    office.types("ada", "/gpu claim train-7 for 4h")

    seen = office.types("ada", "/gpu help sharing")

    assert "`/gpu claim nb-2 for 4h`" in seen
    assert "`/gpu extend train-7 2h`" in seen
    assert "until Mon 15:00 UTC" in office.types("ada", "/gpu extend train-7 2h")


def test_how_to_do_something_gets_the_help_of_its_verb(office):
    assert office.types("ada", "@valet how do I claim a machine?").startswith("`/gpu claim <instance")
    assert "claim <instance" not in office.sees("bob"), "help is for whoever asked"
