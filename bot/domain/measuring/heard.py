"""What the agent of a host says of itself: how many GPUs it sees, and why it can't read them."""

from dataclasses import dataclass

from bot.domain.clock import MINUTE


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest delivery of one host's agent, without its minutes."""

    host: str
    reported_at: int
    gpus_seen: int
    agent_version: str = ""
    driver: str = ""
    error: str = ""
    """Why nothing can be read there, or what will never arrive, in the agent's words; empty when all is well."""
    fewer_since: int | None = None
    """Since when it has seen fewer GPUs than the host is taken to have."""

    def is_lately(self, now: int, within_minutes: int) -> bool:
        """It has reported within so many minutes, by a clock that was not set back since."""
        return abs(now - self.reported_at) <= within_minutes * MINUTE

    @property
    def sees_none(self) -> str:
        """A sentence's worth of an agent that reports and tells of no GPU."""
        if self.error:
            return f"its agent reports, but can read no GPU: {self.error.rstrip('.')}"
        return "its agent reports, and finds no GPU there"
