"""The ledger summed up one way or another."""

from typing import Literal, NamedTuple

from bot.domain.times import GpuMs

By = Literal["team", "used_by", "person", "type", "instance"]
"""team: whose machine it is, and so whose budget; used_by: the team of the claim, or the machine's without one."""


class Sum(NamedTuple):
    """What one team, person, type or instance cost."""

    key: str
    """A team's name, a Slack user id (empty: nobody held it), a type (of owned ones by GPUs: "owned 8xA100"), or an
    instance's id."""
    name: str
    """For people: an instance's name; else the key."""
    provider: str
    """ec2: money on the bill; owned: full cost, on no bill."""
    micros: int
    busy_micros: int
    idle_micros: int
    unknown_micros: int
    """busy + idle + unknown = micros."""
    gpu_ms: GpuMs
    idle_gpu_ms: GpuMs
    unpriced_gpu_ms: GpuMs
    """Time without a known price, of which the micros are 0."""
    estimated_micros: int
    """At rates that are not exact."""
    estimated_idle_micros: int = 0
    """Of the idle ones."""
