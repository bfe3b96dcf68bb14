"""What the state machines of sharing begin with: one company in a folder of its own, and its machines as listed."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from bot.domain.machines.listing import Listing
from store.machines import listings
from tests.bot.services.room import SETTINGS, Room
from tests.conftest import Clock


def memory() -> str | None:
    """Where files cost no disk, as each of thousands of steps writes to one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


class Company(RuleBasedStateMachine):
    """A room that was swept once; `known` is added to its settings."""

    known: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=memory())
        self.clock = Clock()
        self.room = Room(Path(self.folder.name, "room.db"), self.clock, settings=SETTINGS | self.known, alone=True)
        self.room.sweep()

    def teardown(self) -> None:
        self.room.close()
        self.folder.cleanup()

    @property
    def db(self) -> Any:
        return self.room.ctx.store.reading()

    def listing(self, name: str) -> Listing:
        found = listings.by_id(self.db, self.room.machine(name).id)
        assert found is not None
        return found
