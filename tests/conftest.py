"""Fixtures everybody needs: a store in a fresh file, and a clock that stands still until told."""

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from _pytest.unittest import TestCaseFunction

from store import Store
from tests import bytecode
from tests.examples import load_profile
from tests.opening import open_store

SLOW = ("tests/live/", "tests/stories/")
"""Real processes take seconds each; of stories there are a thousand, each with the whole bot."""

gc.disable()  # until all is collected: what is imported and collected stays, and garbage is looked for in all of it
bytecode.keep()
load_profile()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-docs", action="store_true", help="write the parts of docs/ that are made from the code")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The fast lane does not even read what is slow as a whole."""
    is_slow = f"{collection_path.relative_to(config.rootpath).as_posix()}/".startswith(SLOW)
    return True if is_slow and config.getoption("markexpr") == "not slow" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Live processes, stories and hypothesis's state machines (unittest's) are slow; others say so themselves."""
    if "tools" not in config.option.markexpr:
        items[:] = [item for item in items if not item.get_closest_marker("tools")]
    for item in items:
        if item.nodeid.startswith(SLOW) or isinstance(item, TestCaseFunction):
            item.add_marker(pytest.mark.slow)


MONDAY = int(datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp() * 1000)


def pytest_collection_finish() -> None:
    """From here on there is garbage to look for, but not in what was collected."""
    gc.freeze()
    gc.enable()


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
    opened = open_store(tmp_path / "valet.db")
    yield opened
    opened.close()
