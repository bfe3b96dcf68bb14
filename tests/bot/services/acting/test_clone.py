"""An image is made once, a machine is launched from it once, and nobody's run is rebooted away."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused, Unreachable
from bot.services.acting import approvals, images
from bot.services.sharing import claims
from store.sharing import claims as stored_claims
from tests.bot.services.room import ADA, CY, DEE, SETTINGS, Room

NAME = "scratch"
"""A g5.xlarge in us-west-2a that belongs to no team, so the admin decides."""
LOST = Unreachable("AWS did not confirm it: no answer in time.")


@pytest.fixture
def room(tmp_path, clock):
    opened = Room(tmp_path / "room.db", clock, settings={**SETTINGS, "actions": {"clone": True}})
    opened.sweep()
    opened.reports(NAME, 0.0)
    yield opened
    opened.close()


def ask(room, *, reboot=True, who=ADA):
    machine = room.machine(NAME).id
    return approvals.ask_to_clone(room.ctx, machine, who, length=2 * HOUR_MS, note="same set-up", reboot=reboot)


def approved(room, **how):
    return room.approves(ask(room, **how), DEE)


def minutes_pass(room, count: int) -> None:
    for _ in range(count):
        room.clock.forward(MINUTE_MS)
        room.tick()


@pytest.mark.parametrize("reboot", [True, False])
def test_a_clone_is_an_image_then_a_machine_of_its_shape_claimed_for_its_asker(room, reboot):
    action = approved(room, reboot=reboot)

    minutes_pass(room, 10)

    done = room.action(action)
    [(name, _)] = room.fleet.launches
    [held] = stored_claims.open_claims_on(room.ctx.store.reading(), done.made_id)
    assert (done.state, room.fleet.copies) == ("done", [(NAME, reboot)])
    assert (room.machine(name).type, held.holder, held.note) == ("g5.xlarge", ADA, "same set-up")
    assert room.machine(name).tags["valet-until"] == "2026-11-23T11:08Z", "counted from its order, not its image's"
    assert [each.image.of for each in images.shelf(room.ctx).images] == [NAME]


def test_clones_are_off_unless_an_admin_allows_them(tmp_path, clock):
    room = Room(tmp_path / "off.db", clock)
    room.sweep()

    with pytest.raises(Refused, match="`clone = true` under \\[actions\\]"):
        ask(room)
    room.close()


def test_a_machine_that_works_is_not_rebooted_and_may_be_copied_as_it_runs(room):
    room.clock.forward(MINUTE_MS)
    room.reports(NAME, 90.0, minutes=1)

    with pytest.raises(Refused, match=r"which is working. `/gpu clone scratch no-reboot` copies it as it runs"):
        ask(room)

    assert ask(room, reboot=False).facts.reboot is False


def test_a_machine_nobody_can_see_into_is_not_rebooted(room):
    room.clock.forward(HOUR_MS)

    with pytest.raises(Refused, match="I can't tell whether it works"):
        ask(room)


def test_somebody_elses_machine_is_not_rebooted_and_ones_own_is(room):
    claims.claim_gpus(room.ctx, room.machine(NAME).id, CY)

    with pytest.raises(Refused, match=f"which @{CY} holds"):
        ask(room)

    assert ask(room, who=CY).facts.reboot


def test_work_that_began_after_the_request_is_not_rebooted_away(room):
    action = approved(room)
    room.clock.forward(MINUTE_MS)
    room.reports(NAME, 90.0, minutes=1)

    minutes_pass(room, 1)

    assert (room.action(action).state, room.fleet.copies) == ("aborted", [])


def test_a_claim_that_came_after_the_request_is_not_rebooted_away(room):
    action = ask(room)
    claims.claim_gpus(room.ctx, room.machine(NAME).id, CY)
    room.approves(action, DEE)

    minutes_pass(room, 1)

    assert (room.action(action).state, room.fleet.copies) == ("aborted", [])


@pytest.mark.parametrize("accepted", [True, False])
def test_a_lost_answer_makes_no_second_image(room, accepted):
    room.fleet.fault(NAME, LOST, on="copy", accepted=accepted)
    action = approved(room, reboot=False)

    minutes_pass(room, 12)

    assert (room.action(action).state, len(room.fleet.copies), len(room.fleet.launches)) == ("done", 1, 1)


@pytest.mark.parametrize("accepted", [True, False])
def test_a_lost_order_makes_no_second_machine(room, accepted):
    room.fleet.fault(room.machine(NAME).source, LOST, on="launch", accepted=accepted)
    action = approved(room, reboot=False)

    minutes_pass(room, 12)

    assert (room.action(action).state, len(room.fleet.copies), len(room.fleet.launches)) == ("done", 1, 1)


def test_without_capacity_the_image_is_kept_and_the_launch_tried_again(room):
    room.fleet.run_short("us-west-2a")
    action = approved(room, reboot=False)
    minutes_pass(room, 8)
    waiting = room.action(action)
    room.fleet.refill("us-west-2a")

    minutes_pass(room, 8)

    assert (waiting.state, waiting.tries > 0) == ("executing", True)
    assert (room.action(action).state, len(room.fleet.copies)) == ("done", 1)


def test_an_image_that_can_not_be_made_is_said(room):
    room.fleet.fault(NAME, Refused("AWS refused to clone scratch: SnapshotLimitExceeded."), on="copy")
    action = approved(room, reboot=False)

    minutes_pass(room, 1)

    assert room.action(action).state == "failed"
    assert "SnapshotLimitExceeded" in room.action(action).outcome


def test_a_clone_whose_order_aws_refuses_fails_with_its_words(room):
    source = room.machine(NAME).source
    room.fleet.fault(source, Refused("AWS refused it: InstanceLimitExceeded."), on="launch", times=9)
    action = approved(room, reboot=False)

    minutes_pass(room, 12)

    assert (room.action(action).state, room.fleet.calls["launch", source]) == ("failed", 1)
    assert "InstanceLimitExceeded" in room.action(action).outcome


def test_owned_machines_are_not_cloned(room):
    room.push("dgx-9", [], tick_now=1_000_000)

    with pytest.raises(Refused, match="only machines on AWS can be cloned"):
        approvals.ask_to_clone(room.ctx, "dgx-9", ADA)


def test_images_that_are_gone_leave_the_list(room):
    approved(room, reboot=False)
    minutes_pass(room, 10)
    images.refresh_images(room.ctx)
    [found] = images.shelf(room.ctx).images

    room.fleet.deregister(found.image.id)
    images.refresh_images(room.ctx)

    assert images.shelf(room.ctx).images == ()


def test_a_crash_of_the_bot_between_image_and_machine_loses_neither(room):
    action = approved(room, reboot=False)
    minutes_pass(room, 3)
    room.reopen()
    minutes_pass(room, 4)
    room.reopen()

    minutes_pass(room, 4)

    assert (room.action(action).state, len(room.fleet.copies), len(room.fleet.launches)) == ("done", 1, 1)
