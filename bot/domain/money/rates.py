"""What an hour costs, and what was spent: integer micro-dollars throughout."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import HOUR_MS
from bot.domain.days import GpuMs, MachineMs

MICROS_PER_USD = 1_000_000

GpuUse = Literal["busy", "idle", "unknown"]


@dataclass(frozen=True, slots=True)
class Rate:
    """Micro-dollars per hour of a whole instance, with where the figure is from."""

    micros_per_hour: int
    source: str
    """For people: "AWS on-demand, us-east-1, 2026-07-20" or "valet.toml"."""
    exact: bool = True
    """False when the figure is borrowed, say from another region, moves within the hour, or lacks a part."""


def cost_for(micros_per_hour: int, length: int) -> int:
    """Micro-dollars for `length` milliseconds, rounded half up."""
    return (micros_per_hour * length + HOUR_MS // 2) // HOUR_MS


def cost_between(micros_per_hour: int, start: int, end: int) -> int:
    """Micro-dollars for the time from one instant to another; the parts of a span add up to the whole, exactly."""
    return cost_for(micros_per_hour, end) - cost_for(micros_per_hour, start)


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a charge that fell to one holder in one use."""

    holder: str
    """Whose claim it was; empty for GPUs that nobody held."""
    team: str
    """The team the claim was made for; of GPUs that nobody held: the instance's."""
    use: GpuUse
    gpu_ms: GpuMs
    """Milliseconds of its GPUs, added up."""
    micros: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What one instance cost over part of one clock hour (UTC), by our own metering."""

    instance_id: str
    from_at: int
    until_at: int
    running_ms: MachineMs
    """How much of the span it ran; never more than until_at - from_at."""
    micros: int
    rate_micros: int
    team: str = ""
    """The instance's: whose budget it counts against, whoever held it."""
    shares: tuple[Share, ...] = ()
    """Whose it was and whether it worked; they add up to `micros`. None: nobody held it, and nobody knows."""
    corrects: int | None = None
    """The number of the charge that this one corrects; its time is counted there."""
    why: str = ""
    """Why that was wrong, of a correction."""
    exact: bool = True
    """Whether its rate was."""
    idle_ms: MachineMs | None = None
    """How much of its time all its GPUs idled at once, so that it could have been stopped; None: nobody noted it."""

    @property
    def split(self) -> tuple[Share, ...]:
        """Its shares, of which there is at least one."""
        return self.shares or (Share("", self.team, "unknown", GpuMs(self.running_ms), self.micros),)

    @property
    def hour(self) -> int:
        """The start of its clock hour."""
        return self.from_at // HOUR_MS * HOUR_MS
