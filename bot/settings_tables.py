"""The tables of `valet.toml`, one class each: every key with its type, default and meaning."""

import re
import zoneinfo
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.providers.accounts import AwsAccount


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
    Address: TypeAlias = str
    Metric: TypeAlias = str
    Label: TypeAlias = str
    Usd: TypeAlias = Decimal
else:
    UserId = _text(r"[UW][A-Z0-9]{2,}", "a Slack user id such as U024BE7LH (in Slack: profile, Copy member ID)")
    GroupId = _text(r"(S[A-Z0-9]{2,})?", "the id of a Slack user group such as S0614TZR7")
    ChannelId = _text(r"([CGD][A-Z0-9]{2,})?", "a Slack channel id such as C024BE7LR (in Slack: channel details)")
    Zone = Annotated[str, AfterValidator(_zone)]
    Command = _text(r"/[a-z0-9_-]{1,31}", "a command such as /gpu")
    TimeOfDay = Annotated[_text(r"([01]\d|2[0-3]):[0-5]\d", "a time such as 09:00"), AfterValidator(_digest_time)]
    Usd = Annotated[Decimal, AfterValidator(_usd)]
    Address = _text(r"(https?://[^\s?#@]+)?", "an address such as https://prometheus.example.com:9090")
    Metric = _text(r"[a-zA-Z_:][a-zA-Z0-9_:]*", "the name of a metric such as DCGM_FI_DEV_GPU_UTIL")
    Label = _text(r"[a-zA-Z_][a-zA-Z0-9_]*", "the name of a label such as Hostname")
    Name = _text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a name of letters, digits, dots and dashes")


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(Table):
    """[slack]"""

    channel: ChannelId = Field(default="", description="Channel for approval cards and digests of teams without one")
    admins: tuple[UserId, ...] = Field(
        default=(), description="Slack user ids of admins; they decide where a team has no approvers"
    )
    gpu_command: Command = Field(default="/gpu", description="Name of the machine command, as in the app manifest")
    cost_command: Command = Field(default="/cost", description="Name of the money command, as in the app manifest")


class AwsSettings(Table):
    """[[aws]]"""

    name: str = Field(default="", description="What to call the account in messages")
    role_arn: str = Field(
        default="", description="Role to assume in that account; empty: the credentials Valet itself has"
    )
    external_id: str = Field(default="", description="External id the role asks for")
    regions: tuple[str, ...] = Field(min_length=1, description="Regions to look at")

    @property
    def account(self) -> AwsAccount:
        """As the provider takes it."""
        return AwsAccount(self.regions, self.role_arn or None, self.external_id or None, self.name or "default")


class TeamIdleSettings(Table):
    """[teams.NAME.idle]"""

    window_minutes: int | None = Field(default=None, ge=15, le=1440, description="As in [idle], for this team")
    known_percent: float | None = Field(default=None, ge=50, le=100, description="As in [idle], for this team")
    active_percent: float | None = Field(default=None, gt=0, le=100, description="As in [idle], for this team")
    held_mib: int | None = Field(default=None, ge=1, description="As in [idle], for this team")
    veto_watts: float | None = Field(default=None, gt=0, description="As in [idle], for this team")
    settle_minutes: int | None = Field(default=None, ge=0, le=240, description="As in [idle], for this team")
    stale_minutes: int | None = Field(default=None, ge=2, le=60, description="As in [idle], for this team")
    suspect_minutes: int | None = Field(default=None, ge=30, description="As in [idle], for this team")


class TeamSettings(Table):
    """[teams.NAME]"""

    members: tuple[UserId, ...] = Field(default=(), description="Slack user ids")
    usergroup: GroupId = Field(default="", description="Slack user group whose members count as well")
    approvers: tuple[UserId, ...] = Field(default=(), description="Slack user ids who decide on this team's machines")
    channel: ChannelId = Field(default="", description="Where its cards and digests go")
    timezone: Zone = Field(default="", description="Zone of its digest; default: the zone in [digest]")
    budget_usd: Usd | None = Field(default=None, description="Budget per calendar month, USD")
    idle: TeamIdleSettings = TeamIdleSettings()


class IdleSettings(Table):
    """[idle]"""

    window_minutes: int = Field(default=60, ge=15, le=1440, description="Quiet minutes in a row before a GPU is idle")
    known_percent: float = Field(
        default=90.0, ge=50, le=100, description="Share of them that must really have been seen"
    )
    active_percent: float = Field(
        default=5.0, gt=0, le=100, description="GPU utilisation from which a minute counts as work"
    )
    held_mib: int = Field(default=512, ge=1, description="Used GPU memory from which an idle GPU is held, not free")
    veto_watts: float = Field(
        default=15.0, gt=0, description="Power over a GPU's own idle floor from which a minute counts as work, watts"
    )
    settle_minutes: int = Field(
        default=15, ge=0, le=240, description="Minutes after a boot or a start of the agent that never count as quiet"
    )
    stale_minutes: int = Field(
        default=5, ge=2, le=60, description="Minutes without a reading after which a verdict is unknown"
    )
    suspect_minutes: int = Field(
        default=180,
        ge=30,
        description="Minutes of flat, low use after which a keep-alive is suspected; nothing else follows",
    )


