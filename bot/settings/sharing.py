"""Claims: how long, how many."""

from pydantic import Field

from bot.settings.values import Table


class ClaimSettings(Table):
    """[claims]"""

    default_hours: float = Field(default=8, ge=0.1, le=336, description="Length of a claim when none is said")
    longest_hours: float = Field(default=336, ge=0.1, le=336, description="Longest claim that is granted")
