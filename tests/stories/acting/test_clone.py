"""Ada wants a machine set up as scratch is; Bob says yes; an image is made, and a machine from it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.services.acting import images
from store.sql import rows
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
    office.passes(8 * MINUTE_MS)

    [(name, _)] = office.fleet.launches
    assert said.startswith("Asked in #ml-platform. Nothing is cloned unless someone approves")
    assert card.startswith("*Clone train-7 for 4 h? @Ada asks.")
    assert "Rebooted for it: train-7. What runs there ends." in card
    assert "Costs $87.83 for 4 h." in card
    assert office.fleet.copies == [("train-7", True)]
    assert f"{name} runs; it took 6 min." in office.sees("ada", "@ada")
    assert "Yours until Mon 13:08 UTC." in office.sees("ada", "@ada")


def test_a_machine_that_works_is_copied_as_it_runs(office):
    office.clock.forward(MINUTE_MS)
    office.reports("train-7", 90.0, minutes=1)

    refused = office.types("ada", "/gpu clone train-7")
    office.types("ada", "/gpu clone train-7 no-reboot")

    assert "`/gpu clone train-7 no-reboot` copies it as it runs." in refused
    card = office.sees("bob", "#ml-platform")
    assert "No reboot: files that are being written may be torn in the copy." in card
    office.presses("bob", "Clone train-7", "#ml-platform")
    office.passes(MINUTE_MS)
    assert office.fleet.copies == [("train-7", False)]


def cloned(office):
    office.types("ada", "/gpu clone train-7 no-reboot")
    office.presses("bob", "Clone train-7", "#ml-platform")
    office.passes(8 * MINUTE_MS)
    images.refresh_images(office.valet.ctx)
    [image] = [each for _, found in office.fleet.images() for each in found]
    return image


def test_images_are_listed_with_age_cost_and_last_use(office):
    none = office.types("ada", "/gpu images")
    cloned(office)

    young = office.types("ada", "/gpu images")

    assert none.startswith("There is no image made by Valet.")
    assert young.startswith("*1 image, at most $10.00 a month in all.*\n")
    assert "of train-7: 8 m old, 200 GB, at most $10.00 a month, last used 23 November 2026, for @Ada" in young
    assert "deregister-image" not in young


def test_an_image_that_nobody_used_for_long_is_proposed_with_the_commands_that_delete_it(office):
    image = cloned(office)
    office.clock.forward(61 * DAY_MS)

    old = office.types("ada", "/gpu images")

    first, _, proposal, deregister, snapshot, *_ = old.splitlines()
    assert first.endswith(
        "To be cleaned up: 1 image from which nobody launched anything for over 60 days, at most $10.00 a month.*"
    )
    assert proposal == "*train-7*, in account 111122223333:"
    assert deregister == f"`aws ec2 deregister-image --region us-east-1 --image-id {image.id}`"
    assert snapshot == f"`aws ec2 delete-snapshot --region us-east-1 --snapshot-id {image.snapshots[0]}`"
    assert f"[Keep {image.id}]" in old
    assert "Valet deletes nothing and may not" in old


def test_an_old_image_that_is_still_used_is_not_proposed(office):
    image = cloned(office)
    office.clock.forward(55 * DAY_MS)
    office.fleet._images = {"x": replace(image, launched_at=office.clock.now)}  # by a launch template, in AWS
    images.refresh_images(office.valet.ctx)
    office.clock.forward(10 * DAY_MS)

    assert "deregister-image" not in office.types("ada", "/gpu images")


def test_keep_puts_the_proposal_off_and_is_remembered(office):
    image = cloned(office)
    office.clock.forward(61 * DAY_MS)
    office.types("ada", "/gpu images")

    kept = office.presses("ada", f"Keep {image.id}")
    office.restart()
    later = office.types("bob", "/gpu images")
    office.clock.forward(61 * DAY_MS)

    assert "deregister-image" not in kept
    assert "kept by @Ada until 24 March 2027" in later
    assert "deregister-image" in office.types("bob", "/gpu images")
    assert "kept the image" in str(rows(office.valet.ctx.store.reading(), "SELECT did FROM audit"))


def test_an_image_that_is_gone_can_not_be_kept(office):
    image = cloned(office)
    office.clock.forward(61 * DAY_MS)
    office.types("ada", "/gpu images")
    office.fleet.deregister(image.id)
    images.refresh_images(office.valet.ctx)

    assert office.presses("ada", f"Keep {image.id}") == "That image is gone."


@pytest.mark.slow
def test_the_digest_has_a_line_of_them_once_a_week(office):
    image = cloned(office)
    office.clock.forward(9 * 7 * DAY_MS)
    office.passes(MINUTE_MS)

    digest = office.sees("bob", "#ml-platform")
    shown = office.presses("ada", "Show images", "#ml-platform")
    elsewhere = [each for each in office.slack.sees("bob", "#gpus") if "cleaned up" in each]

    assert digest.splitlines()[-2:] == [
        "To be cleaned up: 1 image from which nobody launched anything for over 60 days, at most $10.00 a month.",
        "[Show] [Show images]",
    ]
    assert f"--image-id {image.id}" in shown
    assert elsewhere == [], "it is for Ada's team"


def test_clones_are_refused_until_an_admin_allows_them(tmp_path, clock):
    with opened(tmp_path / "other.db", clock, SETTINGS) as plain:
        assert "Clones are switched off." in plain.types("ada", "/gpu clone train-7")
