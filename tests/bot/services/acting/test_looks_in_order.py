"""A look shows the world as it was when it began: later looks stand, and one that misses a machine ends nothing."""

from dataclasses import replace

import pytest

from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.fleet import GONE_AFTER_MS, SourceSnapshot
from bot.errors import Unreachable
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import executor, steps
from bot.services.machines import fleet
from store.machines import fleet as stored_fleet
from tests.bot.services.room import Room


class Blinking:
    """The fleet, but `describe` knows nothing of what is `missing`."""

    def __init__(self, fleet):
        self._fleet = fleet
        self.missing: set[str] = set()

    def __getattr__(self, name):
        return getattr(self._fleet, name)

    def describe(self, instance):
        return None if instance.name in self.missing else self._fleet.describe(instance)


@pytest.fixture
def blinking(tmp_path, clock):
    room = Room(tmp_path / "valet.db", clock, fleet=Blinking(SandboxFleet(clock)))
    room.sweep()
    room.reports("train-7", 0.0)
    yield room
    room.close()


def stored(room, name: str):
    return stored_fleet.instance_of(stored_fleet.by_id(room.ctx.store.reading(), room.machine(name).id))


def look_of(room, name: str) -> SourceSnapshot:
    """What the region of a machine shows now."""
    source = room.machine(name).source
    [look] = [each for each in room.fleet.sweep() if each.source == source]
    return look


def test_a_sweep_that_began_before_a_stop_does_not_bring_the_machine_back(blinking):
    before, began = look_of(blinking, "train-7"), blinking.clock()
    blinking.clock.forward(SECOND_MS)
    blinking.approves(blinking.asks("train-7"))
    executor.carry_out(blinking.ctx)
    blinking.clock.forward(MINUTE_MS)
    executor.carry_out(blinking.ctx)
    assert stored(blinking, "train-7").state == "stopped"

    fleet.record_snapshot(blinking.ctx, before, began)

    assert stored(blinking, "train-7").state == "stopped"
    blinking.sweep()
    assert stored(blinking, "train-7").state == "stopped"


def test_a_sweep_that_began_before_a_machine_was_seen_does_not_take_it_away(blinking):
    look, began = look_of(blinking, "train-7"), blinking.clock()
    seen = replace(blinking.machine("train-7"), id="i-new", name="new")
    blinking.clock.forward(SECOND_MS)
    with blinking.ctx.store.writing() as db:
        steps.save_seen(blinking.ctx, db, seen, seen_at=blinking.clock())

    fleet.record_snapshot(blinking.ctx, look, began)

    assert stored_fleet.missed_at(blinking.ctx.store.reading(), "i-new") is None
    fleet.record_snapshot(blinking.ctx, look, blinking.clock() + SECOND_MS)
    assert stored_fleet.missed_at(blinking.ctx.store.reading(), "i-new") is not None


def test_a_slow_look_of_an_action_does_not_undo_what_a_later_sweep_saw(blinking):
    seen, began = blinking.machine("train-7"), blinking.clock()
    blinking.clock.forward(MINUTE_MS)
    blinking.fleet.change("train-7", state="stopped")
    blinking.sweep()

    with blinking.ctx.store.writing() as db:
        steps.save_seen(blinking.ctx, db, seen, seen_at=began)

    assert stored(blinking, "train-7").state == "stopped"


def test_a_stop_that_one_look_can_not_find_is_made_after_the_next(blinking):
    action = blinking.approves(blinking.asks("train-7"))
    blinking.fleet.missing = {"train-7"}
    executor.carry_out(blinking.ctx)
    assert blinking.action(action).state == "approved"

    blinking.fleet.missing = set()
    executor.carry_out(blinking.ctx)

    assert blinking.action(action).state == "executing"
    assert [name for name, _ in blinking.fleet.stops] == ["train-7"]


def test_a_stop_of_what_no_look_has_shown_for_ten_minutes_is_called_off(blinking):
    action = blinking.approves(blinking.asks("train-7"))
    blinking.fleet.missing = {"train-7"}
    blinking.fleet.change("train-7", state="terminated")
    blinking.sweep()
    blinking.clock.forward(GONE_AFTER_MS - SECOND_MS)
    executor.carry_out(blinking.ctx)
    assert blinking.action(action).state == "approved"

    blinking.clock.forward(SECOND_MS)
    executor.carry_out(blinking.ctx)

    ended = blinking.action(action)
    assert (ended.state, ended.outcome) == ("aborted", "train-7 is gone.")


def test_one_look_that_gets_no_answer_does_not_end_a_stop_under_way(blinking):
    action = blinking.approves(blinking.asks("train-7"))
    executor.carry_out(blinking.ctx)
    assert blinking.action(action).state == "executing"

    blinking.fleet.fault("train-7", Unreachable("No answer"), on="describe")
    executor.carry_out(blinking.ctx)
    assert blinking.action(action).state == "executing"

    blinking.clock.forward(MINUTE_MS)
    executor.carry_out(blinking.ctx)
    assert blinking.action(action).state == "done"
