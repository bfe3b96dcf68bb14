"""A Slack on loopback that keeps the time of this machine."""

from collections.abc import Iterator

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.slack import SandboxServer, SandboxSlack


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxSlack(system_clock)) as started:
        yield started


@pytest.fixture
def slack(server: SandboxServer) -> SandboxSlack:
    return server.slack
