"""A room per test."""

from collections.abc import Iterator

import pytest

from tests.bot.services.room import Room


@pytest.fixture
def room(tmp_path, clock) -> Iterator[Room]:
    opened = Room(tmp_path / "room.db", clock)
    opened.sweep()
    yield opened
    opened.close()
