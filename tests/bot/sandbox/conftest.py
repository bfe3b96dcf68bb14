"""A sandbox Slack on a port, a clock that stands still, and Web API clients of Slack's own SDK."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from slack_sdk import WebClient

from bot.domain.clock import SECOND_MS
from bot.sandbox.slack import SandboxServer, SandboxSlack

MONDAY = 1_763_971_200_000  # Monday 24 November 2025, 08:00 UTC


@dataclass
class StillClock:
    """A clock that moves only when told to; milliseconds."""

    now: int = MONDAY

    def __call__(self) -> int:
        return self.now

    def skip(self, seconds: float) -> None:
        self.now += int(seconds * SECOND_MS)


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def elapsed():
    return StillClock(0)


@pytest.fixture
def slack(clock, elapsed):
    return SandboxSlack(clock, elapsed=elapsed)


@pytest.fixture
def server(slack) -> Iterator[SandboxServer]:
    with SandboxServer(slack) as started:
        yield started


@pytest.fixture
def client(server) -> WebClient:
    return WebClient(token=server.slack.bot_token, base_url=server.api_url, retry_handlers=[])
