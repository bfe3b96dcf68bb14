"""When a GPU is idle, what may idle, and the daily digest of it."""

from datetime import date

from pydantic import Field, field_validator, model_validator

from bot.settings.values import Table, TimeOfDay, Zone


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


class DigestSettings(Table):
    """[digest]"""

    at: TimeOfDay = Field(default="09:00", description="Local time of the daily digest, 04:00 to 23:59")
    timezone: Zone = Field(
        default="UTC", description="Zone of the digest where a team has none, and of all days and months of money"
    )
    enabled: bool = Field(default=True, description="Whether digests are posted")
