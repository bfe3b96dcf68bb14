"""Cy holds train-7 and was away when asked about its stop: until it is being stopped, it is not too late to say no."""

import pytest

from bot.domain.clock import MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS
from tests.stories.conftest import SETTINGS

DECIDE = "#ml-platform"


@pytest.fixture
def silent(office):
    """Cy has not answered in time, so Bob has the card."""
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu claim train-7 for 8h evaluation")
    office.types("ada", "/gpu stop train-7 nobody seems to use it")
    office.passes(31 * MINUTE_MS, step=MINUTE_MS)
    office.reports("train-7", 0.0, minutes=31)
    return office


@pytest.mark.slow
def test_a_no_after_the_time_still_ends_it(silent):
    silent.presses("cy", "I still need it", "@cy")
    silent.passes(3 * MINUTE_MS)

    assert "[Stop train-7]" not in silent.sees("bob", DECIDE)

    assert silent.fleet.stops == []
    assert "keeps running.* @Cy holds it and still needs it" in silent.sees("ada", "@ada")
    assert "keeps running.* @Cy holds it and still needs it" in silent.sees("bob", DECIDE)


@pytest.mark.slow
def test_an_extension_after_the_time_ends_it_as_well(silent):
    silent.types("cy", "/gpu extend train-7 2h")

    assert "keeps running.* @Cy holds it and still needs it" in silent.sees("bob", DECIDE)
    assert "You still need it, so it keeps running." in " ".join(silent.slack.sees("cy", "@cy"))
    silent.passes(3 * MINUTE_MS)
    assert silent.fleet.stops == []


def test_one_who_agreed_may_think_better_of_it(office):
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu claim train-7 for 8h")
    office.types("ada", "/gpu stop train-7")
    office.presses("cy", "It may be stopped", "@cy")

    office.presses("cy", "I still need it", "@cy")

    assert "keeps running.* @Cy holds it and still needs it" in office.sees("ada", "@ada")
    assert office.fleet.stops == []


@pytest.mark.slow
def test_the_holder_is_told_that_it_was_stopped(silent):
    silent.presses("bob", "Stop train-7", DECIDE)
    silent.passes(3 * MINUTE_MS)
    said = silent.slack.sees("cy", "@cy")

    assert silent.machine("train-7").state == "stopped"
    assert any("It took" in each for each in said)
    assert not any("others decide now" in each for each in said)


@pytest.mark.slow
def test_one_whose_claim_has_ended_has_nothing_to_keep(silent):
    silent.types("cy", "/gpu release train-7")

    seen = silent.presses("cy", "I still need it", "@cy")

    assert "Your claim has ended. `/gpu claim train-7` takes it again, and ends the request." in seen
    assert "[Stop train-7]" in silent.sees("bob", DECIDE)


def test_a_reason_takes_the_place_of_a_request_that_could_only_fail(office_with):
    nlp = {"members": [CY], "approvers": [ADA, BOB], "channel": GPUS}
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": nlp}})
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.clock.forward(2 * MINUTE_MS)
    office.reports("train-7", 80.0, minutes=2)

    office.types("cy", "/gpu stop train-7 it trains on the wrong data")

    assert "is off.* train-7 began to work after the request." in office.sees("ada", "@ada")
