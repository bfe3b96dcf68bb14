"""The one reader of `valet.toml` and the environment.

A wrong or unknown key stops the start with one sentence: the key, the value and what was expected.
"""

import os
import re
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.domain.claims import ClaimLimits
from bot.domain.clock import HOUR, MINUTE
from bot.domain.people import Roster, Team
from bot.domain.rates import USD
from bot.domain.verdict import IdleRule
from bot.errors import SettingsError


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone such as Europe/Berlin") from None
    return name


def _digest_time(value: str) -> str:
    if not "04:00" <= value <= "23:59":
        raise ValueError("expected a time from 04:00 to 23:59; earlier ones are skipped or doubled by daylight saving")
    return value


def _usd(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("expected an amount of 0 or more")
    return value


def _text(pattern: str, expected: str) -> Any:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"expected {expected}")
        return value

    return Annotated[str, AfterValidator(check)]


if TYPE_CHECKING:
    UserId: TypeAlias = str
    GroupId: TypeAlias = str
    ChannelId: TypeAlias = str
    Zone: TypeAlias = str
    Command: TypeAlias = str
    TimeOfDay: TypeAlias = str
    Name: TypeAlias = str
    Usd: TypeAlias = Decimal
else:
    UserId = _text(r"[UW][A-Z0-9]{2,}", "a Slack user id such as U024BE7LH (in Slack: profile, Copy member ID)")
    GroupId = _text(r"(S[A-Z0-9]{2,})?", "the id of a Slack user group such as S0614TZR7")
    ChannelId = _text(r"([CGD][A-Z0-9]{2,})?", "a Slack channel id such as C024BE7LR (in Slack: channel details)")
    Zone = Annotated[str, AfterValidator(_zone)]
    Command = _text(r"/[a-z0-9_-]{1,31}", "a command such as /gpu")
    TimeOfDay = Annotated[_text(r"([01]\d|2[0-3]):[0-5]\d", "a time such as 09:00"), AfterValidator(_digest_time)]
    Usd = Annotated[Decimal, AfterValidator(_usd)]
    Name = _text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a name of letters, digits, dots and dashes")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Table):
    """[slack]"""

    channel: ChannelId = Field(default="", description="Channel for approval cards and digests of teams without one")
    admins: tuple[UserId, ...] = Field(
        default=(), description="Slack user ids of admins; they decide where a team has no approvers"
    )
    gpu_command: Command = Field(default="/gpu", description="Name of the machine command, as in the app manifest")
    cost_command: Command = Field(default="/cost", description="Name of the money command, as in the app manifest")


class AwsSettings(_Table):
    """[[aws]]"""

    name: str = Field(default="", description="What to call the account in messages")
    role_arn: str = Field(
        default="", description="Role to assume in that account; empty: the credentials Valet itself has"
    )
    external_id: str = Field(default="", description="External id the role asks for")
    regions: tuple[str, ...] = Field(min_length=1, description="Regions to look at")


class TeamSettings(_Table):
    """[teams.NAME]"""

    members: tuple[UserId, ...] = Field(default=(), description="Slack user ids")
    usergroup: GroupId = Field(default="", description="Slack user group whose members count as well")
    approvers: tuple[UserId, ...] = Field(default=(), description="Slack user ids who decide on this team's machines")
    channel: ChannelId = Field(default="", description="Where its cards and digests go")
    timezone: Zone = Field(default="", description="Zone of its digest; default: the zone in [digest]")
    budget_usd: Usd | None = Field(default=None, description="Budget per calendar month, USD")


class IdleSettings(_Table):
    """[idle]"""

    window_minutes: int = Field(default=60, ge=15, le=1440, description="Quiet minutes in a row before a GPU is idle")
    known_percent: float = Field(
        default=90.0, ge=50, le=100, description="Share of them that must really have been seen"
    )
    active_percent: float = Field(
        default=5.0, gt=0, le=100, description="GPU utilisation from which a minute counts as work"
    )
    held_mib: int = Field(default=512, ge=1, description="Used GPU memory from which an idle GPU is held, not free")


class ClaimSettings(_Table):
    """[claims]"""

    default_hours: float = Field(default=8, ge=0.1, le=336, description="Length of a claim when none is said")
    longest_hours: float = Field(default=336, ge=0.1, le=336, description="Longest claim that is granted")


class ActionSettings(_Table):
    """[actions]"""

    answer_minutes: int = Field(default=120, ge=5, le=1440, description="How long an approval card waits for an answer")
    team_tag: str = Field(default="team", min_length=1, description="Tag of an instance that names its team")


class DigestSettings(_Table):
    """[digest]"""

    at: TimeOfDay = Field(default="09:00", description="Local time of the daily digest, 04:00 to 23:59")
    timezone: Zone = Field(default="UTC", description="Zone of the digest where a team has none")
    enabled: bool = Field(default=True, description="Whether digests are posted")


class OwnedHost(_Table):
    """[owned.hosts.NAME]"""

    usd_per_hour: Usd | None = Field(default=None, description="Full cost of an hour of it, USD")
    team: str = Field(default="", description="Team it belongs to")


class OwnedSettings(_Table):
    """[owned]"""

    usd_per_gpu_hour: Usd | None = Field(
        default=None, description="Full cost of a GPU-hour where a host has no figure of its own"
    )
    hosts: dict[Name, OwnedHost] = Field(default={}, description="Owned hosts, by the name their agent reports under")


class DoorSettings(_Table):
    """[door]"""

    host: str = Field(default="127.0.0.1", description="Address the door for agents listens on")
    port: int = Field(default=8420, ge=0, le=65535, description="Its port")


class Settings(_Table):
    """The whole of valet.toml."""

    database: str = Field(default="valet.db", description="Path of the database; VALET_DB overrides it")
    slack: SlackSettings = SlackSettings()
    aws: tuple[AwsSettings, ...] = ()
    teams: dict[Name, TeamSettings] = {}
    idle: IdleSettings = IdleSettings()
    claims: ClaimSettings = ClaimSettings()
    actions: ActionSettings = ActionSettings()
    digest: DigestSettings = DigestSettings()
    owned: OwnedSettings = OwnedSettings()
    door: DoorSettings = DoorSettings()
    prices: dict[str, Usd] = Field(default={}, description="USD per hour by instance type, over our own table")

    @property
    def idle_rule(self) -> IdleRule:
        """The rule with this configuration's numbers."""
        idle = self.idle
        return IdleRule(
            window_minutes=idle.window_minutes,
            known_share=idle.known_percent / 100,
            active_pct=idle.active_percent,
            held_mib=idle.held_mib,
        )

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
