"""Runs the bot's side of one action in a process of its own, which ends without a word at a chosen point.

Called as `python -m tests.bot.services.acting.crashing FOLDER POINT`. The world outlives it: it is kept in a file.
"""

import os
import pickle
import sys
from pathlib import Path

from bot.domain.clock import SECOND
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import executing
from tests.bot.services.room import SETTINGS, Room

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
STEP, STEPS = 50 * SECOND, 12
"""The doomed process lives through ten minutes."""


def points(calls: tuple[str, ...], commits: int) -> list[str]:
    """Around every call it makes, and around every commit."""
    around = [*calls, *(f"commit {number}" for number in range(1, commits + 1))]
    return [f"{when} {what}" for what in around for when in ("before", "after")]


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


def end_at_commit(room: Room, point: str) -> None:
    """End the process right before or after the n-th commit from now on."""
    when, _, number = point.partition(" commit ")
    if not number:
        return
    left = int(number)
    writer = room.desk.store._writer
    execute = writer.execute

    def counted(sql: str, *values):
        nonlocal left
        if sql != "COMMIT":
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
    room = Room(folder / "room.db", clock, fleet=StoredFleet(clock, folder, point), settings=ALL_SETTINGS)
    end_at_commit(room, point)
    for _ in range(STEPS):
        executing.carry_out(room.desk)
        clock.forward(STEP)
    room.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
