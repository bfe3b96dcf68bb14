"""Cy wants a machine stopped that works: it takes a reason and two others who say yes, and never less."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS
from tests.stories.conftest import SETTINGS

NLP = {"members": [CY], "approvers": [ADA, BOB], "channel": GPUS}


@pytest.fixture
def busy(office_with):
    """train-7 works for Ada's unix user."""
    known = {"teams": SETTINGS["teams"] | {"nlp": NLP}, "people": {"ada": ADA}}
    office = office_with(SETTINGS | known)
    office.reports("train-7", 80.0, process="python3")
    return office


def ask(office, words="it trains on the wrong data"):
    return office.types("cy", f"/gpu stop train-7 {words}".strip())


def test_without_a_reason_it_is_refused_and_told_what_it_takes(busy):
    seen = ask(busy, "")

    assert seen.startswith("train-7 is working: 8 of 8 GPUs worked within the last 60 minutes")
    assert "then it takes two approvals." in seen
    assert "Stop train-7?" not in busy.sees("bob")


def test_the_card_says_first_that_it_works_and_what_ends(busy):
    ask(busy)

    card = busy.sees("bob")
    assert card.startswith("*Stop train-7? ⚠ train-7 is working. @Cy asks.") or ":warning:" in card.partition("\n")[0]
    assert "Needs 2 approvals (0 of 2)." in card
    assert ">it trains on the wrong data" in card
    assert "In use: 8 of 8 GPUs worked within the last 60 minutes" in card
    assert "Lost for good: the work in progress, 8.0 TB of local NVMe and what is in memory." in card
    assert "Runs on its GPUs and would end: python3 (unix user ada)." in card


def test_a_holder_who_is_asked_first_is_told_that_it_works(busy):
    busy.types("ada", "/gpu claim train-7 for 8h")
    ask(busy)

    assert busy.sees("ada", "@ada").startswith(
        "@Cy asks to stop *train-7*, which you hold until Mon 17:00 UTC. It is working, and that work would end.\n"
        ">it trains on the wrong data"
    )


def test_one_yes_does_nothing_and_the_second_stops_it(busy):
    ask(busy)
    busy.presses("bob", "Stop train-7")
    busy.passes(2 * MINUTE_MS)
    after_one = list(busy.fleet.stops)
    busy.presses("ada", "Stop train-7")
    busy.passes(3 * MINUTE_MS)

    assert after_one == []
    assert [name for name, _ in busy.fleet.stops] == ["train-7"]
    assert "@Bob and @Ada approved" in busy.sees("cy", "@cy")
    assert ">it trains on the wrong data" not in busy.sees("cy", "@cy")
    history = busy.types("cy", "/gpu history train-7")
    assert "asked to stop" in history
    assert "it trains on the wrong data" in history


@pytest.mark.slow
def test_it_stops_as_well_if_the_work_has_ended_by_then(busy):
    ask(busy)
    busy.passes(80 * MINUTE_MS)
    busy.reports("train-7", 0.0, minutes=75)
    busy.presses("bob", "Stop train-7")
    busy.presses("ada", "Stop train-7")
    busy.passes(2 * MINUTE_MS)

    assert busy.machine("train-7").state == "stopped"


@pytest.mark.slow
def test_what_nobody_can_see_any_more_is_not_stopped_whoever_said_yes(busy):
    ask(busy)
    busy.passes(70 * MINUTE_MS)
    busy.presses("bob", "Stop train-7")
    busy.presses("ada", "Stop train-7")

    assert "I can't tell whether train-7 works" in busy.sees("cy", "@cy")
    assert busy.fleet.stops == []


def test_where_too_few_could_say_yes_the_admins_count_as_well(office_with):
    lone = {"nlp": NLP | {"approvers": [ADA]}}
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | lone})
    office.reports("train-7", 80.0)

    ask(office)

    assert "Waiting for @Ada @Bob" in office.sees("bob")


def test_where_nobody_is_left_to_be_the_second_it_is_not_asked(office_with):
    lone = {"nlp": NLP | {"approvers": [BOB]}}
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | lone})
    office.reports("train-7", 80.0)

    assert "It takes 2 others to approve this, and there is 1. Ask an admin" in ask(office)


def test_glass_is_never_broken_over_work(office_with):
    own = {"nlp": NLP | {"approvers": [ADA, BOB, CY], "break_glass": True}}
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | own})
    office.reports("train-7", 80.0)
    ask(office)

    seen = office.types("cy", "/gpu stop train-7 --break-glass it heats the room")

    assert "It works, and ending work always takes others who approve" in seen
    assert office.fleet.stops == []


@pytest.mark.slow
def test_the_question_lapses_like_any_other(busy):
    ask(busy)
    busy.presses("bob", "Stop train-7")
    busy.passes(2 * HOUR_MS + MINUTE_MS)

    said = "*train-7 keeps running.* Only @Bob approved @Cy's request by 11:00 UTC; it needed 2 approvals."
    assert said in busy.sees("bob")
    assert busy.fleet.stops == []
