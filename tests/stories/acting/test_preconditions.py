"""A yes is to what its card showed: whatever differs by the time it is made ends it, and nothing else happens."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB, CY
from bot.services.sharing import claims
from store.sharing import claims as stored_claims
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
        claims.claim_gpus(made.valet.ctx, made.machine("nb-5").id, CY, length=9 * HOUR_MS)
        yield made


def without_bob(office: Office) -> None:
    """From now on Bob decides nothing any more; an admin does."""
    settings = copy.deepcopy(office.settings)
    settings["slack"]["admins"] = [ADA]
    for team in settings["teams"].values():
        team["approvers"] = [each for each in team.get("approvers", ()) if each != BOB]
    office.settings = settings
    office.restart()


@pytest.mark.slow
def test_a_machine_that_became_a_dearer_type_is_not_started_by_an_old_yes(office):
    office.types("ada", "/gpu start eval-2 for 2h", "#ml-platform")
    office.fleet.change("eval-2", **DEAR)

    office.presses("bob", "Start eval-2", "#ml-platform")
    office.passes(3 * MINUTE_MS)

    said = office.sees("ada", "@ada")
    assert office.fleet.starts == []
    assert "eval-2 is a p5.48xlarge by now, and was a g5.2xlarge when it was asked for. Ask again." in said


@pytest.mark.slow
def test_under_a_limit_somebody_is_asked_once_it_is_not_what_was_let_pass(office_with: Callable[..., Office]):
    office = office_with(with_team(ask_over_usd=2_000))
    office.fleet.run_short("us-west-2a")
    office.types("ada", "/gpu start eval-2 for 2h")
    office.fleet.change("eval-2", **DEAR)
    office.fleet.refill("us-west-2a")

    office.passes(3 * MINUTE_MS)

    assert office.fleet.starts == []
    assert "eval-2 is a p5.48xlarge by now" in office.sees("ada", "@ada")


@pytest.mark.slow
def test_a_machine_that_went_to_another_team_is_not_stopped_by_the_first_ones_yes(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.fleet.change("train-7", tags={**office.machine("train-7").tags, "team": "vision"})

    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(4 * MINUTE_MS)

    assert office.machine("train-7").state == "running"
    assert "train-7 is vision's by now, and team nlp was asked. Ask again." in office.sees("ada", "@ada")


@pytest.mark.slow
def test_an_old_machine_is_not_stopped_once_its_approver_is_none_any_more(cloning):
    cloning.types("cy", "/gpu resize nb-5 g5.12xlarge for 4h the batch is larger")
    cloning.presses("bob", "Resize nb-5")
    cloning.passes(8 * MINUTE_MS)
    assert len(cloning.fleet.launches) == 1

    without_bob(cloning)
    for _ in range(30):
        cloning.passes(3 * MINUTE_MS)
        cloning.reports("nb-5", 0.0, minutes=4)

    assert cloning.machine("nb-5").state == "running"
    assert "nb-5 itself was not stopped: @Bob may no longer approve this." in cloning.sees("cy", "@cy")


@pytest.mark.slow
def test_no_machine_is_ordered_from_an_image_whose_approver_is_none_any_more(cloning):
    cloning.types("cy", "/gpu resize nb-5 g5.12xlarge for 4h the batch is larger")
    cloning.presses("bob", "Resize nb-5")
    assert (len(cloning.fleet.copies), cloning.fleet.launches) == (1, [])

    without_bob(cloning)
    cloning.passes(10 * MINUTE_MS)

    assert (cloning.fleet.launches, cloning.machine("nb-5").state) == ([], "running")
    assert "@Bob may no longer approve this. The image" in cloning.sees("cy", "@cy")


@pytest.fixture
def limited(office_with: Callable[..., Office]) -> Office:
    """Eight GPU-hours a week each, and an approver may let more pass."""
    return office_with({**SETTINGS, "claims": {"gpu_hours_per_person": 8, "at_limit": "ask"}})


def whose(office: Office, name: str) -> list[tuple[str, tuple[int, ...]]]:
    found = stored_claims.open_claims_on(office.valet.ctx.store.reading(), office.machine(name).id)
    return [(each.holder, each.gpus) for each in found]


@pytest.mark.slow
def test_a_yes_to_an_extension_of_a_claim_that_has_ended_gives_nobody_anything(limited):
    limited.types("ada", "/gpu claim train-7 gpus:2 for 1h")
    limited.types("ada", "/gpu claim train-7 for 6h")
    limited.presses("ada", "Ask an approver")
    card = limited.sees("bob", "#ml-platform")
    limited.types("ada", "/gpu release train-7")

    limited.presses("bob", "Let it pass", "#ml-platform")

    assert card.startswith("@Ada asks for 2 GPUs of *train-7* for 6 h, theirs until Mon 10:00 UTC now, beyond fair use")
    assert whose(limited, "train-7") == []
    said = "it could not be claimed: The claim on train-7 ended after this was asked. Ask again."
    assert said in limited.sees("ada", "@ada")


@pytest.mark.slow
def test_a_yes_to_more_time_on_a_claim_that_was_changed_changes_nothing(limited):
    limited.types("ada", "/gpu claim train-7 gpus:2 for 1h")
    limited.types("ada", "/gpu claim train-7 for 6h")
    limited.presses("ada", "Ask an approver")
    limited.types("ada", "/gpu claim train-7 gpus:4 for 30m")

    limited.presses("bob", "Let it pass", "#ml-platform")

    assert [len(gpus) for _, gpus in whose(limited, "train-7")] == [4]
    assert "The claim on train-7 is of other GPUs by now. Ask again." in limited.sees("ada", "@ada")


@pytest.mark.slow
def test_a_claim_that_was_changed_after_it_was_offered_is_offered_anew(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu hand train-7 @cy")
    office.types("ada", "/gpu claim train-7 gpus:2 for 1h")

    said = office.presses("cy", "Take it over", "@cy")
    before = whose(office, "train-7")
    office.presses("cy", "Take it over", "@cy")

    assert (
        "The claim on train-7 is of other GPUs by now. The offer shows it as it is; take it if it still suits" in said
    )
    assert before == [(ADA, (0, 1))]
    assert whose(office, "train-7") == [(CY, (0, 1))]


@pytest.mark.slow
def test_accepting_an_offer_in_the_grace_after_its_end_is_told_too_late(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu hand train-7 @cy")
    office.types("ada", "/gpu claim train-7 for 5m")
    office.clock.forward(6 * MINUTE_MS)

    said = office.presses("cy", "Take it over", "@cy")

    assert "Too late: the offer or the claim has ended." in said
    assert whose(office, "train-7") == [(ADA, tuple(range(8)))]


@pytest.mark.slow
def test_hours_that_one_team_was_asked_for_are_not_set_once_the_machine_is_anothers(office):
    office.types("ada", "/gpu hours train-7 Mon-Fri 8-10")
    office.fleet.change("train-7", tags={**office.machine("train-7").tags, "team": "vision"})
    office.tick()

    office.presses("bob", "Set them", "#ml-platform")

    assert "train-7 is vision's by now, and team nlp was asked. Ask again." in office.sees("ada", "@ada")
    assert "set by" not in office.types("ada", "/gpu hours train-7")


@pytest.mark.slow
def test_a_booking_of_more_gpus_than_the_machine_has_by_then_does_not_begin(office):
    office.types("ada", "/gpu book train-7 today 10:00 for 2h")
    office.fleet.change("train-7", type="g5.2xlarge", gpu_count=1)

    office.passes(HOUR_MS + MINUTE_MS)

    assert whose(office, "train-7") == []
    office.passes(2 * HOUR_MS)
    assert "train-7 is a g5.2xlarge by now and has fewer GPUs than were booked." in office.sees("ada", "@ada")


@pytest.mark.slow
def test_another_wish_replaces_the_question_and_is_not_told_it_was_asked(limited):
    limited.types("ada", "/gpu claim train-7 gpus:2 for 6h")
    limited.presses("ada", "Ask an approver")
    same = limited.types("ada", "/gpu claim train-7 gpus:2 for 6h")
    other = limited.types("ada", "/gpu claim train-7 gpus:4 for 3h")
    limited.presses("ada", "Ask an approver")

    limited.presses("bob", "Let it pass", "#ml-platform")

    assert "You have asked already" in same
    assert other.endswith("[Ask an approver]")
    assert any("They asked for something else since." in each for each in limited.slack.sees("bob", "#ml-platform"))
    assert [len(gpus) for _, gpus in whose(limited, "train-7")] == [4]
