"""A team wants two people's yes before anything is done to its machines; one no is enough."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS
from tests.stories.conftest import SETTINGS

NLP = {"members": [ADA], "approvers": [ADA, BOB, CY], "channel": GPUS, "approvals": 2}


@pytest.fixture
def careful(office_with):
    return office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": NLP}})


def ask(office):
    office.reports("train-7", 0.0)
    return office.types("ada", "/gpu stop train-7 nobody needs it")


def test_the_second_yes_decides_and_the_card_shows_who_said_so(careful):
    ask(careful)
    first = careful.sees("bob")
    careful.presses("bob", "Stop train-7")
    between = careful.sees("bob")
    stops = list(careful.fleet.stops)
    careful.presses("cy", "Stop train-7")
    careful.passes(2 * MINUTE_MS)

    assert "Needs 2 approvals (0 of 2)." in first
    assert "Needs 2 approvals (1 of 2: @Bob)." in between
    assert "[Stop train-7] [Keep it running]" in between
    assert stops == []
    assert [name for name, _ in careful.fleet.stops] == ["train-7"]
    assert "@Bob and @Cy approved @Ada's request at 09:00 UTC." in careful.sees("bob")
    assert "@Bob and @Cy approved @Ada's request at 09:00 UTC." in careful.sees("ada", "@ada")


def test_the_same_person_counts_once_and_whoever_asked_not_at_all(careful):
    ask(careful)
    careful.presses("bob", "Stop train-7")

    again = careful.presses("bob", "Stop train-7")
    own = careful.presses("ada", "Stop train-7")

    assert "You have approved this already. It needs somebody else's approval, too." in again
    assert "You asked for this yourself" in own
    assert careful.fleet.stops == []


def test_a_no_after_a_yes_denies_it(careful):
    ask(careful)
    careful.presses("bob", "Stop train-7")
    careful.presses("cy", "Keep it running")

    assert "keeps running.* @Cy decided that" in careful.sees("bob")
    assert careful.fleet.stops == []


def test_who_said_yes_may_still_say_no(careful):
    ask(careful)
    careful.presses("bob", "Stop train-7")
    careful.presses("bob", "Keep it running")

    assert "keeps running.* @Bob decided that" in careful.sees("bob")


@pytest.mark.slow
def test_one_yes_is_too_few_when_the_time_is_over(careful):
    ask(careful)
    careful.presses("bob", "Stop train-7")
    careful.passes(2 * HOUR_MS + MINUTE_MS)

    said = "Only @Bob approved @Ada's request by 11:00 UTC; it needed 2 approvals."
    assert any(said in text for text in careful.slack.sees("bob", "#gpus"))  # the first digest comes after it
    assert careful.fleet.stops == []


def test_where_too_few_could_say_yes_it_is_not_even_asked(office_with):
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": NLP | {"approvers": [ADA, BOB]}}})

    assert "It takes 2 others to approve this, and there is 1. Ask an admin" in ask(office)
