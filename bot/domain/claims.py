"""Who uses an instance, for what and until when."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import DAY, HOUR, MINUTE
from bot.errors import Refused

EndReason = Literal["released", "expired", "gone"]


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """How long a claim may be, in milliseconds."""

    default: int = 8 * HOUR
    longest: int = 14 * DAY
    shortest: int = 5 * MINUTE

    def length(self, asked: int | None) -> int:
        """The length to grant. Raises Refused when it is too short or too long."""
        if asked is None:
            return self.default
        if asked < self.shortest:
            raise Refused(f"A claim lasts at least {self.shortest // MINUTE} minutes. Try 30m, 4h or 2d.")
        if asked > self.longest:
            raise Refused(f"A claim lasts at most {self.longest // DAY} days. Try 4h, 2d or {self.longest // DAY}d.")
        return asked


@dataclass(frozen=True, slots=True)
class Claim:
    """One person's hold on some GPUs of one instance (all of them by default)."""

    id: str
    instance_id: str
    holder: str
    """Slack user id."""
    from_at: int
    until_at: int
    gpus: tuple[int, ...]
    team: str = ""
    note: str = ""
    ended_at: int | None = None
    end_reason: EndReason | None = None
    ended_by: str = ""
    """Who released it; empty where nobody did."""
