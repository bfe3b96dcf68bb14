"""A Slack on loopback that keeps the time of this machine."""

from collections.abc import Iterator

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.slack import SandboxServer, SandboxSlack


@pytest.fixture
def slack() -> Iterator[SandboxSlack]:
    with SandboxServer(SandboxSlack(system_clock)) as server:
        yield server.slack
