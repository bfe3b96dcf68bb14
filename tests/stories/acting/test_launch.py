"""Ada needs a machine of her own: what stands free is named first; Bob says yes; at the end she is asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from tests.conftest import Clock
from tests.stories.conftest import SETTINGS, Office, opened

BOX = {
    "name": "a10g-dev",
    "template": "lt-1",
    "region": "us-west-2",
    "account": "111122223333",
    "type": "g5.xlarge",
    "gpu": "A10G",
    "gpus": 1,
    "subnets": ["us-west-2a", "us-west-2b"],
}
H100 = {
    "name": "h100-box",
    "template": "lt-2",
    "region": "us-west-2",
    "account": "111122223333",
    "type": "p5.48xlarge",
    "gpu": "H100",
    "gpus": 8,
    "teams": ["nlp"],
    "instead": ["a10g-dev"],
}


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    with opened(tmp_path / "valet.db", clock, {**SETTINGS, "launch": [BOX, H100]}) as made:
        yield made


def test_what_may_be_launched_is_listed_with_its_price(office):
    listed = office.types("ada", "/gpu launch list")

    assert "*h100-box*\np5.48xlarge  ·  8xH100  ·  us-west-2  ·  about $55.04/h\n[Launch h100-box]" in listed
    assert "h100-box" not in office.types("cy", "/gpu launch list")


def test_a_machine_that_stands_free_is_named_first_and_ada_may_insist(office):
    office.reports("scratch", 0.0)

    first = office.types("ada", "/gpu launch a10g-dev for 2h my own tests")
    office.presses("ada", "Launch a10g-dev anyway")

    assert first.startswith(
        "Before you launch *a10g-dev*: *scratch* stands free, would do as well and is being paid for anyway."
    )
    assert "[Claim scratch instead] [Launch a10g-dev anyway]" in first
    card = office.sees("bob", "#ml-platform")
    assert card.startswith("*Launch a10g-dev for 2 h? @Ada asks. Waiting for @Bob until 11:00 UTC.*\n>my own tests")
    assert "Costs about $2.01 for 2 h." in card


@pytest.mark.slow
def test_bob_approves_and_at_the_end_ada_and_bob_are_asked(office):
    office.types("ada", "/gpu launch a10g-dev for 2h tests")
    office.presses("bob", "Launch a10g-dev", "#ml-platform")
    office.passes(2 * MINUTE_MS)
    [(name, _)] = office.fleet.launches
    running = office.sees("ada", "@ada")
    office.passes(2 * HOUR_MS + 8 * MINUTE_MS)
    office.reports(name, 0.0)
    office.passes(2 * MINUTE_MS)

    card = office.sees("bob", "#ml-platform")
    office.presses("ada", f"Stop {name}", "#ml-platform")
    office.passes(2 * MINUTE_MS)

    assert f"{name} runs; it took 60 s." in running
    assert "Yours until Mon 11:01 UTC." in running
    assert card.startswith(f"*Stop {name}? Valet asks. Waiting for @Ada @Bob until")
    assert ">The time it was launched for is over." in card
    assert office.machine(name).state == "stopped"


@pytest.mark.slow
def test_a_machine_nobody_can_see_into_is_left_running_and_ada_told(office):
    office.types("ada", "/gpu launch a10g-dev for 2h tests")
    office.presses("bob", "Launch a10g-dev", "#ml-platform")

    office.passes(2 * HOUR_MS + 20 * MINUTE_MS)

    [(name, _)] = office.fleet.launches
    assert f"The 2 h for which you launched *{name}* are over. It still runs, unclaimed." in office.sees("ada", "@ada")
    assert "I can't tell whether" in office.sees("ada", "@ada")
    assert office.machine(name).state == "running"


def test_without_capacity_another_listed_machine_is_offered(office):
    office.fleet.run_short("us-west-2a")
    office.types("ada", "/gpu launch h100-box")

    office.presses("bob", "Launch h100-box", "#ml-platform")

    said = office.sees("ada", "@ada")
    assert "AWS has no p5.48xlarge left in us-west-2 just now. Next try at 09:01 UTC. Or take another:" in said
    assert "[Don't launch it any more] [Launch a10g-dev]" in said


def test_capacity_that_ends_while_it_begins_is_told_by_its_zone(office):
    office.fleet.run_short("us-west-2a", late=True)
    office.types("ada", "/gpu launch h100-box")
    office.presses("bob", "Launch h100-box", "#ml-platform")

    office.passes(5 * MINUTE_MS)

    said = office.sees("ada", "@ada")
    assert "AWS began to launch it and then had no p5.48xlarge left in us-west-2a." in said


def test_a_name_nobody_listed_gets_the_nearest(office):
    assert "Did you mean a10g-dev?" in office.types("ada", "/gpu launch a10g")


@pytest.mark.slow
def test_a_restart_of_the_bot_launches_nothing_twice(office):
    office.types("ada", "/gpu launch a10g-dev for 2h")
    office.restart()
    office.presses("bob", "Launch a10g-dev", "#ml-platform")
    office.restart()
    office.passes(DAY_MS // 24)

    assert len(office.fleet.launches) == 1


def test_a_machine_whose_template_brings_the_agent_is_ready_when_that_reports(tmp_path, clock):
    with opened(tmp_path / "agent.db", clock, {**SETTINGS, "launch": [BOX | {"agent": True}]}) as office:
        office.types("ada", "/gpu launch a10g-dev for 2h tests")
        office.presses("bob", "Launch a10g-dev", "#ml-platform")
        office.passes(3 * MINUTE_MS)
        [(name, _)] = office.fleet.launches
        before = office.types("ada", f"/gpu status {name}")
        office.reports(name, 0.0, minutes=1)
        office.passes(MINUTE_MS)

        assert "@Ada to" not in before
        assert "runs, and its agent reports; it took" in office.sees("ada", "@ada")
        assert "@Ada to" in office.types("ada", f"/gpu status {name}")


def test_where_a_start_finds_no_capacity_a_listed_machine_with_such_gpus_is_offered(office):
    office.fleet.run_short("us-west-2a")
    office.types("ada", "/gpu start eval-2")
    office.presses("bob", "Start eval-2", "#ml-platform")

    assert "[Launch a10g-dev]" in office.sees("ada", "@ada")


def limited(tmp_path: Path, clock: Clock, at_limit: str, **more: object) -> Iterator[Office]:
    claims = {"gpus_per_person": 8, "at_limit": at_limit}
    return opened(tmp_path / "valet.db", clock, {**SETTINGS, "launch": [BOX, H100], "claims": claims, **more})


def test_a_launch_beyond_fair_use_says_so_and_is_its_askers_once_running(tmp_path, clock):
    with limited(tmp_path, clock, "ask") as office:
        office.types("ada", "/gpu claim train-7 gpus:2 for 9h")
        office.types("ada", "/gpu launch h100-box for 2h a big one")
        card = office.sees("bob", "#ml-platform")
        office.presses("bob", "Launch h100-box", "#ml-platform")
        office.passes(5 * MINUTE_MS)
        [(name, _)] = office.fleet.launches

        assert "Beyond fair use: @Ada would have 10 GPUs, the limit is 8." in card
        assert "@Ada to Mon 11:" in office.types("cy", f"/gpu status {name}")


def test_a_launch_that_nobody_could_let_pass_is_refused_before_it_is_paid(tmp_path, clock):
    with limited(tmp_path, clock, "refuse") as office:
        office.types("ada", "/gpu claim train-7 gpus:2 for 9h")

        assert office.types("ada", "/gpu launch h100-box for 2h") == (
            "Too much: you would have 10 GPUs, the limit is 8. Release something first, or ask for a smaller one."
        )


def test_what_goes_beyond_fair_use_only_after_the_card_is_not_ordered(tmp_path, clock):
    with limited(tmp_path, clock, "ask") as office:
        office.types("ada", "/gpu launch h100-box for 2h a big one")
        office.types("ada", "/gpu claim train-7 gpus:2 for 9h")
        office.presses("bob", "Launch h100-box", "#ml-platform")

        said = office.sees("ada", "@ada")
        assert "By now it would go beyond fair use, which nobody was told: @Ada would have 10 GPUs, the limit" in said
        assert office.fleet.launches == []


def test_what_a_team_may_launch_unasked_is_asked_about_beyond_fair_use(tmp_path, clock):
    teams = {**SETTINGS["teams"], "nlp": {**SETTINGS["teams"]["nlp"], "ask_over_usd": 90_000}}
    with limited(tmp_path, clock, "ask", teams=teams) as office:
        office.types("ada", "/gpu claim train-7 gpus:8 for 9h")
        office.types("ada", "/gpu launch a10g-dev for 2h")

        assert "Beyond fair use: @Ada would have 9 GPUs, the limit is 8." in office.sees("bob", "#ml-platform")
        assert office.fleet.launches == []


def test_a_start_of_what_is_booked_for_later_is_claimed_until_then(tmp_path, clock):
    with limited(tmp_path, clock, "warn") as office:
        office.types("cy", "/gpu book eval-2 today 12:00 for 1h")
        office.types("ada", "/gpu start eval-2 for 8h")
        office.presses("bob", "Start eval-2", "#ml-platform")
        office.passes(15 * MINUTE_MS)

        assert "It is @Ada's only until @Cy's booking of it begins." in office.sees("ada", "@ada")
        assert "@Ada to Mon 12:00 UTC" in office.types("cy", "/gpu status eval-2")
