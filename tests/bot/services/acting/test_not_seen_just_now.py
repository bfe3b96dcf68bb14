"""AWS's answers differ for a while: one that knows no such machine ends nothing before the looks miss it for long."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.providers.ec2_errors import NOT_SEEN, AwsError, copy_failed, shape_not_seen, start_failed, stop_failed
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals
from tests.bot.services.room import ADA, DEE, SETTINGS, Room

NO = AwsError(NOT_SEEN, 400)


class Blinking(SandboxFleet):
    """It shows everything but what is hidden."""

    hidden = ""

    def sweep(self) -> Iterator[SourceSnapshot]:
        for look in super().sweep():
            yield replace(look, instances=tuple(each for each in look.instances if each.name != self.hidden))

    def describe(self, instance: Instance) -> Instance | None:
        return None if instance.name == self.hidden else super().describe(instance)


@pytest.fixture
def room(tmp_path, clock):
    settings = {**SETTINGS, "actions": {"clone": True}}
    opened = Room(tmp_path / "room.db", clock, fleet=Blinking(clock), settings=settings)
    opened.sweep()
    yield opened
    opened.close()


def minutes_pass(room, count: int) -> None:
    for _ in range(count):
        room.clock.forward(MINUTE_MS)
        for name in room.reported:
            if room.machine(name).state == "running":
                room.reports(name, 0.0, minutes=2)
        room.tick()


def stopping(room):
    room.reports("train-7", 0.0)
    room.fleet.fault("train-7", stop_failed(NO, room.machine("train-7")))
    return room.approves(room.asks("train-7"))


def starting(room):
    machine = room.machine("eval-2")
    room.fleet.fault("eval-2", start_failed(NO, machine), on="start")
    return room.approves(approvals.ask_to_start(room.ctx, machine.id, ADA, length=HOUR_MS, note=""))


def cloning(room):
    machine = room.machine("scratch")
    room.fleet.fault("scratch", copy_failed(NO, machine), on="copy")
    asked = approvals.ask_to_clone(room.ctx, machine.id, ADA, length=HOUR_MS, note="", reboot=False)
    return room.approves(asked, DEE)


def ordering(room):
    machine = room.machine("scratch")
    room.fleet.fault(machine.source, shape_not_seen(machine), on="launch")
    asked = approvals.ask_to_clone(room.ctx, machine.id, ADA, length=HOUR_MS, note="", reboot=False)
    return room.approves(asked, DEE)


@pytest.mark.parametrize("begin", [stopping, starting, cloning, ordering])
def test_a_call_that_finds_no_such_machine_is_made_again(room, begin):
    action = begin(room)

    minutes_pass(room, 14)

    done = room.action(action)
    assert done.state == "done", done.outcome
    counts = [len(room.fleet.stops), len(room.fleet.starts), len(room.fleet.copies), len(room.fleet.launches)]
    assert counts == {stopping: [1, 0, 0, 0], starting: [0, 1, 0, 0]}.get(begin, [0, 0, 1, 1])


@pytest.mark.parametrize("begin", [stopping, starting, cloning])
def test_what_no_look_shows_for_long_is_gone(room, begin):
    action = begin(room)
    room.tick()
    room.fleet.hidden = action.facts.name

    minutes_pass(room, 8)
    waits = room.action(action)
    minutes_pass(room, 4)

    ended = room.action(action)
    assert waits.state == "executing", waits.outcome
    assert (ended.state, ended.outcome) == ("failed", f"{action.facts.name} is gone.")
    assert [room.fleet.stops, room.fleet.starts, room.fleet.copies] == [[], [], []]


def test_a_clone_of_what_is_gone_by_then_orders_nothing(room):
    action = ordering(room)
    minutes_pass(room, 5)
    source = room.machine("scratch").source
    room.fleet.fault(source, shape_not_seen(room.machine("scratch")), on="launch", times=9)
    room.fleet.hidden = "scratch"

    minutes_pass(room, 30)

    ended = room.action(action)
    assert (ended.state, room.fleet.launches) == ("failed", [])
    assert "scratch is gone" in ended.outcome
