"""Whoever may not set on-hours asks for them; one of those who may says yes, and they count in that person's name."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from tests.stories.evenings import pausing


@pytest.fixture
def team(office_with):
    return office_with(pausing(hours="Mon-Fri 08:00-22:00"))


def test_an_approver_sets_them_with_one_press_and_the_machine_is_stopped_by_them(team):
    assert team.types("ada", "/gpu hours train-7 Mon-Fri 8-10") == (
        "Asked in #ml-platform: Mon-Fri 08:00-10:00. You hear what comes of it by 11:00 UTC."
    )
    assert team.sees("bob", "#ml-platform") == (
        "@Ada asks for other on-hours of *train-7*: Mon-Fri 08:00-10:00. Before: as its team.\n"
        "In UTC; off 6 d 14 h of the next 7 days, worth up to $3,469 a week. It is stopped when they end and started "
        "when they begin, after two warnings and without another question.\n"
        "Waiting for @Bob until 11:00 UTC.\n[Set them] [No]"
    )
    assert team.types("cy", "/gpu hours train-7").endswith("\n@Ada asks for Mon-Fri 08:00-10:00.")

    team.presses("bob", "Set them", "#ml-platform")

    assert team.sees("bob", "#ml-platform").endswith("Before: as its team.\n@Bob set them.")
    assert team.sees("ada", "@ada") == "On-hours of *train-7* (Mon-Fri 08:00-10:00): @Bob set them."
    assert "set by @Bob. Now on; off Mon 10:00 UTC." in team.types("ada", "/gpu hours train-7")
    for _ in range(13):
        team.clock.forward(5 * MINUTE_MS)
        team.reports("train-7", 0.0, minutes=75)
        team.tick()
    assert [name for name, _ in team.fleet.stops] == ["train-7"]
    history = team.types("bob", "/gpu history train-7")
    assert "@Ada asked for on-hours" in history
    assert "@Bob set on-hours" in history


def test_a_no_changes_nothing_and_both_hear_of_it(team):
    team.types("ada", "/gpu hours train-7 never")
    assert "No rule stops it then: it runs, and costs, until somebody stops it." in team.sees("bob", "#ml-platform")

    team.presses("bob", "No", "#ml-platform")

    assert team.sees("ada", "@ada") == "On-hours of *train-7* (never stopped by rule): @Bob said no."
    assert "of team nlp" in team.types("ada", "/gpu hours train-7")


@pytest.mark.slow
def test_the_wrong_person_twice_and_late(team):
    team.types("ada", "/gpu hours train-7 Mon-Fri 8-10")
    again = team.types("ada", "/gpu hours train-7 Mon-Fri 08:00-10:00")
    assert again.startswith("Asked in #ml-platform: Mon-Fri 08:00-10:00.")
    asked = [said for said in team.slack.sees("bob", "#ml-platform") if "asks for other on-hours" in said]
    assert len(asked) == 1

    assert team.presses("ada", "Set them", "#ml-platform") == "Only @Bob can decide this."
    team.passes(2 * HOUR_MS + 2 * MINUTE_MS)

    assert team.sees("bob", "#ml-platform").endswith("Nobody answered in time.")
    assert team.sees("ada", "@ada").endswith("Nobody answered in time.")
    assert "of team nlp" in team.types("ada", "/gpu hours train-7")


def test_other_hours_asked_for_take_the_place_of_the_first(team):
    team.types("ada", "/gpu hours train-7 Mon-Fri 8-10")
    team.types("ada", "/gpu hours train-7 Mon-Fri 8-12 stop-only")

    cards = [said for said in team.slack.sees("bob", "#ml-platform") if "asks for other on-hours" in said]
    assert [card.rpartition("\n")[2] for card in cards] == ["They asked for others since.", "[Set them] [No]"]
    team.presses("bob", "Set them", "#ml-platform")
    assert "on Mon-Fri 08:00-12:00 (UTC), set by @Bob." in team.types("ada", "/gpu hours train-7")


def test_a_yes_to_what_has_changed_since_sets_nothing(team):
    team.types("ada", "/gpu hours train-7 Mon-Fri 8-10")
    team.types("bob", "/gpu hours train-7 Mon-Fri 8-20")

    card = "asks for other on-hours"
    team.presses("bob", "Set them", "#ml-platform")

    assert any(
        card in said
        and said.endswith(
            "but they could not be set: Its on-hours have changed since this was asked (Mon-Fri 08:00-20:00)."
        )
        for said in team.slack.sees("bob", "#ml-platform")
    )
    assert "on Mon-Fri 08:00-20:00 (UTC), set by @Bob." in team.types("ada", "/gpu hours train-7")


def test_what_it_has_already_is_not_asked_for(team):
    assert team.types("ada", "/gpu hours train-7 team") == "train-7 has just those on-hours already: as its team."
    assert team.types("ada", "/gpu hours train-7 whenever").startswith('"whenever" is no window.')


def test_a_restart_in_the_middle_loses_nothing(team):
    team.types("ada", "/gpu hours train-7 Mon-Fri 8-10")
    team.restart()

    team.presses("bob", "Set them", "#ml-platform")

    assert "set by @Bob" in team.types("ada", "/gpu hours train-7")


def test_bob_can_answer_from_his_home_tab(team):
    team.types("ada", "/gpu hours train-7 Mon-Fri 8-10")
    team.slack.open_home("ada")
    team.settle()
    assert "Waits for your answer" not in team.slack.sees_home("ada")
    team.slack.open_home("bob")
    team.settle()
    assert "@Ada asks for other on-hours of *train-7*" in team.slack.sees_home("bob")

    team.slack.press("bob", team.slack.homes[team.slack.person("bob").id], "hours_yes")
    team.settle()

    assert "other on-hours" not in team.slack.sees_home("bob")
    assert "set by @Bob" in team.types("ada", "/gpu hours train-7")
