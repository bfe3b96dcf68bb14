"""What was measured: one record per GPU and minute, as the agent folds it and the door hands it on."""

import math
from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import MINUTE_MS

MinuteState = Literal["active", "quiet", "unknown"]


@dataclass(frozen=True, slots=True)
class Process:
    """A program on a GPU: its name and user, never its command line."""

    name: str
    user: str
    memory_mib: int | None = None


@dataclass(frozen=True, slots=True)
class Minute:
    """One GPU over one minute. None means no reading, and is never read as 0."""

    gpu: int
    """Index of the GPU on its host."""
    tick: int
    """Minutes since the host booted, by the host's boot-time clock; the bot turns it into an instant."""
    samples: int
    """How many samples were folded into it (4 at the default 15 s)."""
    util_max: float | None = None
    """Highest GPU utilisation seen, percent 0 to 100."""
    util_mean: float | None = None
    codec_max: float | None = None
    """Highest of encoder and decoder utilisation, percent; None where unsupported."""
    watts: float | None = None
    """Mean power over the minute, from the energy counter where there is one."""
    memory_used_mib: int | None = None
    """Used memory without the driver's reserve (nvmlMemory_v2 where supported)."""
    memory_total_mib: int | None = None
    compute_processes: int | None = None
    graphics_processes: int | None = None
    mig: bool = False
    error: str | None = None
    """The NVML error that kept values away, in NVML's words."""
    processes: tuple[Process, ...] = ()


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device of a host."""

    index: int
    uuid: str
    name: str
    memory_mib: int | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """One delivery from one agent."""

    host: str
    boot_id: str
    """Changes with every boot of the host."""
    seq: int
    """Grows with every delivery of a boot, with gaps; (host, boot_id, seq) is counted once."""
    tick_now: int
    """The host's tick at the moment of sending: the door sets now - tick_now as minute zero of this boot."""
    started_tick: int
    """The tick at which the agent started; the first 15 minutes after it never count as idle."""
    gpus: tuple[Gpu, ...]
    minutes: tuple[Minute, ...]
    """Those that are over; of a GPU that has just begun to work also the one at `tick_now`, which is told again."""
    agent_version: str = ""
    driver: str = ""
    error: str | None = None
    """Why no GPU of the host could be read at all (no driver, driver mismatch), as a sentence."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A push as it came to the door."""

    push: Push
    ip: str
    """Where from."""
    sha256: str
    """Of the token it came with, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class AgentReport:
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
        return abs(now - self.reported_at) <= within_minutes * MINUTE_MS

    @property
    def sees_none(self) -> str:
        """A sentence's worth of an agent that reports and tells of no GPU."""
        if self.error:
            return f"its agent reports, but can read no GPU: {self.error.rstrip('.')}"
        return "its agent reports, and finds no GPU there"


MOST_PCT = 100.0
MOST_RATIO = 1.0
MOST_WATTS = 5000.0
"""A mean above this is a counter that jumped, not a GPU."""
MOST_MIB = 4_194_304
"""4 TiB of memory on one GPU."""


def within_bounds(value: float | None, most: float) -> float | None:
    """The value; None when it is not between 0 and `most`."""
    return value if value is not None and math.isfinite(value) and 0 <= value <= most else None


def percent_of_ratio(value: float) -> float | None:
    """Percent by a ratio; None for what is none. A percentage given as a ratio lies outside."""
    known = within_bounds(value, MOST_RATIO)
    return None if known is None else 100 * known


def mib(value: float | None) -> int | None:
    """Whole MiB; None for what no GPU has."""
    known = within_bounds(value, MOST_MIB)
    return None if known is None else int(known)


def may_be_ratio(percent: float | None) -> bool:
    """A percentage so low that it may be a ratio under the wrong name: 1 is 1 % or all of the GPU."""
    return percent is not None and 0 < percent <= 1
