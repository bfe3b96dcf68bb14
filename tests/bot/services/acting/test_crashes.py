"""The process ends at any step of an action; the next one brings it to its end, once, with one word about it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.acting.actions import Action
from bot.domain.clock import HOUR, MINUTE
from bot.services.acting import asking
from store import claims
from tests.bot.services.acting.crashing import ALL_SETTINGS, StoredClock, StoredFleet, points
from tests.bot.services.room import ADA, BOB, CHANNEL, DEE, Room

ROOT = Path(__file__).parents[4]
ASK: dict[str, Callable[[Room], Action]] = {
    "stop": lambda room: room.asks("nb-5"),
    "start": lambda room: asking.ask_to_start(room.desk, room.machine("eval-2").id, ADA, length=2 * HOUR),
    "launch": lambda room: asking.ask_to_launch(room.desk, "box", ADA, length=2 * HOUR),
    "clone": lambda room: asking.ask_to_clone(room.desk, room.machine("nb-5").id, ADA, length=2 * HOUR),
}
POINTS = {
    "stop": points(("describe", "stop"), 3),
    "start": points(("describe", "start"), 6),
    "launch": points(("describe", "launch"), 5),
    "clone": points(("describe", "copy", "copied", "launch"), 10),
}


@pytest.fixture
def folder(tmp_path, clock):
    (tmp_path / "now").write_text(str(clock()))
    (tmp_path / "began").write_text(str(clock()))
    return tmp_path


def opened(folder: Path) -> Room:
    clock = StoredClock(folder)
    return Room(folder / "room.db", clock, fleet=StoredFleet(clock, folder), settings=ALL_SETTINGS)


def approved(folder: Path, kind: str) -> Action:
    room = opened(folder)
    room.sweep()
    room.reports("nb-5", 0.0)
    action = ASK[kind](room)
    room.approves(action, BOB if action.team else DEE)
    room.close()
    return action


def run_until(folder: Path, point: str) -> int:
    command = [sys.executable, "-m", "tests.bot.services.acting.crashing", str(folder), point]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def done_in(room: Room) -> dict[str, list]:
    fleet = room.fleet
    found = {"stop": fleet.stops, "start": fleet.starts, "launch": fleet.launches, "copy": fleet.copies}
    return {verb: made for verb, made in found.items() if made}


EFFECTS = {"stop": {"stop"}, "start": {"start"}, "launch": {"launch"}, "clone": {"copy", "launch"}}


@pytest.mark.parametrize(("kind", "point"), [(kind, point) for kind, each in POINTS.items() for point in each])
def test_a_crash_at_any_step_loses_nothing_and_does_it_once(folder, kind, point):
    action = approved(folder, kind)

    ended = run_until(folder, point)
    room = opened(folder)
    for _ in range(12):
        room.clock.forward(MINUTE)
        room.seq += 100
        if room.machine("nb-5").state == "running":
            room.reports("nb-5", 0.0, minutes=3)
        room.tick()

    done, made = room.action(action), done_in(room)
    assert ended == 137
    assert (done.state, made.keys()) == ("done", EFFECTS[kind])
    assert [len(each) for each in made.values()] == [1] * len(made)
    assert room.told(ADA, "action_ended") == [action.id]
    assert room.told(CHANNEL, "action_card")[-1] == action.id
    if kind != "stop":
        held = claims.open_on(room.desk.store.reading(), done.made_id if kind != "start" else done.instance_id)
        assert [each.holder for each in held] == [ADA]
    room.close()


@pytest.mark.parametrize("kind", POINTS)
def test_without_a_crash_it_ends_by_itself(folder, kind):
    action = approved(folder, kind)

    assert run_until(folder, "never") == 0

    room = opened(folder)
    assert room.action(action).state == "done"
    room.close()
