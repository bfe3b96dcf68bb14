"""A yes is to what its card showed: whatever differs by the time it is made ends it, and nothing else happens."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.clock import HOUR, MINUTE
from bot.sandbox.slack.people import ADA, BOB, CY
from bot.services.sharing import claiming
from tests.conftest import Clock
from tests.stories.conftest import SETTINGS, Office, opened

DEAR = {"type": "p5.48xlarge", "gpu_model": "H100", "gpu_count": 8}


def with_team(**fields: Any) -> dict[str, Any]:
    settings = copy.deepcopy(SETTINGS)
    settings["teams"]["nlp"] |= fields
    return settings


@pytest.fixture
def cloning(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    with opened(tmp_path / "valet.db", clock, {**SETTINGS, "actions": {"clone": True}}) as made:
        made.reports("nb-5", 0.0)
        claiming.claim(made.valet.desk, made.machine("nb-5").id, CY, length=9 * HOUR)
        yield made


def without_bob(office: Office) -> None:
    """From now on Bob decides nothing any more; an admin does."""
    settings = copy.deepcopy(office.settings)
    settings["slack"]["admins"] = [ADA]
    for team in settings["teams"].values():
        team["approvers"] = [each for each in team.get("approvers", ()) if each != BOB]
    office.settings = settings
    office.restart()


def test_a_machine_that_became_a_dearer_type_is_not_started_by_an_old_yes(office):
    office.types("ada", "/gpu start eval-2 for 2h", "#ml-platform")
    office.fleet.change("eval-2", **DEAR)

    office.presses("bob", "Start eval-2", "#ml-platform")
    office.passes(3 * MINUTE)

    said = office.sees("ada", "@ada")
    assert office.fleet.starts == []
    assert "eval-2 is a p5.48xlarge by now, and was a g5.2xlarge when it was asked for. Ask again." in said


def test_under_a_limit_somebody_is_asked_once_it_is_not_what_was_let_pass(office_with: Callable[..., Office]):
    office = office_with(with_team(ask_over_usd=2_000))
    office.fleet.run_short("us-west-2a")
    office.types("ada", "/gpu start eval-2 for 2h")
    office.fleet.change("eval-2", **DEAR)
    office.fleet.refill("us-west-2a")

    office.passes(3 * MINUTE)

    assert office.fleet.starts == []
    assert "eval-2 is a p5.48xlarge by now" in office.sees("ada", "@ada")


def test_a_machine_that_went_to_another_team_is_not_stopped_by_the_first_ones_yes(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.fleet.change("train-7", tags={**office.machine("train-7").tags, "team": "vision"})

    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(4 * MINUTE)

    assert office.machine("train-7").state == "running"
    assert "train-7 is vision's by now, and team nlp was asked. Ask again." in office.sees("ada", "@ada")


def test_an_old_machine_is_not_stopped_once_its_approver_is_none_any_more(cloning):
    cloning.types("cy", "/gpu resize nb-5 g5.12xlarge for 4h the batch is larger")
    cloning.presses("bob", "Resize nb-5")
    cloning.passes(8 * MINUTE)
    assert len(cloning.fleet.launches) == 1

    without_bob(cloning)
    for _ in range(30):
        cloning.passes(3 * MINUTE)
        cloning.reports("nb-5", 0.0, minutes=4)

    assert cloning.machine("nb-5").state == "running"
    assert "nb-5 itself was not stopped: @Bob may no longer approve this." in cloning.sees("cy", "@cy")


def test_no_machine_is_ordered_from_an_image_whose_approver_is_none_any_more(cloning):
    cloning.types("cy", "/gpu resize nb-5 g5.12xlarge for 4h the batch is larger")
    cloning.presses("bob", "Resize nb-5")
    assert (len(cloning.fleet.copies), cloning.fleet.launches) == (1, [])

    without_bob(cloning)
    cloning.passes(10 * MINUTE)

    assert (cloning.fleet.launches, cloning.machine("nb-5").state) == ([], "running")
    assert "@Bob may no longer approve this. The image" in cloning.sees("cy", "@cy")
