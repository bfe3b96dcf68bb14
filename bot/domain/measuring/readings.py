"""What was measured: one record per GPU and minute, as the agent folds it and the door hands it on."""

from dataclasses import dataclass
from typing import Literal

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
