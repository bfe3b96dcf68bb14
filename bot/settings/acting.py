"""Stopping and starting: who is asked, and how long."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr

from bot.domain.acting import hours
from bot.domain.sharing.runs import RunTemplate
from bot.errors import Refused, SettingsError
from bot.settings.holidays import holidays_in
from bot.settings.values import Name, Table, Tag


class ActionSettings(Table):
    """[actions]"""

    observe_only: bool = Field(
        default=False,
        description="Whether Valet only looks, counts, asks and answers: nothing is stopped, started, made or run, and "
        "every card says so",
    )
    answer_minutes: int = Field(default=120, ge=5, le=1440, description="How long an approval card waits for an answer")
    holder_minutes: int = Field(
        default=30, ge=5, le=720, description="How long holders are waited for before others decide on a stop"
    )
    most_stops: int = Field(
        default=5, ge=1, le=100, description="Stops of a team's machines on their way at once; never over half of them"
    )
    dormant_days: int = Field(
        default=28, ge=1, le=3650, description="A rented machine that stood still for so many days is to be decided on"
    )
    image_days: int = Field(
        default=60,
        ge=1,
        le=3650,
        description="An image from which nothing was launched for so many days is proposed for clean-up",
    )
    clone: bool = Field(
        default=False, description="Whether machines may be cloned; whoever has the copy sees what is on its disks"
    )
    managed_tag: Tag = Field(
        default="gpu-valet=managed", description="Tag of machines that Valet's role may stop; what it launches bears it"
    )
    protect_tag: str = Field(
        default="valet-protect", min_length=1, description="Tag of machines that are never stopped, started or rebooted"
    )
    keepers: dict[str, str] = Field(
        default={},
        description="Tags of machines that something else runs, so that they get no card: the beginning of the key, or "
        "key=value, and what runs them; an empty name takes one of Valet's own away",
    )
    team_tag: str = Field(default="team", min_length=1, description="Tag of an instance that names its team")


def _windows(text: str) -> str:
    try:
        return hours.hours_text(hours.parse_hours(text)) if text else ""
    except Refused as error:
        raise ValueError(f"expected windows such as Mon-Fri 08:00-19:00; {error}") from None


Windows: Any = Annotated[str, AfterValidator(_windows)]


def _calendar_file(path: str) -> str:
    try:
        holidays_in(path)
    except SettingsError as error:
        raise ValueError(f"expected an iCalendar file; {error}") from None
    return path


CalendarFile: Any = Annotated[str, AfterValidator(_calendar_file)]


class TeamPausingSettings(Table):
    """[teams.NAME.pausing]"""

    hours: Windows = Field(default="", description="On-hours of its rented machines, as in Mon-Fri 08:00-19:00")
    stop_only: bool = Field(default=False, description="Stop at the end of a window, but never start by itself")
    holidays: tuple[date, ...] = Field(default=(), description="Days on which no window begins")
    holidays_file: CalendarFile = Field(
        default="", description="iCalendar file with more of them, read with the settings"
    )
    stop_active: bool = Field(
        default=False, description="Stop a machine that works, too, when its window ends; its people are told before"
    )
    idle_stop_hours: float | None = Field(
        default=None,
        ge=1,
        le=168,
        description="Stop a machine unasked once it was idle for so long; none: never",
    )
    _read_days_off: frozenset[date] = PrivateAttr(default=frozenset())

    def model_post_init(self, _context: object, /) -> None:
        """Keeps the days of the file: settings that are refused later must not change those in use."""
        self._read_days_off = holidays_in(self.holidays_file)

    @property
    def days_off(self) -> frozenset[date]:
        """Days on which no window begins: those named here, and those of the file as it was when it was read."""
        return frozenset(self.holidays) | self._read_days_off


class LaunchSettings(Table):
    """[[launch]]"""

    name: Name = Field(description="What people call it: /gpu launch NAME")
    template: str = Field(min_length=1, description="EC2 launch template, by id (lt-...) or name")
    version: str = Field(default="$Default", min_length=1, description="Its version: a number, $Default or $Latest")
    region: str = Field(min_length=1, description="Region it is launched in")
    account: str = Field(
        default="", description="Account: the name of an [[aws]] entry, or its number; none: the first"
    )
    type: str = Field(min_length=1, description="Instance type; goes before the template's own")
    gpu: str = Field(default="", description="GPU model, for finding it: A100")
    gpus: int = Field(default=0, ge=0, le=64, description="How many GPUs it has")
    gpu_gib: int = Field(default=0, ge=0, description="Memory of one GPU, GiB")
    subnets: tuple[str, ...] = Field(
        default=(), description="Subnets, tried in turn where AWS has none left; none: the template's own"
    )
    instead: tuple[Name, ...] = Field(
        default=(), description="Names of other [[launch]] entries, offered when AWS has none left"
    )
    agent: bool = Field(
        default=False, description="Whether its user data installs the agent: the machine is ready when that reports"
    )
    teams: tuple[Name, ...] = Field(default=(), description="Teams whose people may launch it; none: all")


class RunSettings(Table):
    """[runs.NAME]"""

    command: str = Field(min_length=1, max_length=4_000, description="Command for /bin/sh, as it stands")
    user: str = Field(
        pattern=r"^[a-z_][a-z0-9_-]{0,31}$", description="Account it runs under on rented machines; not root"
    )
    teams: tuple[Name, ...] = Field(default=(), description="Teams whose people may run it; none: everybody")

    def template(self, name: str) -> RunTemplate:
        """As the domain takes it."""
        return RunTemplate(name, self.command, self.user, frozenset(self.teams))
