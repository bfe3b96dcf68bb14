"""What machines cost."""

from pydantic import Field

from bot.settings.values import Name, Table, Usd


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
