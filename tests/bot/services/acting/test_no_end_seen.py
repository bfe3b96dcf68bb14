"""An action whose end nobody sees: it is told as unclear once its time is over, and never called done or failed."""

from dataclasses import replace

import pytest

from bot.domain.acting.actions import STOP_DEADLINE_MS
from bot.domain.acting.images import COPY_DEADLINE_MS, Image
from bot.domain.acting.launch import LAUNCH_DEADLINE_MS, Order
from bot.domain.acting.start import START_DEADLINE_MS
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.errors import Unreachable
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals
from bot.settings import parse
from tests.bot.services.room import ADA, BOB, DEE, SETTINGS, Room

LOST = Unreachable("AWS did not confirm it: no answer in time.")
BOX = {"name": "box", "template": "lt-1", "region": "us-west-2", "account": "111122223333", "type": "g5.xlarge"}
BOX |= {"gpu": "A10G", "gpus": 1}
ACTING = {**SETTINGS, "actions": {"clone": True}, "launch": [BOX]}


class Slow(SandboxFleet):
    """It may fall silent, leave machines as they are, and make no image, or a bad one."""

    silent = False
    stuck = ""
    image: Image | str | None = "as it is"

    def describe(self, instance: Instance) -> Instance | None:
        self._heard()
        machine = super().describe(instance)
        return replace(machine, state=self.stuck) if machine and self.stuck else machine  # type: ignore[arg-type]

    def launched(self, order: Order) -> Instance | None:
        self._heard()
        return super().launched(order)

    def copied(self, instance: Instance, name: str) -> Image | None:
        self._heard()
        image = super().copied(instance, name)
        if self.image == "as it is" or image is None:
            return image
        return replace(image, state=self.image) if self.image else None  # type: ignore[arg-type]

    def _heard(self) -> None:
        if self.silent:
            raise Unreachable("AWS does not answer.")


@pytest.fixture
def room(tmp_path, clock):
    opened = Room(tmp_path / "room.db", clock, fleet=Slow(clock), settings=ACTING)
    opened.sweep()
    yield opened
    opened.close()


def minutes_pass(room, length: int) -> None:
    room.clock.forward(length)
    room.tick()


def stopping(room):
    room.reports("train-7", 0.0)
    return room.approves(room.asks("train-7"))


def starting(room):
    machine = room.machine("eval-2").id
    return room.approves(approvals.ask_to_start(room.ctx, machine, ADA, length=HOUR_MS, note=""))


def launching(room):
    return room.approves(approvals.ask_to_launch(room.ctx, "box", ADA, length=HOUR_MS, note=""), BOB)


def cloning(room):
    machine = room.machine("scratch").id
    asked = approvals.ask_to_clone(room.ctx, machine, ADA, length=HOUR_MS, note="", reboot=False)
    return room.approves(asked, DEE)


DEADLINES = {
    stopping: STOP_DEADLINE_MS,
    starting: START_DEADLINE_MS,
    launching: LAUNCH_DEADLINE_MS,
    cloning: COPY_DEADLINE_MS,
}


def called(room, action):
    """The action once it was called, as it is by then."""
    minutes_pass(room, MINUTE_MS)
    begun = room.action(action)
    assert (begun.state, begun.called_at is not None) == ("executing", True)
    return begun


def just_in_time(room, begun, deadline):
    """The action at its deadline; a millisecond later it is looked at once more."""
    room.clock.now = begun.called_at + deadline
    room.tick()
    early = room.action(begun)
    room.clock.forward(1)
    room.tick()
    return early


@pytest.mark.parametrize("doing", [stopping, starting, launching, cloning])
def test_what_is_heard_of_no_more_is_unclear_once_its_time_is_over(room, doing):
    begun = called(room, doing(room))
    room.fleet.silent = True

    early = just_in_time(room, begun, DEADLINES[doing])

    ended = room.action(begun)
    assert early.state == "executing"
    assert (ended.state, ended.outcome) == ("unknown", "AWS does not answer. Please look at the machine.")
    assert room.told(ADA, "action_ended") == [begun.id]


def test_an_order_without_an_answer_is_unclear_once_nobody_can_look_for_it_for_long(room):
    room.fleet.fault("ec2/111122223333/us-west-2", LOST, on="launch", times=9)
    begun = called(room, launching(room))
    room.fleet.silent = True

    early = just_in_time(room, begun, LAUNCH_DEADLINE_MS)

    assert (early.state, early.made_id) == ("executing", "")
    assert room.action(begun).outcome == "AWS does not answer. Please look at the machine."


@pytest.mark.parametrize(
    ("doing", "state", "said"),
    [
        (stopping, "stopping", "train-7 is still stopping; please look at it in AWS."),
        (starting, "pending", "eval-2 is still starting; please look at it in AWS."),
        (launching, "pending", "is still starting; please look at it in AWS."),
    ],
)
def test_a_machine_that_stays_on_its_way_is_unclear_once_its_time_is_over(room, doing, state, said):
    begun = called(room, doing(room))
    room.fleet.stuck = state

    early = just_in_time(room, begun, DEADLINES[doing])

    ended = room.action(begun)
    assert early.state == "executing"
    assert ended.state == "unknown"
    assert ended.outcome.endswith(said)


@pytest.mark.parametrize(
    ("image", "late", "state", "said"),
    [
        ("pending", 1, "unknown", "is still not ready; please look at it in AWS."),
        ("pending", 0, "executing", ""),
        ("failed", 0, "failed", "AWS could not make an image of scratch"),
        (None, 1, "unknown", "No image of scratch appeared; please look in AWS."),
        (None, 0, "executing", ""),
    ],
)
def test_an_image_that_is_not_there_in_time_or_failed_ends_a_clone(room, image, late, state, said):
    room.fleet.image = "pending"
    begun = called(room, cloning(room))
    room.fleet.image = image

    room.clock.now = begun.called_at + COPY_DEADLINE_MS + late
    room.tick()

    ended = room.action(begun)
    assert ended.state == state
    assert said in ended.outcome
    assert room.fleet.launches == []


def test_an_image_that_was_asked_for_in_vain_four_times_is_unclear(room):
    room.fleet.fault("scratch", LOST, on="copy", times=9)
    begun = cloning(room)

    for _ in range(6):
        minutes_pass(room, MINUTE_MS)

    ended = room.action(begun)
    assert (ended.state, ended.calls) == ("unknown", 4)
    assert ended.outcome == "No image of scratch appeared; please look in AWS."


def test_whoever_asked_for_a_clone_hears_once_that_its_image_is_being_made(room):
    room.fleet.image = "pending"
    begun = called(room, cloning(room))
    first = room.told(ADA)
    minutes_pass(room, MINUTE_MS)

    assert any(begun.id in subject for subject in first)
    assert room.told(ADA) == first


@pytest.mark.parametrize(("sent", "state"), [(False, "failed"), (True, "unknown")])
def test_a_template_that_is_gone_from_the_settings_ends_its_launch(room, sent, state):
    room.fleet.fault("ec2/111122223333/us-west-2", LOST, on="launch", times=9)
    begun = launching(room)
    if sent:
        begun = called(room, begun)
    room.settings = parse({**ACTING, "launch": []}, {})
    room.reopen()

    minutes_pass(room, MINUTE_MS)

    ended = room.action(begun)
    assert ended.state in {state, "aborted"}
    assert "valet.toml" in ended.outcome
