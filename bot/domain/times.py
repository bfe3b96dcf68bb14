"""The two kinds of time that look alike: that of machines, and that of GPUs, of which a machine has several at once."""

from decimal import Decimal
from typing import NewType

from bot.domain.clock import HOUR

MachineMs = NewType("MachineMs", int)
"""Milliseconds of machines: one that runs for an hour with eight GPUs has 3,600,000."""
GpuMs = NewType("GpuMs", int)
"""Milliseconds of GPUs, added up: the same machine has eight times as many."""
MachineHours = NewType("MachineHours", Decimal)
"""Hours of machines, as of a month's use."""
GpuHours = NewType("GpuHours", float)
"""Hours of GPUs, added up."""
NO_MACHINE_TIME, NO_GPU_TIME, NO_GPU_HOURS = MachineMs(0), GpuMs(0), GpuHours(0)


def gpu_time(machine: MachineMs, gpus: int) -> GpuMs:
    """The GPU time of machines with so many GPUs each."""
    return GpuMs(machine * gpus)


def gpu_hours(time: GpuMs) -> GpuHours:
    """The same in hours."""
    return GpuHours(time / HOUR)
