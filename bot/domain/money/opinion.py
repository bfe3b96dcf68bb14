"""What AWS itself expects of the rest of the month: a second opinion beside our forecast, never part of it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Opinion:
    """For all machines of EC2, on the bill's terms; AWS knows nothing of claims, bookings or on-hours."""

    first: date
    last: date
    """Days it is for, UTC, both counted."""
    asked_at: int
    micros: int
    lo80_micros: int | None = None
    hi80_micros: int | None = None
