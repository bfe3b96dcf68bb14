"""What sources other than the agent tell, and the trail that is kept of it: a bit per minute for two days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.power import PowerFloor, learn_floor
from bot.domain.machines.readings import MinuteState
from bot.domain.machines.rollups import HourCell
from bot.domain.machines.verdict import GpuTrace, IdleRule

_Number = TypeVar("_Number", int, float)
KEPT_MINUTES = 48 * HOUR_MS // MINUTE_MS


@dataclass(frozen=True, slots=True)
class Target:
    """A running instance that sources are asked about."""

    id: str
    name: str
    place: str
    """Where it was seen: "ec2/111122223333/us-east-1", or "owned"."""
    team: str = ""
    private_address: str = ""
    """Of a rented one, in its network: "10.0.1.2"; empty where it is not known."""


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
    watts: float | None = None
    """Mean power over the minute."""
    may_be_ratio: bool = False
    """The utilisation is so low that it may be a ratio by the name of a percentage: 0.98 is no work, or nearly all."""

    @property
    def known(self) -> bool:
        """There is a reading that a verdict can stand on: power alone may show work."""
        return self.util_max is not None or self.watts is not None


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """One answer of a source: what it saw in one place, or why it could not be read."""

    place: str
    observations: tuple[Observation, ...] = ()
    read_until: int | None = None
    """End of the last minute that was asked for; the next reading goes on from there."""
    error: str = ""
    seen_until: int | None = None
    """Up to when every GPU it names was seen, where it was asked about one instance; None when that is not known."""


@dataclass(frozen=True, slots=True)
class SourceHistory:
    """The last two days of one GPU (or instance) by one source: a bit per minute, bit 0 being `head`."""

    gpu: int | None
    head: int
    """Start of the newest known minute, epoch milliseconds."""
    quiet: int = 0
    active: int = 0
    util_max: float | None = None
    """In the newest minute, as are the next four."""
    util_mean: float | None = None
    memory_used_mib: int | None = None
    watts: float | None = None
    may_be_ratio: bool = False
    floor: PowerFloor = field(default_factory=PowerFloor)
    """What it draws when it does nothing, as far as that was seen."""
    floor_watts: float | None = None
    """Its floor as it applied in the newest minute; None when it is not learned."""


def extend_history(trail: SourceHistory | None, told: Iterable[Observation], rule: IdleRule) -> SourceHistory | None:
    """Carry a trail on by observations of the same GPU, in any order and any number of times; unknown ones add nothing.

    A minute told twice is active if either was. One that may be a ratio is unknown, and what was quiet before it counts
    no more, unless power shows that nothing was at work.
    """
    for each in told:
        held = None if each.memory_used_mib is None else each.memory_used_mib >= rule.held_mib
        floor = trail.floor if trail else PowerFloor()
        floor_watts = None if held is None else floor.watts(each.minute, held=held)
        state = _state(each, rule, floor_watts)
        if state == "unknown" and not each.may_be_ratio:
            continue
        trail = _with_minute(trail or SourceHistory(each.gpu, each.minute), each, state, floor_watts=floor_watts)
        if state == "quiet" and not each.util_max and each.watts is not None and held is not None:
            trail = replace(trail, floor=learn_floor(trail.floor, each.minute, each.watts, held=held))
    return trail


def _state(told: Observation, rule: IdleRule, floor_watts: float | None) -> MinuteState:
    """Judge one minute as those of an agent are judged: work by use or by power is work."""
    draws = None if told.watts is None or floor_watts is None else told.watts > floor_watts + rule.veto_watts
    if (told.util_max or 0) >= rule.active_pct or draws:
        return "active"
    if told.util_max is None or (told.may_be_ratio and draws is None):
        return "unknown"
    return "quiet"


def _with_minute(
    trail: SourceHistory, told: Observation, state: MinuteState, *, floor_watts: float | None
) -> SourceHistory:
    ahead = (told.minute - trail.head) // MINUTE_MS
    if ahead <= -KEPT_MINUTES:
        return trail
    if ahead > 0:
        # A number with a bit per minute must not grow with a clock that jumps by years.
        far = min(ahead, KEPT_MINUTES)
        quiet, work = _kept(trail.quiet << far), _kept(trail.active << far)
        trail = SourceHistory(
            gpu=trail.gpu,
            head=told.minute,
            quiet=quiet,
            active=work,
            util_max=told.util_max,
            util_mean=told.util_mean,
            memory_used_mib=told.memory_used_mib,
            watts=told.watts,
            may_be_ratio=told.may_be_ratio,
            floor=trail.floor,
            floor_watts=floor_watts,
        )
    elif ahead == 0:
        trail = replace(
            trail,
            util_max=_most(trail.util_max, told.util_max),
            util_mean=_most(trail.util_mean, told.util_mean),
            memory_used_mib=_most(trail.memory_used_mib, told.memory_used_mib),
            watts=_most(trail.watts, told.watts),
            may_be_ratio=trail.may_be_ratio or told.may_be_ratio,
            floor_watts=_most(trail.floor_watts, floor_watts),
        )
    bit = 1 << max(0, -ahead)
    if state == "active":
        return replace(trail, active=trail.active | bit, quiet=trail.quiet & ~bit)
    if state == "unknown":
        return replace(trail, quiet=trail.quiet & (bit - 1))
    return trail if trail.active & bit else replace(trail, quiet=trail.quiet | bit)


def _most(one: _Number | None, other: _Number | None) -> _Number | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _kept(bits: int) -> int:
    return bits & ((1 << KEPT_MINUTES) - 1)


def trace_of(trail: SourceHistory, rule: IdleRule, *, launched_at: int | None = None) -> GpuTrace:
    """What the judge needs, as of the end of the newest minute of the trail."""
    quiet = trail.quiet & _since_settled(trail, rule, launched_at)
    last_active = (trail.active & -trail.active).bit_length() - 1
    began = _quiet_streak(quiet, quiet | trail.active, rule.gap_minutes)
    memory = trail.memory_used_mib
    return GpuTrace(
        gpu=-1 if trail.gpu is None else trail.gpu,
        last_minute_at=trail.head,
        last_active_at=None if last_active < 0 else trail.head - last_active * MINUTE_MS,
        quiet_since=None if began is None else trail.head - began * MINUTE_MS,
        quiet_minutes=(quiet & ((1 << rule.window_minutes) - 1)).bit_count(),
        util_max=trail.util_max,
        watts=trail.watts,
        floor_watts=trail.floor_watts,
        active_by="power" if last_active == 0 and (trail.util_max or 0) < rule.active_pct else "",
        may_be_ratio=trail.may_be_ratio,
        memory_used_mib=memory,
        # Nobody counts processes here; a context takes memory, so where there is none of that there is no process.
        compute_processes=0 if memory is not None and memory < rule.held_mib else None,
    )


def hourly_cells(trails: Sequence[SourceHistory], hours: Iterable[int]) -> list[HourCell]:
    """What one source saw of an instance in the hours that began then, GPU by GPU."""
    return [_cell(start, [_bits_of(each, start) for each in trails]) for start in hours]


def _cell(start: int, told: Sequence[tuple[int, int]]) -> HourCell:
    known, active = sum(each[0] for each in told), sum(each[1] for each in told)
    return HourCell(start, known / len(told) if told else 0.0, active / known if known else None)


def _bits_of(trail: SourceHistory, start: int) -> tuple[int, int]:
    """How many minutes of an hour are known, and how many of them were active."""
    oldest = (trail.head - start) // MINUTE_MS
    newest = max(0, oldest - HOUR_MS // MINUTE_MS + 1)
    mask = ((1 << oldest + 1) - 1) >> newest << newest if oldest >= 0 else 0
    return ((trail.quiet | trail.active) & mask).bit_count(), (trail.active & mask).bit_count()


def _since_settled(trail: SourceHistory, rule: IdleRule, launched_at: int | None) -> int:
    """The bits of the minutes that may count as quiet: not those right after a launch."""
    if launched_at is None:
        return -1
    minutes = (trail.head - launched_at - rule.settle_minutes * MINUTE_MS) // MINUTE_MS + 1
    return (1 << max(0, min(minutes, KEPT_MINUTES))) - 1


def _quiet_streak(quiet: int, known: int, gap: int) -> int | None:
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