class ExemptSettings(Table):
    """[[exempt]]"""

    instance: str = Field(default="", description="Name or id of an instance that may idle")
    tag: str = Field(default="", description="Or a tag of instances that may: `keep`, or `purpose=serving`")
    reason: str = Field(min_length=1, description="Why; people are told")
    until: date = Field(description="Last day of it, in the zone of [digest]: 2026-12-31")

    @field_validator("until", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if type(value) is not date:
            raise ValueError("expected a date such as 2026-12-31, without quotes")
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> "ExemptSettings":
        if bool(self.instance) == bool(self.tag):
            raise ValueError("expected either instance or tag")
        return self


class CloudWatchSettings(Table):
    """[cloudwatch]"""

    enabled: bool = Field(
        default=False, description="Whether to read GPU metrics of the CloudWatch agent, in the accounts of [[aws]]"
    )
    namespace: str = Field(default="CWAgent", min_length=1, description="Namespace the CloudWatch agent writes to")
    metric: str = Field(default="nvidia_smi_utilization_gpu", min_length=1, description="GPU utilisation, percent")
    memory_metric: str = Field(
        default="nvidia_smi_memory_used", description="GPU memory in use, MiB; none: idle is then held, never free"
    )
    every_minutes: int = Field(
        default=1, ge=1, le=10, description="How often to ask; AWS charges for each metric that is asked for"
    )
    discover_minutes: int = Field(
        default=60, ge=5, le=1440, description="How often to look for new metrics (ListMetrics)"
    )
    stale_minutes: int = Field(
        default=10, ge=3, le=30, description="Without a reading for this long CloudWatch does not count"
    )


class PrometheusSettings(Table):
    """[prometheus]"""

    url: Address = Field(
        default="", description="Address of a Prometheus-compatible server; its API is at URL/api/v1; none: not used"
    )
    token_file: str = Field(default="", description="File with a bearer token, read anew for every request")
    tenant: str = Field(default="", description="X-Scope-OrgID, for servers with several tenants")
    percent_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_DEV_GPU_UTIL",), description="GPU utilisation 0 to 100; not used for MIG"
    )
    ratio_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_DEV_GPU_UTIL_RATIO",), description="GPU utilisation 0 to 1; not used for MIG"
    )
    profiling_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO"),
        description="Engine activity 0 to 1; the only ones used for MIG",
    )
    memory_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_DEV_FB_USED",), description="GPU memory in use, MiB; none: idle is then held, never free"
    )
    host_labels: tuple[Label, ...] = Field(
        default=("Hostname", "hostname", "instance"), min_length=1, description="Labels that name the host"
    )
    gpu_label: Label = Field(default="gpu", description="Label with the index of the GPU")
    host_names: tuple[str, ...] = Field(
        default=("{id}", "{name}"), description="What the labels say of an instance, with {id} and {name} filled in"
    )
    hosts: dict[str, str] = Field(default={}, description="Instance id or name by what the labels say, before all else")
    scrape_seconds: int = Field(default=30, ge=1, le=300, description="How often the server reads GPU metrics")
    stale_minutes: int = Field(
        default=5, ge=2, le=30, description="Without a reading for this long Prometheus does not count"
    )


class ClaimSettings(Table):
    """[claims]"""

    default_hours: float = Field(default=8, ge=0.1, le=336, description="Length of a claim when none is said")
    longest_hours: float = Field(default=336, ge=0.1, le=336, description="Longest claim that is granted")


class ActionSettings(Table):
    """[actions]"""

    answer_minutes: int = Field(default=120, ge=5, le=1440, description="How long an approval card waits for an answer")
    team_tag: str = Field(default="team", min_length=1, description="Tag of an instance that names its team")


class DigestSettings(Table):
    """[digest]"""

    at: TimeOfDay = Field(default="09:00", description="Local time of the daily digest, 04:00 to 23:59")
    timezone: Zone = Field(default="UTC", description="Zone of the digest where a team has none")
    enabled: bool = Field(default=True, description="Whether digests are posted")


class OwnedHost(Table):
    """[owned.hosts.NAME]"""

    usd_per_hour: Usd | None = Field(default=None, description="Full cost of an hour of it, USD")
    team: str = Field(default="", description="Team it belongs to")


class OwnedSettings(Table):
    """[owned]"""

    usd_per_gpu_hour: Usd | None = Field(
        default=None, description="Full cost of a GPU-hour where a host has no figure of its own"
    )
    hosts: dict[Name, OwnedHost] = Field(default={}, description="Owned hosts, by the name their agent reports under")


class DoorSettings(Table):
    """[door]"""

    host: str = Field(default="127.0.0.1", description="Address the door for agents listens on")
    port: int = Field(default=8420, ge=0, le=65535, description="Its port")
