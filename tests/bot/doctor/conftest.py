"""A sandbox Slack on a port, a settings file, and the doctor's round as (id, level) -> sentences."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.doctor import Finding, examine
from bot.domain.clock import Clock, system_clock
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, BOB, GPUS

TOML = f"""
[slack]
channel = "{GPUS}"
admins = ["{ADA}", "{BOB}"]
"""
TAG = ("gpu-valet", "managed")


@dataclass
class Patient:
    """What the doctor looks at; change it, then `look`."""

    folder: Path
    environment: dict[str, str]
    toml: str = TOML
    clock: Clock = system_clock
    findings: list[Finding] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "valet.db"

    def look(self) -> "Patient":
        """Have everything looked at."""
        (self.folder / "valet.toml").write_text(self.toml)
        here = {"VALET_DB": str(self.database), **self.environment}
        self.findings = list(examine(self.folder / "valet.toml", here, tag=TAG, clock=self.clock))
        return self

    def said(self, number: str) -> list[tuple[str, str]]:
        """Level and sentence of the findings with this id."""
        return [(each.level, each.sentence) for each in self.findings if each.id == number]

    @property
    def errors(self) -> list[str]:
        """Ids of the errors."""
        return [each.id for each in self.findings if each.level == "error"]


@pytest.fixture
def slack() -> Iterator[SandboxSlack]:
    with SandboxServer(SandboxSlack(system_clock)) as server:
        yield server.slack


@pytest.fixture
def patient(slack: SandboxSlack, tmp_path: Path) -> Patient:
    environment = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
    return Patient(tmp_path, {**environment, "SLACK_API_URL": f"{slack.url}/api/"})
