"""Fixtures everybody needs: a store in a fresh file, and a clock that stands still until told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from store import Store

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("patient")

MONDAY = int(datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp() * 1000)


class Clock:
    """Starts on Monday 23 November 2026, 09:00 UTC."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> int:
        return self.now

    def forward(self, length: int) -> int:
        self.now += length
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "valet.db")
    yield opened
    opened.close()
