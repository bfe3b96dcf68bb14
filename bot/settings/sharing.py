"""Claims: how long, how many, and what happens beyond that."""

from typing import Literal

from pydantic import Field

from bot.settings.values import Table


class ClaimSettings(Table):
    """[claims]"""

    default_hours: float = Field(default=8, ge=0.1, le=336, description="Length of a claim when none is said")
    longest_hours: float = Field(default=336, ge=0.1, le=336, description="Longest claim that is granted")
    accept_minutes: int = Field(
        default=15, ge=1, le=240, description="How long GPUs are held for the one in the line whose turn it is"
    )
    claims_per_person: int | None = Field(default=None, ge=1, description="Claims one person may hold at a time")
    gpus_per_person: int | None = Field(default=None, ge=1, description="GPUs one person may hold at a time")
    gpu_hours_per_person: int | None = Field(
        default=None, ge=1, description="GPU-hours one person may claim in seven days, planned ones included"
    )
    at_limit: Literal["warn", "ask", "refuse"] = Field(
        default="warn", description="Beyond a limit: `warn` the person, `ask` an approver, or `refuse`"
    )
    book_days_ahead: int = Field(default=28, ge=1, le=90, description="How far ahead a booking may begin, days")
    bookings_per_person: int = Field(default=10, ge=1, description="Bookings one person may have; a weekly one is one")
    no_show_minutes: int = Field(
        default=30, ge=10, le=720, description="A booking nobody uses or confirms for this long is given up"
    )
    idle_minutes: int = Field(
        default=120, ge=30, le=1440, description="Nobody works on what is claimed for this long: its holder is asked"
    )
    answer_minutes: int = Field(
        default=60, ge=5, le=1440, description="Without an answer to that for this long, it goes to those who wait"
    )
    silence_hours: float = Field(
        default=24, ge=1, le=168, description="Silence on the morning's question about long claims gives them up, hours"
    )


class TeamClaimSettings(Table):
    """[teams.NAME.claims]"""

    default_hours: float | None = Field(default=None, ge=0.1, le=336, description="As in [claims], for this team")
    longest_hours: float | None = Field(default=None, ge=0.1, le=336, description="As in [claims], for this team")
    claims_per_person: int | None = Field(default=None, ge=1, description="As in [claims], for this team")
    gpus_per_person: int | None = Field(default=None, ge=1, description="As in [claims], for this team")
    gpu_hours_per_person: int | None = Field(default=None, ge=1, description="As in [claims], for this team")
    at_limit: Literal["warn", "ask", "refuse"] | None = Field(default=None, description="As in [claims], for this team")
    team_gpus: int | None = Field(default=None, ge=1, description="GPUs the whole team may hold at a time")
    team_gpu_hours: int | None = Field(
        default=None, ge=1, description="GPU-hours the whole team may claim in seven days, planned ones included"
    )
