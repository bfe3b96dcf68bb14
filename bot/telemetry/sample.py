"""One look at one GPU: what a sampler reads and the agent folds into minutes."""

import time
from dataclasses import dataclass

from bot.domain.machines.readings import Process


def boottime() -> float:
    """Seconds since the host booted, suspended time included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one GPU said at one moment. None means no reading, and is never read as 0."""

    at_s: float
    """Seconds since the host booted, when the reading began."""
    util_max: float | None = None
    """Highest utilisation since the sample before, percent; where the driver keeps no history, the one of now."""
    util_mean: float | None = None
    codec: float | None = None
    """Higher of encoder and decoder utilisation, percent."""
    energy_mj: int | None = None
    """The energy counter, millijoules; starts again when the driver is loaded again."""
    watts: float | None = None
    """Power now, read only where there is no energy counter."""
    memory_used_mib: int | None = None
    memory_total_mib: int | None = None
    compute_processes: int | None = None
    graphics_processes: int | None = None
    processes: tuple[Process, ...] | None = None
    """The largest programs on it; None when nobody asked or nobody answered."""
    mig: bool = False
    error: str | None = None
    """The NVML error that kept values away, in NVML's words; "not supported" is a missing value, not an error."""
