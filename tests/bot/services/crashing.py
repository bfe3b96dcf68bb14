"""Runs the bot's side of one stop in a process of its own, which ends without a word at a chosen point.

Called as `python -m tests.bot.services.crashing FOLDER POINT`. The world outlives it: machines are kept in a file.
"""

import json
import os
import sys
from pathlib import Path

from bot.domain.clock import SECOND
from bot.sandbox.machines import SandboxFleet
from bot.services import executing
from tests.bot.services.room import Room

POINTS = (
    *("before describe", "after describe", "before stop", "after stop"),
    *("before commit 1", "after commit 1", "before commit 2", "after commit 2", "before commit 3", "after commit 3"),
)


class StoredClock:
    """Time as the world's file has it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "now"

    def __call__(self) -> int:
        return int(self.path.read_text())

    def forward(self, length: int) -> None:
        self.path.write_text(str(self() + length))


class StoredFleet(SandboxFleet):
    """The sandbox fleet, but what began to stop is remembered in a file, as AWS would remember it."""

    def __init__(self, clock, folder: Path, point: str = "") -> None:
        self.began = int((folder / "began").read_text())
        super().__init__(lambda: self.began)
        self._clock = clock
        self.path, self.point = folder / "stops", point
        for name, at in self.remembered():
            self.change(name, state="stopping", stopped_at=at)
            self._changing[name] = at

    def remembered(self) -> list[list]:
        return json.loads(self.path.read_text()) if self.path.exists() else []

    def describe(self, instance):
        self.maybe_end("before describe")
        found = super().describe(instance)
        self.maybe_end("after describe")
        return found

    def stop(self, instance):
        self.maybe_end("before stop")
        count = len(self.stops)
        super().stop(instance)
        if len(self.stops) > count:
            self.path.write_text(json.dumps([*self.remembered(), self.stops[-1]]))
        self.maybe_end("after stop")

    def maybe_end(self, here: str) -> None:
        if here == self.point:
            os._exit(137)


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
    room = Room(folder / "room.db", clock, fleet=StoredFleet(clock, folder, point))
    end_at_commit(room, point)
    executing.carry_out(room.desk)
    clock.forward(50 * SECOND)
    executing.carry_out(room.desk)
    room.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
