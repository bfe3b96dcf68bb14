"""A company tries Valet first: it looks, counts, asks and answers, and nothing is ever stopped, started or run."""

import copy

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from tests.stories import conftest


@pytest.fixture
def office(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["actions"] = {"observe_only": True}
    settings["runs"] = {"nightly-eval": {"command": "/srv/eval/run.sh", "user": "ml"}}
    settings["teams"]["vision"]["pausing"] = {"hours": "Mon-Fri 08:00-19:00"}
    return office_with(settings)


def test_the_card_says_so_and_a_yes_stops_nothing(office):
    office.reports("train-7", 0.0)
    asked = office.types("ada", "/gpu stop train-7 nobody needs it")
    card = office.sees("bob", "#ml-platform")

    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(3 * MINUTE_MS)

    assert asked == "Asked in #ml-platform. train-7 keeps running, as Valet only observes."
    assert "Valet only observes: nothing is done, whatever is decided." in card
    assert office.fleet.stops == []
    seen = office.sees("ada", "@ada")
    assert "train-7 was not stopped" in seen
    assert "Valet only observes here (observe_only in valet.toml), so nothing was done." in seen


def test_so_does_the_card_of_several(office):
    office.reports("train-7", 0.0)
    office.reports("nb-2", 0.0)
    office.types("ada", "/gpu stop idle")

    assert "Valet only observes" in office.sees("bob", "#ml-platform")


def test_nothing_is_started_either(office):
    office.types("cy", "/gpu start eval-2 for 2h a look")
    assert "Valet only observes" in office.sees("bob", "#ml-platform")

    office.presses("bob", "Start eval-2", "#ml-platform")
    office.passes(3 * MINUTE_MS)

    assert office.machine("eval-2").state == "stopped"


def test_nothing_is_run(office):
    office.types("ada", "/gpu claim train-7 for 1h")

    assert "Valet only observes here" in office.types("ada", "/gpu run nightly-eval on train-7")
    assert office.runner.started == []


def test_hours_say_that_they_stop_nothing_and_stop_nothing(office):
    office.reports("nb-2", 0.0)
    said = office.types("ada", "/gpu hours nb-2")
    assert "Valet only observes, so these hours stop and start nothing." in said

    office.passes(12 * HOUR_MS, step=10 * MINUTE_MS)

    assert office.fleet.stops == []


def test_what_was_asked_while_it_observed_is_not_done_once_it_acts(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.settings = conftest.SETTINGS
    office.restart()

    office.reports("train-7", 0.0, minutes=1)
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(3 * MINUTE_MS)

    assert office.fleet.stops == []
    assert "so nothing was done" in office.sees("ada", "@ada")
