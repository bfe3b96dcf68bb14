"""A room per test, or the desk next door."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.clock import MINUTE_MS
from bot.services.context import Context
from bot.settings import parse
from tests.bot.services.room import Room
from tests.conftest import Clock
from tests.neighbours import CHANNEL, NEAR, NIA, OLA, PAT, TEAM
from tests.opening import open_store
from tests.store.conftest import AWAKE


@pytest.fixture
def room(tmp_path, clock) -> Iterator[Room]:
    opened = Room(tmp_path / "room.db", clock)
    opened.sweep()
    yield opened
    opened.close()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Context]:
    """The neighbours' own company, with everything of theirs open and due."""
    clock.now = NEAR + MINUTE_MS
    store = open_store(tmp_path / "desk.db", shared=True)
    with store.writing() as db:
        for sql in AWAKE:
            db.execute(sql)
    teams = {TEAM: {"members": [NIA, OLA], "approvers": [PAT]}}
    settings = parse({"slack": {"channel": CHANNEL, "admins": ["U0DEE"]}, "teams": teams}, {})
    yield Context(store, clock, settings, {}, settings.roster)
    store.close()
