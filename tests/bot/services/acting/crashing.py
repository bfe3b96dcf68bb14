"""Runs the bot's side of one action in a process of its own, which ends without a word at a chosen point.

The world outlives it: it is kept in a file.
"""

import atexit
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.domain.acting.actions import Action
from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals, executor
from store.sharing import claims as stored_claims
from tests.bot.services.room import ADA, BOB, CHANNEL, DEE, SETTINGS, Room
from tests.conftest import MONDAY

ROOT = Path(__file__).parents[4]
CALLS = ("describe", "stop", "start", "launch", "launched", "copy", "copied")
KEPT = ("_machines", "_changing", "_made", "_images", "stops", "starts", "launches", "copies")
BOX = {
    "name": "box",
    "template": "lt-1",
    "region": "us-west-2",
    "account": "111122223333",
    "type": "g5.xlarge",
}
ALL_SETTINGS = {**SETTINGS, "launch": [BOX], "actions": {"clone": True}}
STEP, STEPS = 50 * SECOND_MS, 20
"""The doomed process lives through a quarter of an hour."""
LATER = 10_000
"""What the agent sends from here on is newer than what it sent before."""


def points(calls: tuple[str, ...], commits: int) -> list[str]:
    """Around every call it makes, and around every commit."""
    around = [*calls, *(f"commit {number}" for number in range(1, commits + 1))]
    return [f"{when} {what}" for what in around for when in ("before", "after")]


ASK: dict[str, Callable[[Room], Action]] = {
    "stop": lambda room: room.asks("nb-5"),
    "start": lambda room: approvals.ask_to_start(room.ctx, room.machine("eval-2").id, ADA, length=2 * HOUR_MS),
    "launch": lambda room: approvals.ask_to_launch(room.ctx, "box", ADA, length=2 * HOUR_MS),
    "clone": lambda room: approvals.ask_to_clone(room.ctx, room.machine("nb-5").id, ADA, length=2 * HOUR_MS),
    "resize": lambda room: approvals.ask_to_resize(room.ctx, room.machine("nb-5").id, ADA, "g5.12xlarge"),
}
POINTS = {
    "stop": points(("describe", "stop"), 3),
    "start": points(("describe", "start"), 6),
    "launch": points(("describe", "launch"), 5),
    "clone": points(("describe", "copy", "copied", "launch"), 10),
    "resize": [
        *points(("describe", "copy", "copied", "launch", "stop"), 0),
        *(f"before commit {number}" for number in range(1, 33, 3)),
    ],
}
EFFECTS = {
    "stop": {"stop"},
    "start": {"start"},
    "launch": {"launch"},
    "clone": {"copy", "launch"},
    "resize": {"copy", "launch", "stop"},
}


