"""Nightly backups."""

from pydantic import Field

from bot.settings.values import Table, TimeOfDay


class BackupSettings(Table):
    """[backup]"""

    enabled: bool = Field(default=True, description="Whether the database is backed up every night")
    folder: str = Field(default="", description="Where to; none: the folder `backups` beside the database")
    at: TimeOfDay = Field(default="04:30", description="From when on, in the zone of [digest]")
