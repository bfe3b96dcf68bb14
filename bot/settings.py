"""The one reader of `valet.toml` and the environment.

A wrong or unknown key stops the start with one sentence: the key, the value and what was expected.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from bot.domain.claims import ClaimLimits
from bot.domain.clock import HOUR, MINUTE
from bot.domain.exemptions import Exemption, ends_at
from bot.domain.people import Roster, Team
from bot.domain.rates import USD
from bot.domain.verdict import IdleRule
from bot.errors import SettingsError
from bot.settings_tables import (
    ActionSettings,
    AwsSettings,
    ClaimSettings,
    CloudWatchSettings,
    DigestSettings,
    DoorSettings,
    ExemptSettings,
    IdleSettings,
    Name,
    OwnedSettings,
    PrometheusSettings,
    SlackSettings,
    Table,
    TeamSettings,
    Usd,
)

CLOUDWATCH, PROMETHEUS = "CloudWatch", "Prometheus"


class Settings(Table):
    """The whole of valet.toml."""

    database: str = Field(default="valet.db", description="Path of the database; VALET_DB overrides it")
    slack: SlackSettings = SlackSettings()
    aws: tuple[AwsSettings, ...] = ()
    teams: dict[Name, TeamSettings] = Field(default={}, description="Teams, by name")
    idle: IdleSettings = IdleSettings()
    exempt: tuple[ExemptSettings, ...] = ()
    cloudwatch: CloudWatchSettings = CloudWatchSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    claims: ClaimSettings = ClaimSettings()
    actions: ActionSettings = ActionSettings()
    digest: DigestSettings = DigestSettings()
    owned: OwnedSettings = OwnedSettings()
    door: DoorSettings = DoorSettings()
    prices: dict[str, Usd] = Field(default={}, description="USD per hour by instance type, over our own table")

    @property
    def idle_rule(self) -> IdleRule:
        """The rule with this configuration's numbers, for instances of teams without numbers of their own."""
        return _rule(self.idle)

    def rule_of(self, team: str) -> IdleRule:
        """The rule for a team's instances."""
        own = self.teams[team].idle.model_dump(exclude_none=True) if team in self.teams else {}
        return _rule(self.idle.model_copy(update=own))

    @property
    def exemptions(self) -> tuple[Exemption, ...]:
        """What may idle, why and until when."""
        zone = self.digest.timezone
        return tuple(
            Exemption(each.reason, each.until, ends_at(each.until, zone), each.instance, each.tag)
            for each in self.exempt
        )

    @property
    def source_limits(self) -> dict[str, int]:
        """The sources beside the agent that are switched on: name -> minutes after which it is stale."""
        on = {
            CLOUDWATCH: (self.cloudwatch.enabled, self.cloudwatch.stale_minutes),
            PROMETHEUS: (bool(self.prometheus.url), self.prometheus.stale_minutes),
        }
        return {name: stale for name, (used, stale) in on.items() if used}

    @property
    def claim_limits(self) -> ClaimLimits:
        """How long claims may be."""
        longest = int(self.claims.longest_hours * HOUR)
        return ClaimLimits(default=min(int(self.claims.default_hours * HOUR), longest), longest=longest)

    @property
    def answer_within(self) -> int:
        """How long a card waits, milliseconds."""
        return self.actions.answer_minutes * MINUTE

    def roster(self, groups: Mapping[str, frozenset[str]] | None = None) -> Roster:
        """Teams and admins; `groups` gives the members of Slack user groups."""
        known = groups or {}
        teams = tuple(
            Team(
                name=name,
                members=frozenset(team.members) | known.get(team.usergroup, frozenset()),
                approvers=frozenset(team.approvers),
                channel=team.channel or self.slack.channel,
                timezone=team.timezone or self.digest.timezone,
                budget_micros=None if team.budget_usd is None else int(team.budget_usd * USD),
            )
            for name, team in self.teams.items()
        )
        return Roster(teams, frozenset(self.slack.admins))


def _rule(idle: IdleSettings) -> IdleRule:
    return IdleRule(
        window_minutes=idle.window_minutes,
        known_share=idle.known_percent / 100,
        active_pct=idle.active_percent,
        held_mib=idle.held_mib,
        veto_watts=idle.veto_watts,
        settle_minutes=idle.settle_minutes,
        stale_minutes=idle.stale_minutes,
        flat_minutes=idle.suspect_minutes,
    )


@dataclass(frozen=True)
class Secrets:
    """What must not stand in a file under version control. `repr` shows none of it."""

    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    slack_api_url: str = "https://slack.com/api/"

    def __repr__(self) -> str:
        return "Secrets(...)"


SECRETS = {
    "SLACK_BOT_TOKEN": "Bot token (xoxb-...)",
    "SLACK_APP_TOKEN": "App-level token for Socket Mode (xapp-...)",
    "SLACK_SIGNING_SECRET": "Set it to take Slack's requests over signed HTTP instead of Socket Mode",
}


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings file. Raises SettingsError."""
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {path}. Write one (the README has a short example).") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} can't be read: {error}.") from error
    return parse(table, environment)


def parse(table: dict[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Check a table of settings. Raises SettingsError naming the first wrong key."""
    try:
        settings = Settings.model_validate(table)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    if environment.get("VALET_DB"):
        settings = settings.model_copy(update={"database": environment["VALET_DB"]})
    return settings


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(
        str(part) for part in first["loc"] if not str(part).startswith(("constrained", "literal", "function"))
    )
    if first["type"] == "extra_forbidden":
        return f'Unknown setting "{key}". The README lists every setting; is it misspelt?'
    if first["type"] == "missing":
        return f'Setting "{key}" is missing: {first["msg"].lower()}.'
    expected = first["msg"].removeprefix("Value error, ")
    return f'Setting "{key}" is {first["input"]!r}: {expected[0].lower()}{expected[1:]}.'


def secrets(environment: Mapping[str, str] = os.environ) -> Secrets:
    """Read the secrets, each also from the file that NAME_FILE points at. Raises SettingsError."""
    found = {name: _secret(name, environment) for name in SECRETS}
    bot, app, signing = (found[name] for name in SECRETS)
    if not bot.startswith("xoxb-"):
        raise SettingsError("SLACK_BOT_TOKEN is missing or is no bot token: expected one that starts with xoxb-.")
    if not signing and not app.startswith("xapp-"):
        raise SettingsError(
            "SLACK_APP_TOKEN is missing or is no app token: expected one that starts with xapp- "
            "(or SLACK_SIGNING_SECRET for HTTP)."
        )
    url = environment.get("SLACK_API_URL", "") or Secrets.slack_api_url
    if not url.startswith(("https://", "http://")):
        raise SettingsError(f"SLACK_API_URL is {url!r}: expected an address that starts with https://.")
    return Secrets(bot, app, signing, url if url.endswith("/") else url + "/")


def _secret(name: str, environment: Mapping[str, str]) -> str:
    path = environment.get(f"{name}_FILE", "")
    if not path:
        return environment.get(name, "").strip()
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE names {path}, which can't be read: {type(error).__name__}.") from None
