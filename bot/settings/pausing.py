"""When a team's machines may be stopped by rule."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from bot.domain.acting import windows
from bot.errors import Refused, SettingsError
from bot.settings.holidays import holidays_in
from bot.settings.values import Table


def _windows(text: str) -> str:
    try:
        return windows.text_of(windows.parse(text)) if text else ""
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
    holidays_file: CalendarFile = Field(default="", description="iCalendar file with more of them, read at the start")
    stop_active: bool = Field(
        default=False, description="Stop a machine that works, too, when its window ends; its people are told before"
    )
    idle_stop_hours: float | None = Field(
        default=None,
        ge=1,
        le=168,
        description="Stop a machine unasked once it was idle for so long; none: never",
    )
