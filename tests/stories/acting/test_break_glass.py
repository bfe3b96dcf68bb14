"""At night nobody else is there: a team may let its approvers pass their own requests, which everybody sees."""

import pytest

from bot.domain.clock import MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB
from tests.stories.conftest import SETTINGS

NLP = {"members": [ADA], "approvers": [ADA, BOB], "channel": SETTINGS["teams"]["nlp"]["channel"], "break_glass": True}


@pytest.fixture
def trusting(office_with):
    return office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": NLP}})


def ask(office, who="ada"):
    office.reports("train-7", 0.0)
    return office.types(who, "/gpu stop train-7")


def test_it_is_carried_out_posted_and_audited_as_such(trusting):
    ask(trusting)
    trusting.types("ada", "/gpu stop train-7 --break-glass it heats the room")
    posted = trusting.sees("bob", "#ml-platform")
    trusting.passes(2 * MINUTE_MS)

    assert ":rotating_light: @Ada approved their own request alone, as the team allows: *Stop train-7?*" in posted
    assert ">it heats the room" in posted
    assert trusting.machine("train-7").state == "stopped"
    assert "@Ada broke the glass for their own request at 09:00 UTC." in trusting.sees("ada", "@ada")
    history = trusting.types("bob", "/gpu history train-7")
    assert "broke the glass for the stop" in history
    assert "it heats the room" in history


def test_neither_a_press_alone_does_it_nor_a_command_without_reason_or_request(trusting):
    early = trusting.types("ada", "/gpu stop train-7 --break-glass now")
    ask(trusting)

    assert "No such request waits for an answer. Ask first, with `/gpu stop train-7`." in early
    assert "You asked for this yourself" in trusting.presses("ada", "Stop train-7", "#ml-platform")
    assert "It takes a reason, which is posted" in trusting.types("ada", "/gpu stop train-7 \u2014break-glass")
    assert trusting.fleet.stops == []


def test_nobody_passes_what_somebody_else_asked_for_in_this_way(trusting):
    ask(trusting)

    assert "Only who asked for it, as an approver of team nlp, can" in trusting.types(
        "bob", "/gpu stop train-7 --break-glass I am in a hurry"
    )
    assert trusting.fleet.stops == []


def test_who_asked_and_is_no_approver_can_not(trusting):
    ask(trusting, "cy")

    assert "Only who asked for it, as an approver of team nlp" in trusting.types(
        "cy", "/gpu stop train-7 --break-glass I am in a hurry"
    )


def test_a_machine_that_began_to_work_is_not_stopped_all_the_same(trusting):
    ask(trusting)
    trusting.clock.forward(2 * MINUTE_MS)
    trusting.reports("train-7", 90.0, minutes=1)
    trusting.types("ada", "/gpu stop train-7 --break-glass it heats the room")

    assert "train-7 is working" in trusting.sees("ada", "@ada")
    assert trusting.fleet.stops == []


def test_where_the_team_does_not_allow_it_somebody_else_decides(office):
    ask(office)

    seen = office.types("ada", "/gpu stop train-7 --break-glass it heats the room")

    assert "Nobody passes their own request here; @Bob can decide this." in seen
    assert office.fleet.stops == []