class StoredClock:
    """Time as the world's file has it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "now"

    def __call__(self) -> int:
        return int(self.path.read_text())

    def forward(self, length: int) -> None:
        self.path.write_text(str(self() + length))


class StoredFleet(SandboxFleet):
    """The sandbox fleet, but what happened in it is remembered in a file, as AWS would remember it."""

    def __init__(self, clock, folder: Path, point: str = "") -> None:
        began = int((folder / "began").read_text())
        super().__init__(lambda: began)
        self._clock = clock
        self.path, self.point = folder / "world", point
        if self.path.exists():
            self.__dict__.update(pickle.loads(self.path.read_bytes()))

    def remember(self) -> None:
        self.path.write_bytes(pickle.dumps({name: self.__dict__[name] for name in KEPT}))

    def maybe_end(self, here: str) -> None:
        if here == self.point:
            os._exit(137)


def _watched(call: str):
    def made(self, *given, **more):
        self.maybe_end(f"before {call}")
        answer = getattr(SandboxFleet, call)(self, *given, **more)
        self.remember()
        self.maybe_end(f"after {call}")
        return answer

    return made


for _call in CALLS:
    setattr(StoredFleet, _call, _watched(_call))


class ListeningRoom(Room):
    """A room that tells when it only listens to agents."""

    listening = False


def hear(room: ListeningRoom) -> None:
    """An agent tells of its last minutes."""
    room.listening = True
    if room.machine("nb-5").state == "running":
        room.reports("nb-5", 0.0, minutes=2)
    room.listening = False


def end_at_commit(room: ListeningRoom, point: str) -> None:
    """End the process right before or after the n-th commit of carrying out, from now on."""
    when, _, number = point.partition(" commit ")
    if not number:
        return
    left = int(number)
    writer = room.ctx.store._writer
    execute = writer.execute

    def counted(sql: str, *values):
        nonlocal left
        if sql != "COMMIT" or room.listening:
            return execute(sql, *values)
        left -= 1
        if left == 0 and when == "before":
            os._exit(137)
        done = execute(sql, *values)
        if left == 0:
            os._exit(137)
        return done

    writer.execute = counted


def main(folder: Path, point: str) -> None:
    """Carry out what is approved; end at `point`, if it is come by."""
    clock = StoredClock(folder)
    room = ListeningRoom(
        folder / "room.db", clock, fleet=StoredFleet(clock, folder, point), settings=ALL_SETTINGS, alone=True
    )
    room.seq = LATER
    end_at_commit(room, point)
    for _ in range(STEPS):
        executor.carry_out(room.ctx)
        clock.forward(STEP)
        hear(room)
    room.close()


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of an action whose process ended at a point, once the next one had its time."""

    ended: int
    """How the first process ended."""
    state: str
    made: dict[str, int]
    """How often each thing was really done in the world."""
    told: int
    """How often whoever asked was told the end."""
    holders: list[str]
    """Who holds what it made."""


def crashed(folder: Path, kind: str, point: str) -> Seen:
    """Approve one, let the process end at the point, start anew, and let it have its time."""
    action = approved(folder, kind)
    ended = run_until(folder, point)
    room = opened(folder)
    room.seq = 2 * LATER
    for _ in range(24 if kind == "resize" else 12):
        room.clock.forward(MINUTE_MS)
        if room.machine("nb-5").state == "running":
            room.reports("nb-5", 0.0, minutes=3)
        room.tick()
    done = room.action(action)
    held = stored_claims.open_claims_on(room.ctx.store.reading(), done.made_id or done.instance_id)
    told, cards = room.told(ADA, "action_ended"), room.told(CHANNEL, "action_card")
    assert cards[-1] == action.id
    room.close()
    return Seen(ended, done.state, made_in(room), told.count(action.id), [each.holder for each in held])


def opened(folder: Path) -> Room:
    clock = StoredClock(folder)
    return Room(folder / "room.db", clock, fleet=StoredFleet(clock, folder), settings=ALL_SETTINGS, alone=True)


def approved(folder: Path, kind: str) -> Action:
    for name in ("now", "began"):
        (folder / name).write_text(str(MONDAY))
    room = opened(folder)
    room.sweep()
    room.reports("nb-5", 0.0)
    action = ASK[kind](room)
    room.approves(action, BOB if action.team else DEE)
    room.close()
    return action


def run_until(folder: Path, point: str) -> int:
    """Live through it in a process of its own; how that ended."""
    parent = _parent()
    print(folder, point, sep="\t", file=parent.stdin, flush=True)
    return int(parent.stdout.readline())


@cache
def _parent() -> subprocess.Popen[str]:
    """Whose children crash: it has read the code once, and has no thread that a child would miss."""
    command = [sys.executable, "-m", "tests.bot.services.acting.crashing"]
    started = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(started.communicate)  # its input ends, and with it the process
    return started


def bear() -> None:
    """Have a child live through each folder and point that is asked for, and tell how it ended."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            folder, point = line.rstrip("\n").split("\t")
            main(Path(folder), point)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def made_in(room: Room) -> dict[str, int]:
    fleet = room.fleet
    found = {"stop": fleet.stops, "start": fleet.starts, "launch": fleet.launches, "copy": fleet.copies}
    return {verb: len(made) for verb, made in found.items() if made}


if __name__ == "__main__":
    bear()
