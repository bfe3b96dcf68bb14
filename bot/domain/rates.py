"""What an hour costs, and what was spent: integer micro-dollars throughout."""

from dataclasses import dataclass

from bot.domain.clock import HOUR

USD = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Micro-dollars per hour of a whole instance, with where the figure is from."""

    micros_per_hour: int
    source: str
    """For people: "AWS on-demand, us-east-1, 2026-07-20" or "valet.toml"."""
    exact: bool = True
    """False when the figure was borrowed, say from another region."""


def cost(micros_per_hour: int, length: int) -> int:
    """Micro-dollars for `length` milliseconds, rounded half up."""
    return (micros_per_hour * length + HOUR // 2) // HOUR


def cost_between(micros_per_hour: int, start: int, end: int) -> int:
    """Micro-dollars for the time from one instant to another; the parts of a span add up to the whole, exactly."""
    return cost(micros_per_hour, end) - cost(micros_per_hour, start)


@dataclass(frozen=True, slots=True)
class Charge:
    """What one instance cost over part of one clock hour (UTC), by our own metering."""

    instance_id: str
    from_at: int
    until_at: int
    running_ms: int
    """How much of the span it ran; never more than until_at - from_at."""
    micros: int
    rate_micros: int
    team: str = ""
    holder: str = ""
    verdict: str = "unknown"

    @property
    def hour(self) -> int:
        """The start of its clock hour."""
        return self.from_at // HOUR * HOUR
