"""The process ends at any step of a stop; the next one brings it to its end, with one stop and one word about it."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.clock import MINUTE
from tests.bot.services.crashing import POINTS, StoredClock, StoredFleet
from tests.bot.services.room import ADA, CHANNEL, Room

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path, clock):
    (tmp_path / "now").write_text(str(clock()))
    (tmp_path / "began").write_text(str(clock()))
    return tmp_path


def opened(folder: Path) -> Room:
    clock = StoredClock(folder)
    return Room(folder / "room.db", clock, fleet=StoredFleet(clock, folder))


def run_until(folder: Path, point: str) -> int:
    command = [sys.executable, "-m", "tests.bot.services.crashing", str(folder), point]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_step_loses_nothing_and_stops_once(folder, point):
    room = opened(folder)
    room.sweep()
    room.reports("nb-5", 0.0)
    action = room.approves(room.asks("nb-5"))
    room.close()

    ended = run_until(folder, point)
    room = opened(folder)
    for _ in range(6):
        room.clock.forward(MINUTE)
        room.seq += 100
        if room.machine("nb-5").state == "running":
            room.reports("nb-5", 0.0, minutes=3)
        room.tick()

    assert ended == 137
    assert room.action(action).state == "done"
    assert [name for name, _ in room.fleet.remembered()] == ["nb-5"]
    assert room.told(ADA, "action_ended") == [action.id]
    assert room.told(CHANNEL, "action_card")[-1] == action.id
    room.close()


def test_without_a_crash_it_ends_by_itself(folder):
    room = opened(folder)
    room.sweep()
    room.reports("nb-5", 0.0)
    action = room.approves(room.asks("nb-5"))
    room.close()

    assert run_until(folder, "never") == 0

    room = opened(folder)
    assert room.action(action).state == "done"
    room.close()
