"""Ada wants a machine set up as scratch is; Bob says yes; an image is made, and a machine from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.clock import DAY, MINUTE
from tests.conftest import Clock
from tests.stories.conftest import SETTINGS, Office, opened


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    with opened(tmp_path / "valet.db", clock, {**SETTINGS, "actions": {"clone": True}}) as made:
        made.reports("train-7", 0.0)
        yield made


def test_bob_approves_and_ada_gets_a_copy(office):
    said = office.types("ada", "/gpu clone train-7 for 4h same libraries")
    card = office.sees("bob", "#ml-platform")
    office.presses("bob", "Clone train-7", "#ml-platform")
    office.passes(8 * MINUTE)

    [(name, _)] = office.fleet.launches
    assert said.startswith("Asked in #ml-platform. Nothing is cloned until somebody approves")
    assert card.startswith("*Clone train-7 for 4 h? @Ada asks.")
    assert "Rebooted for it: train-7. What runs there ends." in card
    assert "Costs: $87.83 for 4 h." in card
    assert office.fleet.copies == [("train-7", True)]
    assert f"{name} runs, 6 min after the yes." in office.sees("ada", "@ada")
    assert "Yours until Mon 13:06 UTC." in office.sees("ada", "@ada")


def test_a_machine_that_works_is_copied_as_it_runs(office):
    office.clock.forward(MINUTE)
    office.reports("train-7", 90.0, minutes=1)

    refused = office.types("ada", "/gpu clone train-7")
    office.types("ada", "/gpu clone train-7 no-reboot")

    assert "`/gpu clone train-7 no-reboot` copies it as it runs." in refused
    card = office.sees("bob", "#ml-platform")
    assert "No reboot: files that are being written may be torn in the copy." in card
    office.presses("bob", "Clone train-7", "#ml-platform")
    office.passes(MINUTE)
    assert office.fleet.copies == [("train-7", False)]


def test_images_are_listed_with_age_and_cost_and_how_old_ones_are_deleted(office):
    none = office.types("ada", "/gpu images")
    office.types("ada", "/gpu clone train-7 no-reboot")
    office.presses("bob", "Clone train-7", "#ml-platform")
    office.passes(8 * MINUTE)
    young = office.types("ada", "/gpu images")
    office.clock.forward(40 * DAY)

    old = office.types("ada", "/gpu images")

    assert none.startswith("There is no image made by Valet.")
    assert young.startswith("*1 image, at most $10.00 a month in all.*\n")
    assert "of train-7: 8 m old, 200 GB, at most $10.00 a month, for @Ada, us-east-1" in young
    assert "deregister-image" not in young
    assert "aws ec2 deregister-image --region us-east-1 --image-id ami-0" in old


def test_clones_are_refused_until_an_admin_allows_them(tmp_path, clock):
    with opened(tmp_path / "other.db", clock, SETTINGS) as plain:
        assert "Clones are switched off." in plain.types("ada", "/gpu clone train-7")
