"""One look at the provider that leaves a machine out ends nothing; what no look shows for ten minutes is gone."""

import copy

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import GONE_AFTER_MS
from store.sql import one
from tests.stories import conftest
from tests.stories.evenings import NINE_TO_SEVEN, idle_until, pausing


def missed(office, name: str, length: int) -> None:
    """The looks of so long do not show it, and the next one does."""
    office.fleet.change(name, state="terminated")
    office.passes(length)
    office.fleet.change(name, state="running")
    office.reports(name, 0.0, minutes=15)
    office.passes(MINUTE_MS)


@pytest.fixture
def lab(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["runs"] = {"nightly-eval": {"command": "/srv/eval/run.sh", "user": "ml"}}
    return office_with(settings)


def test_a_run_goes_on_and_so_does_the_claim_that_was_made_for_it(lab):
    lab.types("cy", "/gpu claim train-7 for 1h")
    lab.types("ada", "/gpu wait train-7 for 2h then: run nightly-eval")
    lab.types("cy", "/gpu release train-7")
    assert len(lab.runner.started) == 1

    missed(lab, "train-7", 2 * MINUTE_MS)

    assert "step 3 of 5 done" in lab.sees("ada", "@ada")
    assert "@Ada to Mon" in lab.types("bob", "/gpu status train-7")
    lab.passes(3 * MINUTE_MS)
    assert "ended with exit code 0" in lab.sees("ada", "@ada")


def test_a_run_on_what_is_gone_is_lost_after_ten_minutes_and_not_before(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.types("ada", "/gpu run nightly-eval train-7")
    lab.fleet.terminate("train-7")

    lab.passes(GONE_AFTER_MS)
    assert "lost" not in lab.types("ada", "/gpu runs")
    lab.passes(MINUTE_MS)

    assert "The machine is gone." in lab.types("ada", "/gpu runs")


@pytest.mark.slow
def test_the_stop_of_the_evening_is_made_though_a_look_missed_the_machine(office_with):
    team = office_with(pausing(hours="Mon-Fri 08:00-19:00"))
    idle_until(team, NINE_TO_SEVEN - 20 * MINUTE_MS)

    missed(team, "train-7", 2 * MINUTE_MS)
    idle_until(team, HOUR_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_what_is_missed_at_the_moment_of_its_stop_is_stopped_when_it_is_back(office_with):
    team = office_with(pausing(hours="Mon-Fri 08:00-19:00"))
    idle_until(team, NINE_TO_SEVEN - 2 * MINUTE_MS)

    missed(team, "train-7", 8 * MINUTE_MS)
    idle_until(team, HOUR_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]


def test_an_offer_stands_and_the_next_in_line_is_not_asked(office):
    office.types("cy", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu wait train-7 for 2h")
    office.types("bob", "/gpu wait train-7 for 2h")
    office.types("cy", "/gpu release train-7")
    offered = office.sees("ada", "@ada")
    assert "train-7" in offered

    missed(office, "train-7", 2 * MINUTE_MS)

    assert office.sees("ada", "@ada") == offered


@pytest.mark.slow
def test_the_cost_of_a_missed_minute_is_charged_once_it_is_seen_to_have_run(office):
    office.passes(2 * MINUTE_MS)
    began = office.clock.now - 2 * MINUTE_MS
    missed(office, "train-7", 3 * MINUTE_MS)
    office.passes(HOUR_MS)
    office.fleet.terminate("train-7")
    office.passes(MINUTE_MS)

    row = one(
        office.valet.ctx.store.reading(),
        "SELECT sum(running_ms) AS ran FROM charges WHERE instance_id = ? AND until_at > ?",
        office.machine("train-7").id,
        began,
    )
    assert row is not None
    assert row["ran"] == office.clock.now - MINUTE_MS - began
