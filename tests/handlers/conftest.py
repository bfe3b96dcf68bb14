"""A context with a small fleet behind it, and the whole bot before a sandbox Slack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.machines import SandboxFleet
from bot.sandbox.slack import SandboxSlack
from bot.services.context import Context
from bot.services.machines import fleet
from bot.settings import parse
from store import Store
from tests.conftest import Clock
from tests.in_process import served
from tests.stories.conftest import SETTINGS, Office


@pytest.fixture
def ctx(store: Store, clock: Clock) -> Context:
    """The sandbox fleet, swept once."""
    settings = parse(SETTINGS, {})
    made = Context(store, clock, settings, {"ec2": SandboxFleet(clock)}, settings.roster)
    fleet.sweep(made)
    return made


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    """The real bot before a sandbox Slack; what is left in the outbox is for the test to judge."""
    slack = SandboxSlack(clock)
    with served(slack):
        made = Office(tmp_path / "office.db", clock, slack)
        made.tick()
        yield made
        made.close()
