"""Stopping and starting: who is asked, and how long."""

from pydantic import Field

from bot.settings.values import Table, Tag


class ActionSettings(Table):
    """[actions]"""

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
