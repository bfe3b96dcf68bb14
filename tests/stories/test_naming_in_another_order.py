"""What people type in another order, or for several machines at once, is understood or asked about."""

import pytest

from bot.sandbox.slack.people import ADA
from store.sql import rows


@pytest.mark.parametrize("typed", ["4h train-7", "for 4h train-7", "4 hours train-7", "2h train-7 tuning"])
def test_how_long_may_stand_before_the_machine(office, typed):
    seen = office.types("ada", f"/gpu claim {typed}")

    assert seen.startswith("*train-7* is @Ada's until Mon 1")


def test_gpus_may_stand_before_the_machine(office):
    assert office.types("ada", "/gpu claim gpus:2 train-7").startswith("GPUs 0-1 of *train-7* are @Ada's")


def test_machines_joined_by_commas_are_stopped_together_and_else_asked_about(office):
    office.reports("train-7", 0.0)
    office.reports("nb-2", 0.0)
    office.tick()

    asked = office.types("ada", "/gpu claim train-7,nb-2 for 2h")
    claimed = office.presses("ada", "nb-2")

    assert asked.startswith("That takes one machine at a time. Which one?")
    assert claimed.startswith("*nb-2* is @Ada's until Mon 11:00 UTC.")
    office.types("ada", "/gpu stop train-7,nb-2")
    stops = rows(office.valet.ctx.store.reading(), "SELECT instance_id FROM actions WHERE requester = ?", ADA)
    assert {each["instance_id"] for each in stops} == {office.machine(name).id for name in ("train-7", "nb-2")}


def test_all_that_one_holds_is_given_back_or_asked_about(office):
    office.types("ada", "/gpu claim train-7 for 2h")
    office.types("ada", "/gpu claim nb-2 for 2h")

    asked = office.types("ada", "/gpu release all")

    assert asked.startswith("Which one?")
    assert office.presses("ada", "nb-2").startswith("@Ada released *nb-2*")
    assert office.types("ada", "/gpu release all").startswith("@Ada released *train-7*")
    assert (
        office.types("ada", "/gpu release all") == "You hold nothing now. `/gpu status free` shows what you can have."
    )
