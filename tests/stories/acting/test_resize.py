"""Ada needs four GPUs where she has one: a new machine is made from an image of hers, and hers is stopped and kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.errors import Unreachable
from bot.sandbox.slack.people import CY
from bot.services.sharing import claims
from store.acting import snooze as stored_snooze
from store.sharing import claims as stored_claims
from tests.conftest import Clock
from tests.neighbours import MACHINE
from tests.stories.conftest import SETTINGS, Office, opened

ASKED = "/gpu resize nb-5 g5.12xlarge for 4h it takes four GPUs"


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    with opened(tmp_path / "valet.db", clock, {**SETTINGS, "actions": {"clone": True}}) as made:
        made.reports("nb-5", 0.0)
        claims.claim_gpus(made.valet.ctx, made.machine("nb-5").id, CY, length=3 * HOUR_MS)
        yield made


def approved(office: Office, line: str = ASKED) -> None:
    office.types("cy", line)
    office.presses("bob", "Resize nb-5")


def new(office: Office) -> Instance:
    [(name, _)] = office.fleet.launches
    return office.machine(name)


def lives_on(office: Office, name: str, util: float, count: int) -> None:
    """Minutes in which the agent of a machine reports."""
    for _ in range(count // 3):
        office.passes(3 * MINUTE_MS)
        office.reports(name, util, minutes=4)
    office.passes(MINUTE_MS)


def held(office: Office, machine: Instance) -> list[tuple[str, int]]:
    found = stored_claims.open_claims_on(office.valet.ctx.store.reading(), machine.id)
    return [(each.holder, each.until_at) for each in found]


def test_the_card_says_it_is_a_new_machine_and_the_old_ones_fate(office):
    office.types("cy", ASKED)

    said, card = office.slack.sees("cy", "#gpus")[-2:]
    assert said == "Asked in #gpus. nb-5 stays as it is unless someone approves by 11:00 UTC."
    assert card.startswith("*Resize nb-5 to g5.12xlarge for 4 h? @Cy asks. Waiting for @Ada @Bob until 11:00 UTC.*")
    assert ">it takes four GPUs" in card
    assert "It becomes a new machine, nb-5-" in card
    assert "g5.xlarge, $1.01/h, becomes g5.12xlarge, $5.67/h, $4.67/h more." in card
    assert "Costs $22.69 for 4 h." in card
    assert "Idle for 1 h 15 m: no programs, its GPU at 0 %" in card
    assert "@Cy holds it until Mon 12:00 UTC." in card
    assert "nb-5 is stopped and kept; nothing deletes it. Until then both cost." in card
    assert "Lost for good: 250 GB of local NVMe and what is in memory." in card
    assert "Changes: the instance id and the private address; nb-5 keeps its own." in card
    assert (
        "Keeps costing until an admin deletes it: 200 GB of disks (gp3), about $16.00 a month, all of nb-5's; and"
        in card
    )
    assert "Risk: AWS may be out of g5 in us-east-1b; I try for 21 minutes, and nb-5 stays as it is if" in card
    assert "[Resize nb-5] [Leave it as it is]" in card


@pytest.mark.slow
def test_cy_gets_the_new_machine_and_the_old_stops_when_seen_idle_again(office):
    approved(office)
    office.passes(8 * MINUTE_MS)
    made, told = new(office), office.sees("cy", "@cy")
    before = (office.machine("nb-5").state, held(office, office.machine("nb-5")))

    lives_on(office, "nb-5", 0.0, 90)

    assert (made.type, office.fleet.copies) == ("g5.12xlarge", [("nb-5", True)])
    assert {"team": "vision", "owner": CY, "purpose": "it takes four GPUs"}.items() <= made.tags.items()
    assert f"{made.name} runs; it took 6 min. No agent has reported from it." in told
    assert "nb-5 itself runs on until it is seen idle, and is then stopped and kept." in told
    assert "Yours until Mon 13:08 UTC." in told
    assert before == ("running", [(CY, office.clock.now - 101 * MINUTE_MS + 3 * HOUR_MS)])
    assert held(office, made) == [(CY, office.clock.now - 93 * MINUTE_MS + 4 * HOUR_MS)]
    assert (office.machine("nb-5").state, held(office, office.machine("nb-5"))) == ("stopped", [])
    ended = office.sees("cy", "@cy")
    assert "No agent has reported from it. nb-5 itself is stopped and kept." in ended
    assert any("nb-5 itself is stopped and kept." in each for each in office.slack.sees("bob", "#gpus"))
    assert "nb-5" in office.types("cy", "/gpu status stopped")


@pytest.mark.slow
def test_an_old_machine_that_works_by_then_is_left_running_and_stays_claimed(office):
    approved(office)
    office.passes(8 * MINUTE_MS)
    lives_on(office, "nb-5", 80.0, 140)

    said = office.sees("cy", "@cy")
    assert office.machine("nb-5").state == "running"
    assert "nb-5 itself was not stopped: nb-5 is working: " in said
    assert [who for who, _ in held(office, office.machine("nb-5"))] == [CY]
    assert [who for who, _ in held(office, new(office))] == [CY]


@pytest.mark.slow
def test_one_whose_agent_does_not_come_back_is_left_running(office):
    approved(office)
    office.passes(3 * HOUR_MS)

    assert office.machine("nb-5").state == "running"
    said = " ".join(office.slack.sees("cy", "@cy"))
    assert "nb-5 itself was not stopped: I can't tell whether nb-5 works" in said


def test_an_old_machine_that_stays_between_two_states_is_for_people_to_look_at(office):
    approved(office)
    office.passes(8 * MINUTE_MS)
    office.fleet.change("nb-5", state="shutting-down")
    office.passes(HOUR_MS)
    waits = " ".join(office.slack.sees("cy", "@cy"))

    office.passes(2 * HOUR_MS)

    said = "nb-5 itself is still being deleted; please look at it in AWS."
    assert said not in waits
    assert said in " ".join(office.slack.sees("cy", "@cy"))
    assert office.fleet.stops == []


def test_a_stopped_machine_is_resized_without_a_reboot_and_at_once(office):
    office.fleet.change("nb-5", state="stopped", stopped_at=office.clock.now)
    office.passes(MINUTE_MS)

    office.types("cy", ASKED)
    card = office.sees("bob")
    office.presses("bob", "Resize nb-5")
    office.passes(8 * MINUTE_MS)

    assert "nb-5 stays stopped and is kept; nothing deletes it." in card
    assert "rebooted" not in card
    assert "Lost for good" not in card
    assert office.fleet.copies == [("nb-5", False)]
    assert "nb-5 itself is stopped and kept." in office.sees("cy", "@cy")
    assert held(office, office.machine("nb-5")) == []
    assert len(held(office, new(office))) == 1


@pytest.mark.slow
def test_without_capacity_nobody_ends_up_with_nothing(office):
    office.fleet.run_short("us-east-1a")
    approved(office)
    office.passes(8 * MINUTE_MS)
    waiting = office.sees("cy", "@cy")

    office.passes(30 * MINUTE_MS)

    said = office.sees("cy", "@cy")
    assert "AWS has no g5.12xlarge left in us-east-1 just now. Next try at" in waiting
    assert "[Don't resize it any more]" in waiting
    assert "was not resized.* @Bob approved @Cy's request at 09:00 UTC. AWS has no g5.12xlarge left" in said
    assert (office.machine("nb-5").state, office.fleet.launches) == ("running", [])
    assert [who for who, _ in held(office, office.machine("nb-5"))] == [CY]


def test_a_type_that_aws_does_not_offer_there_is_said(office):
    approved(office, "/gpu resize nb-5 g5.48xlarge")  # which the sandbox has nowhere
    office.passes(8 * MINUTE_MS)

    assert "AWS offers no g5.48xlarge where nb-5-" in office.sees("cy", "@cy")
    assert office.machine("nb-5").state == "running"


def test_without_a_length_it_is_for_what_is_left_of_the_claim(office):
    office.types("cy", "/gpu resize nb-5 to G5.12xlarge")

    assert office.sees("bob").startswith("*Resize nb-5 to g5.12xlarge for 3 h? @Cy asks.")


def test_what_can_not_be_resized_is_refused_with_why(office):
    def told(line: str, who: str = "cy") -> str:
        return office.types(who, f"/gpu resize {line}")

    office.fleet.change("label-1", stop_protected=True)
    for name in ("train-7", "train-3", "label-1", "sweep-1", "llm-serve", "scratch"):
        office.reports(name, 90.0 if name == "train-3" else 0.0)
    office.reports("dgx-1", 0.0)
    office.tick()

    assert told("nb-5 g5.xlarge") == "nb-5 is a g5.xlarge already."
    assert told("nb-5 g5.12xlrage").startswith(
        'I don\'t know an instance type "g5.12xlrage" with NVIDIA GPUs. Did you mean'
    )
    assert told("nb-5 g5g.xlarge") == (
        "nb-5 is x86_64 and a g5g.xlarge is arm64, so what is on its disks would not run there."
    )
    assert told("nb-5 g5.12xlarge", "ada") == (
        "@Cy holds nb-5, which would be stopped. `/gpu request nb-5` asks for it."
    )
    assert "train-3 is working: " in told("train-3 g5.12xlarge")
    assert "I can't tell whether nb-2 works" in told("nb-2 g5.xlarge")
    assert "is a spot instance" in told("sweep-1 g6.xlarge")
    assert "belongs to the Auto Scaling group" in told("llm-serve g5.xlarge")
    assert "has stop protection" in told("label-1 g5.xlarge")
    assert "scratch is exempt until" in told("scratch g5.12xlarge")
    assert told("dgx-1 g5.xlarge") == "dgx-1 is owned; only machines on AWS can be resized."
    assert office.fleet.copies == []


def test_it_is_off_where_clones_are(tmp_path, clock):
    with opened(tmp_path / "other.db", clock, SETTINGS) as plain:
        plain.reports("nb-5", 0.0)
        assert "`clone = true` under [actions] allows them." in plain.types("cy", "/gpu resize nb-5 g5.12xlarge")


def test_asked_twice_it_is_one_card_and_another_type_has_to_wait(office):
    office.types("cy", ASKED)
    office.clock.forward(MINUTE_MS)

    again = office.types("cy", ASKED)
    other = office.types("cy", "/gpu resize nb-5 g5.2xlarge")

    assert again.startswith("You asked already in #gpus: Resize nb-5 to g5.12xlarge for 4 h?")
    assert (
        other
        == "@Cy's request to resize nb-5 to a g5.12xlarge is open until Mon 11:00 UTC. Decide that first.\n[Open it]"
    )


def test_somebody_who_claims_it_first_ends_the_request_and_later_it_is_too_late(office):
    office.types("cy", "/gpu release nb-5")
    office.types("cy", ASKED)
    office.types("ada", "/gpu claim nb-5 for 1h")
    ended = office.sees("cy", "@cy")
    office.types("ada", "/gpu release nb-5")
    office.types("cy", ASKED)
    office.presses("bob", "Resize nb-5")

    late = office.types("ada", "/gpu claim nb-5 for 1h")

    assert "is off.* @Ada claimed nb-5 first." in ended
    assert "nb-5 is about to be resized (@Bob approved it)." in late


def test_a_no_leaves_everything_as_it_is(office):
    office.types("cy", ASKED)
    office.presses("bob", "Leave it as it is")
    office.passes(2 * MINUTE_MS)

    assert "stays as it is.* @Bob decided that" in office.sees("cy", "@cy")
    assert office.fleet.copies == []
    assert stored_snooze.active(office.valet.ctx.store.reading(), office.clock.now).keys() <= {MACHINE}


@pytest.mark.slow
def test_a_restart_of_the_bot_at_any_time_loses_nothing(office):
    approved(office)
    for _ in range(4):
        office.restart()
        office.passes(2 * MINUTE_MS)
    office.restart()
    lives_on(office, "nb-5", 0.0, 90)

    assert (len(office.fleet.copies), len(office.fleet.launches), len(office.fleet.stops)) == (1, 1, 1)
    assert office.machine("nb-5").state == "stopped"


def test_the_new_machine_is_its_owners_to_stop_while_the_old_one_is_waited_for(office):
    approved(office)
    office.passes(8 * MINUTE_MS)
    made = new(office)

    assert "being resized" in office.types("cy", "/gpu stop nb-5")
    assert "I can't tell whether" in office.types("cy", f"/gpu stop {made.name}"), "only because it has no agent yet"


@pytest.mark.slow
def test_what_somebody_else_has_booked_is_not_resized_away(office):
    office.types("bob", "/gpu book nb-5 tomorrow 20:00 for 6h")
    refused = office.types("cy", ASKED)
    office.types("bob", "/gpu unbook nb-5")
    approved(office)
    office.types("bob", "/gpu book nb-5 tomorrow 20:00 for 6h")
    lives_on(office, "nb-5", 0.0, 99)

    assert refused == (
        "@Bob has booked nb-5, which would be stopped: `/gpu bookings nb-5` shows when. "
        "`/gpu clone nb-5` gives you one like it and leaves nb-5 as it is."
    )
    assert office.machine("nb-5").state == "running"
    assert "nb-5 itself was not stopped: @Bob has booked nb-5 meanwhile." in office.sees("cy", "@cy")


def test_ones_own_bookings_the_on_hours_and_the_snooze_go_along(office):
    office.types("cy", "/gpu book nb-5 tomorrow 20:00 for 6h")
    office.types("cy", "/gpu book nb-5 every fri 20:00 for 6h until 25 dec")
    office.types("cy", "/gpu snooze nb-5 20h the demo")
    office.types("bob", "/gpu hours nb-5 mon-fri 8-20")
    approved(office)
    card = office.sees("bob")
    office.passes(8 * MINUTE_MS)
    name = new(office).name

    told = office.sees("cy", "@cy")
    assert "Goes along: its on-hours, its snoozes, and what @Cy has booked of it." in card
    assert "It took over from nb-5: on-hours, snooze, 2 bookings of yours." in told
    assert office.types("cy", "/gpu bookings nb-5").startswith("No bookings of nb-5.")
    booked = office.types("cy", f"/gpu bookings {name}")
    assert "Tue 24 Nov 20:00" in booked
    assert "Fri 27 Nov 20:00" in booked
    assert "Kept: by @Cy" in office.types("cy", f"/gpu why {name}")
    assert "Mon-Fri 08:00-20:00" in office.types("cy", f"/gpu hours {name}")
    assert "took along" in office.types("cy", f"/gpu history {name}")


def test_a_booking_that_does_not_fit_the_new_machine_stays_and_is_said(office):
    office.types("cy", "/gpu book nb-5 today 12:30 for 1h")
    approved(office)
    office.passes(8 * MINUTE_MS)

    assert "1 booking of yours did not fit and stayed with nb-5: `/gpu bookings mine`." in office.sees("cy", "@cy")
    assert "nb-5" in office.types("cy", "/gpu bookings mine")


@pytest.mark.slow
def test_whoever_waits_for_the_old_machine_gets_it_instead_of_its_stop(office):
    office.types("ada", "/gpu wait nb-5 for 2h")
    approved(office)
    card = office.sees("bob")
    office.passes(8 * MINUTE_MS)
    told = office.sees("cy", "@cy")
    lives_on(office, "nb-5", 0.0, 99)

    assert "nb-5 itself runs on until it is seen idle, and is then offered to those in line." in told
    assert "1 waits in line for nb-5, so it is offered to them and not stopped." in card
    assert office.machine("nb-5").state == "running"
    assert "nb-5 itself was not stopped: @Ada waits for nb-5, and is offered it." in office.sees("cy", "@cy")
    assert "It was your turn for *nb-5*" in office.sees("ada", "@ada")


@pytest.mark.slow
def test_a_snooze_that_was_promised_keeps_the_old_machine_from_being_stopped(office):
    approved(office)
    office.passes(8 * MINUTE_MS)
    said = office.types("ada", "/gpu snooze nb-5 20h the demo")
    lives_on(office, "nb-5", 0.0, 99)

    assert "*nb-5* is left alone until Tue 05:10 UTC" in said
    assert office.machine("nb-5").state == "running"
    assert "nb-5 itself was not stopped: @Ada has snoozed nb-5 meanwhile." in office.sees("cy", "@cy")
    assert [who for who, _ in held(office, office.machine("nb-5"))] == [CY]


def test_a_snooze_ends_a_resize_that_nobody_has_decided_or_begun(office):
    office.types("cy", ASKED)
    office.types("ada", "/gpu snooze nb-5 4h")
    ended = office.sees("cy", "@cy")
    office.types("cy", ASKED)
    office.looks = False
    office.presses("bob", "Resize nb-5")
    office.types("ada", "/gpu snooze nb-5 6h the demo")
    office.looks = True
    office.passes(3 * MINUTE_MS)

    assert "is off.* @Ada snoozed nb-5 first." in ended
    assert "@Ada has snoozed nb-5 meanwhile." in office.sees("cy", "@cy")
    assert office.fleet.copies == []


def test_an_old_machine_that_is_another_teams_by_then_is_left_running(office):
    approved(office)
    office.passes(5 * MINUTE_MS)
    office.fleet.change("nb-5", tags={**office.machine("nb-5").tags, "team": "nlp"})
    office.passes(10 * MINUTE_MS)

    assert office.machine("nb-5").state == "running"
    assert "nb-5 itself was not stopped: nb-5 is nlp's by now" in office.sees("cy", "@cy")


def test_an_old_machine_that_is_heard_of_no_more_is_for_people_to_see(office):
    approved(office)
    office.passes(8 * MINUTE_MS)
    office.fleet.fault("nb-5", Unreachable("AWS does not answer."), on="describe", times=999)

    office.passes(HOUR_MS)
    waits = office.sees("cy", "@cy")
    office.passes(2 * HOUR_MS)

    said = "Of nb-5 itself nothing is known: AWS does not answer. Please look."
    assert said not in waits
    assert said in office.sees("cy", "@cy")
    assert office.fleet.stops == []


def test_an_old_machine_that_somebody_ended_meanwhile_is_said_to_be_gone(office):
    approved(office)
    office.passes(8 * MINUTE_MS)
    office.fleet.terminate("nb-5")

    office.passes(2 * MINUTE_MS)

    assert "nb-5 itself is gone." in office.sees("cy", "@cy")
