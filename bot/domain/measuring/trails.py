"""What sources other than the agent tell, and the trail that is kept of it: a bit per minute for two days."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.domain.clock import HOUR, MINUTE
from bot.domain.measuring.verdict import GpuTrace, IdleRule

N = TypeVar("N", int, float)
KEPT_MINUTES = 48 * HOUR // MINUTE


@dataclass(frozen=True, slots=True)
class Target:
    """A running instance that sources are asked about."""

    id: str
    name: str
    place: str
    """Where it was seen: "ec2/111122223333/us-east-1", or "owned"."""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a source says of one GPU, or of a whole instance, in one minute. None means no reading, never 0."""

    instance_id: str
    gpu: int | None
    """Index of the GPU; None for the instance as a whole: the highest of its GPUs."""
    minute: int
    """Start of the minute, epoch milliseconds."""
    util_max: float | None = None
    """Highest utilisation, percent 0 to 100."""
    util_mean: float | None = None
    memory_used_mib: int | None = None

    @property
    def known(self) -> bool:
        """There is a reading that a verdict can stand on."""
        return self.util_max is not None


@dataclass(frozen=True, slots=True)
class Told:
    """One answer of a source: what it saw in one place, or why it could not be read."""

    place: str
    observations: tuple[Observation, ...] = ()
    read_until: int | None = None
    """End of the last minute that was asked for; the next reading goes on from there."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """The last two days of one GPU (or instance) by one source: a bit per minute, bit 0 being `head`."""

    gpu: int | None
    head: int
    """Start of the newest known minute, epoch milliseconds."""
    quiet: int = 0
    active: int = 0
    util_max: float | None = None
    """In the newest minute, as are the next two."""
    util_mean: float | None = None
    memory_used_mib: int | None = None


def follow(trail: Trail | None, told: Iterable[Observation], rule: IdleRule) -> Trail | None:
    """Carry a trail on by observations of the same GPU, in any order and any number of times; unknown ones add nothing.

    A minute told twice is active if either was.
    """
    for each in told:
        if each.util_max is None:
            continue
        if trail is None:
            trail = Trail(each.gpu, each.minute)
        trail = _with(trail, each, active=each.util_max >= rule.active_pct)
    return trail


def _with(trail: Trail, told: Observation, *, active: bool) -> Trail:
    ahead = (told.minute - trail.head) // MINUTE
    if ahead <= -KEPT_MINUTES:
        return trail
    if ahead > 0:
        # A number with a bit per minute must not grow with a clock that jumps by years.
        far = min(ahead, KEPT_MINUTES)
        quiet, work = _kept(trail.quiet << far), _kept(trail.active << far)
        trail = Trail(trail.gpu, told.minute, quiet, work, told.util_max, told.util_mean, told.memory_used_mib)
    elif ahead == 0:
        trail = replace(
            trail,
            util_max=_most(trail.util_max, told.util_max),
            util_mean=_most(trail.util_mean, told.util_mean),
            memory_used_mib=_most(trail.memory_used_mib, told.memory_used_mib),
        )
    bit = 1 << max(0, -ahead)
    if active:
        return replace(trail, active=trail.active | bit, quiet=trail.quiet & ~bit)
    return trail if trail.active & bit else replace(trail, quiet=trail.quiet | bit)


def _most(one: N | None, other: N | None) -> N | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _kept(bits: int) -> int:
    return bits & ((1 << KEPT_MINUTES) - 1)


def trace(trail: Trail, rule: IdleRule, *, launched_at: int | None = None) -> GpuTrace:
    """What the judge needs, as of the end of the newest minute of the trail."""
    quiet = trail.quiet & _since_settled(trail, rule, launched_at)
    last_active = (trail.active & -trail.active).bit_length() - 1
    began = _spell(quiet, quiet | trail.active, rule.gap_minutes)
    memory = trail.memory_used_mib
    return GpuTrace(
        gpu=-1 if trail.gpu is None else trail.gpu,
        last_minute_at=trail.head,
        last_active_at=None if last_active < 0 else trail.head - last_active * MINUTE,
        quiet_since=None if began is None else trail.head - began * MINUTE,
        quiet_minutes=(quiet & ((1 << rule.window_minutes) - 1)).bit_count(),
        util_max=trail.util_max,
        memory_used_mib=memory,
        # Nobody counts processes here; a context takes memory, so where there is none of that there is no process.
        compute_processes=0 if memory is not None and memory < rule.held_mib else None,
    )


def _since_settled(trail: Trail, rule: IdleRule, launched_at: int | None) -> int:
    """The bits of the minutes that may count as quiet: not those right after a launch."""
    if launched_at is None:
        return -1
    minutes = (trail.head - launched_at - rule.settle_minutes * MINUTE) // MINUTE + 1
    return (1 << max(0, min(minutes, KEPT_MINUTES))) - 1


def _spell(quiet: int, known: int, gap: int) -> int | None:
    """How many minutes before the head the quiet spell that reaches it began; None when there is none."""
    work = known & ~quiet
    end = (work & -work).bit_length() - 1 if work else KEPT_MINUTES
    # A hole is a run of more than `gap` unknown minutes: bits that survive as many shifts are starts of one.
    holes = ~known & ((1 << KEPT_MINUTES + gap + 1) - 1)
    for _ in range(gap):
        holes &= holes >> 1
    if holes:
        end = min(end, (holes & -holes).bit_length() - 1)
    spell = quiet & ((1 << max(0, end)) - 1)
    return spell.bit_length() - 1 if spell else None
