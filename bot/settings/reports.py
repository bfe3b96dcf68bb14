"""The weekly report for management."""

from typing import Literal

from pydantic import Field

from bot.settings.values import ChannelId, Table, TimeOfDay, Zone


class ReportSettings(Table):
    """[reports]"""

    channel: ChannelId = Field(default="", description="Channel of the weekly report; none: it is not posted")
    weekday: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] = Field(
        default="Mon", description="Day of the week on which it is posted; it tells of the seven days before"
    )
    at: TimeOfDay = Field(default="09:00", description="Local time of it, 04:00 to 23:59")
    timezone: Zone | Literal[""] = Field(default="", description="Zone of that time; none: as in [digest]")
