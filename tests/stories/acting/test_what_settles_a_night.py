"""Only what switched a machine on or off settles a night or a morning; what was asked for in vain does not."""

from collections.abc import Callable

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from tests.stories.conftest import Office
from tests.stories.evenings import NINE_TO_SEVEN, idle_until, pausing

ROOM = "#ml-platform"


@pytest.fixture
def team(office_with: Callable[..., Office]) -> Office:
    return office_with(pausing(hours="Mon-Fri 08:00-19:00") | {"actions": {"clone": True}})


def night(team: Office) -> None:
    """It was stopped at the end of its hours, and it is nine in the evening."""
    idle_until(team, NINE_TO_SEVEN + 4 * MINUTE_MS)
    team.clock.forward(2 * HOUR_MS - 4 * MINUTE_MS)
    team.tick()
    assert team.machine("train-7").state == "stopped"


def until_morning(team: Office) -> None:
    """From nine in the evening to five past eight."""
    team.clock.forward(11 * HOUR_MS - 5 * MINUTE_MS)
    team.passes(10 * MINUTE_MS)


def nobody_answers(team: Office) -> None:
    team.types("ada", "/gpu start train-7 for 2h")
    team.passes(MINUTE_MS)


def it_is_denied(team: Office) -> None:
    team.types("ada", "/gpu start train-7 for 2h")
    team.presses("bob", "Leave it stopped", ROOM)


def it_is_cloned(team: Office) -> None:
    team.types("ada", "/gpu clone train-7 for 2h")
    team.presses("bob", "Clone train-7", ROOM)
    team.passes(10 * MINUTE_MS)
    assert len(team.fleet.launches) == 1


@pytest.mark.slow
@pytest.mark.parametrize("asked", [nobody_answers, it_is_denied, it_is_cloned])
def test_what_was_asked_at_night_keeps_no_machine_from_its_morning(team, asked):
    night(team)
    asked(team)

    until_morning(team)

    assert team.machine("train-7").state == "running"


@pytest.mark.slow
def test_a_request_that_still_waits_in_the_morning_is_told_that_it_is_started_anyway(team):
    night(team)
    team.clock.forward(10 * HOUR_MS)
    team.tick()
    team.types("ada", "/gpu start train-7 for 2h")

    team.passes(65 * MINUTE_MS, step=MINUTE_MS)

    assert team.machine("train-7").state == "running"
    assert "Its on-hours have begun, so it is started anyway." in team.sees("ada", "@ada")


@pytest.mark.slow
def test_a_stop_by_a_person_at_night_is_not_undone_in_the_morning(team):
    night(team)
    team.types("ada", "/gpu start train-7 for 1h")
    team.presses("bob", "Start train-7", ROOM)
    idle_until(team, 2 * HOUR_MS)
    team.types("ada", "/gpu stop train-7")
    team.presses("bob", "Stop train-7", ROOM)
    team.passes(5 * MINUTE_MS)
    assert team.machine("train-7").state == "stopped"

    team.clock.forward(9 * HOUR_MS)
    team.passes(10 * MINUTE_MS)

    assert team.machine("train-7").state == "stopped"


@pytest.mark.slow
def test_what_became_another_type_at_night_is_not_started_and_that_is_told_once(team):
    night(team)
    team.fleet.change("train-7", type="p5.48xlarge")

    until_morning(team)
    team.passes(HOUR_MS)

    told = [said for said in team.slack.sees("bob", ROOM) if "was to run from Tue 08:00 UTC" in said]
    assert team.fleet.starts == []
    assert len(told) == 1
    assert "train-7 is a p5.48xlarge by now, and was a p4d.24xlarge" in told[0]


@pytest.mark.slow
@pytest.mark.parametrize("back", ["Mon-Fri 08:00-19:00", "team"])
def test_hours_that_are_set_and_set_back_within_minutes_still_end(team, back):
    team.types("bob", "/gpu hours train-7 Mon-Fri 08:00-19:00")
    idle_until(team, NINE_TO_SEVEN - 25 * MINUTE_MS)
    team.types("bob", "/gpu hours train-7 Mon-Fri 08:00-22:00")
    idle_until(team, 4 * MINUTE_MS)
    team.types("bob", f"/gpu hours train-7 {back}")

    idle_until(team, HOUR_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_a_machine_that_is_missed_by_one_look_is_still_stopped_that_night(team):
    idle_until(team, NINE_TO_SEVEN - 20 * MINUTE_MS)
    team.fleet.change("train-7", state="stopping")
    team.tick()
    team.fleet.change("train-7", state="running")

    idle_until(team, 30 * MINUTE_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]
