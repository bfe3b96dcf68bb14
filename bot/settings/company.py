"""Where Valet lives and for whom: Slack, accounts, teams, the door."""

from decimal import Decimal

from pydantic import Field, field_validator, model_validator

from bot.providers.accounts import AwsAccount
from bot.settings.acting import TeamPausingSettings
from bot.settings.sharing import TeamClaimSettings
from bot.settings.values import Address, Budget, ChannelId, Command, GroupId, Table, TimeOfDay, Usd, UserId, Zone


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
    approver_group: GroupId = Field(default="", description="Slack user group whose members may decide as well")
    approvals: int = Field(
        default=1, ge=1, le=2, description="How many different people have to approve; one no is enough to deny"
    )
    guests_approve: bool = Field(
        default=False, description="Whether guests of the workspace may decide, too; else they only hold and use"
    )
    break_glass: bool = Field(
        default=False, description="Whether an approver may pass their own request alone, with a reason that is posted"
    )
    channel: ChannelId = Field(default="", description="Where its cards and digests go")
    timezone: Zone = Field(default="", description="Zone of its digest; default: the zone in [digest]")
    budget_usd: Budget | None = Field(
        default=None, description="Budget per calendar month, USD; 0: nothing may be spent; none: no budget"
    )
    ask_over_usd: Usd = Field(
        default=Decimal(0),
        description="What its people may start or launch unasked: USD a month, for all of it together; 0: always ask",
    )
    ask_over_budget: bool = Field(
        default=True, description="Whether starts and launches beyond a budget need a yes even where others don't"
    )
    idle: TeamIdleSettings = TeamIdleSettings()
    claims: TeamClaimSettings = TeamClaimSettings()
    pausing: TeamPausingSettings = TeamPausingSettings()


class DoorSettings(Table):
    """[door]"""

    host: str = Field(default="127.0.0.1", description="Address the door for agents listens on")
    port: int = Field(default=8420, ge=0, le=65535, description="Its port")
    url: Address = Field(default="", description="Address at which people reach it, for links to calendars")
    certificate: str = Field(
        default="",
        description="File with its certificate and those that vouch for it, PEM, read anew when it changes; none: "
        "plain HTTP",
    )
    key: str = Field(default="", description="File with the certificate's private key, without a password")
    client_authority: str = Field(
        default="",
        description="File with authorities, PEM: only their clients are let in; none: nobody is asked for one",
    )

    @model_validator(mode="after")
    def _whole(self) -> "DoorSettings":
        if bool(self.certificate) != bool(self.key):
            raise ValueError("expected certificate and key together")
        if self.client_authority and not self.certificate:
            raise ValueError("expected certificate and key beside client_authority")
        return self


class MetricsSettings(Table):
    """[metrics]"""

    host: str = Field(default="127.0.0.1", description="Address on which /metrics and /openapi.json are, with a port")
    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Their port, always plain HTTP; they are on the door's then no more. None: they are on the door's",
    )


class BackupSettings(Table):
    """[backup]"""

    enabled: bool = Field(default=True, description="Whether the database is backed up every night")
    folder: str = Field(default="", description="Where to; none: the folder `backups` beside the database")
    at: TimeOfDay = Field(default="04:30", description="From when on, in the zone of [digest]")


class RetentionSettings(Table):
    """[retention]"""

    notes_days: int = Field(
        default=730,
        ge=0,
        le=36_500,
        description="Notes, reasons and output of commands are emptied so many days after what they are about is over; "
        "0: never",
    )
    leavers_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="Who has left Slack is forgotten so many days after Valet noticed, as by `valet forget`; 0: never",
    )

    @field_validator("notes_days", "leavers_days")
    @classmethod
    def _not_at_once(cls, value: int) -> int:
        if 0 < value < 30:
            raise ValueError("expected 30 days or more, or 0 for never")
        return value


class InstallSettings(Table):
    """[install]"""

    package: str = Field(
        default="",
        description="What pip installs on machines and in images: a wheel's address, `git+https://...`, or a name and "
        "version on `index`; Valet itself is on none",
    )
    index: Address = Field(default="", description="Your own index of packages, such as a mirror; none: pip's own")

    @field_validator("package")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("expected one line")
        return value
