"""Busy or idle: the rule that turns minutes into a verdict.

A minute is `active` on any sign of work, `quiet` when the signals are known and below the threshold, else `unknown`.
A GPU is idle after `window_minutes` quiet minutes in a row of which `known_share` were really seen; one active minute
starts it again. An instance is idle only if every GPU of it is. What is not known is never idle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import AgentReport

GpuState = Literal["active", "held", "free", "unknown"]
VerdictState = Literal["active", "held", "free", "partial", "unknown"]
IDLE_STATES: frozenset[str] = frozenset({"held", "free"})
TOO_SHORT = "seen without work for"
FEW_REPORT = "only"
NEVER_REPORTED = "no agent has reported from it"


@dataclass(frozen=True, slots=True)
class IdleRule:
    """The numbers of the rule."""

    window_minutes: int = 60
    known_share: float = 0.9
    active_pct: float = 5.0
    """Utilisation from which a minute counts as active, percent."""
    settle_minutes: int = 15
    """Nothing within this of boot or agent start counts as quiet."""
    held_mib: int = 512
    """Used memory from which an idle GPU is held rather than free."""
    stale_minutes: int = 5
    """Without a reading for this long, the verdict is unknown."""
    veto_watts: float = 15.0
    """Mean power over the GPU's own floor from which a minute counts as active."""
    flat_minutes: int = 180
    """Work that looks like a keep-alive for this long is reported as such."""

    @property
    def quiet_needed(self) -> int:
        """Known quiet minutes needed in the window; rounded up."""
        return -int(-self.window_minutes * self.known_share // 1)

    @property
    def gap_minutes(self) -> int:
        """A hole longer than this ends a quiet spell: unseen time is not idle time."""
        return self.window_minutes - self.quiet_needed


@dataclass(frozen=True, slots=True)
class GpuTrace:
    """What the memory holds about one GPU when it is judged. Instants are starts of minutes."""

    gpu: int
    last_minute_at: int | None = None
    last_active_at: int | None = None
    quiet_since: int | None = None
    """First quiet minute since the last active one or the last hole."""
    quiet_minutes: int = 0
    """Known quiet minutes within the window that ends now."""
    util_max: float | None = None
    watts: float | None = None
    memory_used_mib: int | None = None
    compute_processes: int | None = None
    process: str = ""
    """The name of the largest process on it, for people."""
    flat_since: int | None = None
    """Since when it works in a way that looks like a keep-alive."""
    floor_watts: float | None = None
    """Its power floor as it applies now; None when it is not learned yet."""
    active_by: str = ""
    """What made the last active minute one: "utilisation", "codec" or "power"."""
    may_be_ratio: bool = False
    """Its utilisation, 1 % or less, may be a ratio by the name of a percentage."""
    error: str = ""
    """What kept values away in its newest minute, in NVML's words."""


@dataclass(frozen=True, slots=True)
class GpuVerdict:
    """One GPU's verdict, with since when: of one that works the last minute of work, of a silent one the last heard."""

    gpu: int
    state: GpuState
    since: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """An instance's verdict: state, since when, and the evidence as a sentence."""

    state: VerdictState
    since: int | None
    """Since when it idles; of an active one its last minute of work, of an unknown one the last heard."""
    evidence: str
    judged_at: int
    gpus: tuple[GpuVerdict, ...] = ()

    @property
    def gist(self) -> str:
        """The evidence in its first few words."""
        return self.evidence.partition(";")[0]

    @property
    def is_mute(self) -> bool:
        """Nothing was ever reported of it."""
        return self.evidence == NEVER_REPORTED

    @property
    def is_idle(self) -> bool:
        """Every GPU is idle."""
        return self.state in IDLE_STATES

    @property
    def needs_time(self) -> bool:
        """It is seen, and only not for long enough to be called idle."""
        return self.state == "unknown" and self.evidence.startswith(TOO_SHORT)

    @property
    def sees_few(self) -> bool:
        """Some GPUs of it report, and others don't."""
        return self.state == "unknown" and self.evidence.startswith(FEW_REPORT)

    @property
    def works(self) -> bool:
        """It is known to work, on some GPUs at least."""
        return self.state in {"active", "partial"}

    @property
    def works_as_a_whole(self) -> bool:
        """It works, by a source that does not tell its GPUs apart."""
        return self.state == "active" and not self.gpus

    @property
    def idle_gpus(self) -> int:
        """How many of its GPUs are idle."""
        return sum(gpu.state in IDLE_STATES for gpu in self.gpus)


def judge_gpu(trace: GpuTrace, rule: IdleRule, now: int) -> GpuVerdict:
    """Judge one GPU from its trace; of one that is not reported any more nothing is known, whatever others do."""
    worked = trace.last_active_at is not None and now - trace.last_active_at <= (rule.window_minutes + 1) * MINUTE_MS
    if not _is_reported(trace, rule, now):
        return GpuVerdict(trace.gpu, "unknown", trace.last_minute_at)
    span = now // MINUTE_MS * MINUTE_MS - trace.quiet_since if trace.quiet_since is not None else 0
    if span >= rule.window_minutes * MINUTE_MS and trace.quiet_minutes >= rule.quiet_needed:
        empty = trace.compute_processes == 0 and is_empty(trace.memory_used_mib, rule)
        return GpuVerdict(trace.gpu, "free" if empty else "held", trace.quiet_since)
    if worked:
        return GpuVerdict(trace.gpu, "active", trace.last_active_at)
    return GpuVerdict(trace.gpu, "unknown", trace.last_minute_at)


def _is_reported(trace: GpuTrace, rule: IdleRule, now: int) -> bool:
    # A reading from the future is a clock that was set back: it says nothing about now, however new it looks.
    return trace.last_minute_at is not None and abs(now - trace.last_minute_at) <= rule.stale_minutes * MINUTE_MS


def judge(
    traces: Sequence[GpuTrace],
    rule: IdleRule,
    now: int,
    *,
    gpu_count: int,
    launched_at: int | None = None,
    heard: AgentReport | None = None,
) -> Verdict:
    """Judge an instance that should have `gpu_count` GPUs (0: not known, so what reports is all there is).

    What was seen before `launched_at` was another launch and says nothing about this one. `heard` is what its agent
    says of itself: one that sees fewer GPUs than before speaks for those it sees alone.
    """
    traces = [_of_this_launch(trace, launched_at) for trace in traces]
    gpus = tuple(judge_gpu(trace, rule, now) for trace in traces)
    if heard is not None and not heard.is_lately(now, rule.stale_minutes):
        heard = None
    seen = len(gpus) if heard is None else min(len(gpus), heard.gpus_seen)
    state = _together([gpu.state for gpu in gpus], missing=seen < gpu_count)
    judged = list(zip(traces, gpus, strict=True))
    evidence = _evidence(state, judged, rule, now, gpu_count=gpu_count, heard=heard)
    return Verdict(state, _since(state, gpus), evidence, now, gpus)


def _of_this_launch(trace: GpuTrace, launched_at: int | None) -> GpuTrace:
    if launched_at is None or trace.last_minute_at is None:
        return trace
    if trace.last_minute_at < launched_at:
        return GpuTrace(trace.gpu)
    worked_at, quiet_since = trace.last_active_at, trace.quiet_since
    if (worked_at is None or worked_at >= launched_at) and (quiet_since is None or quiet_since >= launched_at):
        return trace  # of most GPUs at every judging, and a copy takes as long as all the rest of it
    worked = worked_at is not None and worked_at >= launched_at
    quiet_since = None if quiet_since is None else max(quiet_since, launched_at)
    return replace(trace, last_active_at=worked_at if worked else None, quiet_since=quiet_since)


def is_empty(used_mib: int | None, rule: IdleRule) -> bool:
    """So little memory is in use that nothing sits on it; what is not known is not empty."""
    return used_mib is not None and used_mib < rule.held_mib


def _together(states: Sequence[GpuState], *, missing: bool) -> VerdictState:
    idle = sum(state in IDLE_STATES for state in states)
    if not states:
        return "unknown"
    if "active" in states:
        return "partial" if idle else "active"
    if missing or "unknown" in states:
        return "unknown"
    return "free" if all(state == "free" for state in states) else "held"


def _since(state: VerdictState, gpus: Sequence[GpuVerdict]) -> int | None:
    """Since when the instance is what it is: when the last of the GPUs that make it so became so."""
    telling = {"active": frozenset({"active"}), "unknown": frozenset({"unknown"})}.get(state, IDLE_STATES)
    return max((gpu.since for gpu in gpus if gpu.state in telling and gpu.since is not None), default=None)


Judged = Sequence[tuple[GpuTrace, GpuVerdict]]


def _evidence(
    state: VerdictState, judged: Judged, rule: IdleRule, now: int, *, gpu_count: int, heard: AgentReport | None
) -> str:
    traces = [trace for trace, _ in judged]
    if state == "unknown" and heard is not None and not heard.gpus_seen:
        return heard.sees_none
    if not any(trace.last_minute_at for trace in traces):
        return NEVER_REPORTED if heard is None else "its agent has only just begun to report"
    if state == "unknown":
        return _why_unknown(judged, rule, now, gpu_count=gpu_count, heard=heard)
    peak = max((trace.util_max for trace in traces if trace.util_max is not None), default=None)
    used = "their use not known" if peak is None else f"at {'most ' if peak >= 1 else ''}{peak:.0f} %"
    if state in {"active", "partial"}:
        worked = sum(gpu.state == "active" for _, gpu in judged)
        whole, span = max(len(traces), gpu_count), f"within the last {rule.window_minutes} minutes"
        told = f"{worked} of {whole} GPUs worked {span}, {used} in the last one"
        few = _too_few(judged, rule, now, gpu_count=gpu_count, heard=heard)
        return "; ".join([told, *few, *_by_power(judged), *_suspects(judged, rule, now)])
    quiet = min(trace.quiet_minutes for trace in traces)
    tail = _what_is_held(traces) if state == "held" else "no programs"
    everyone = f"all {len(traces)} GPUs" if len(traces) > 1 else "its GPU"
    return f"{tail}, {everyone} {used}; no work seen in {quiet} of the last {rule.window_minutes} minutes"


def _by_power(judged: Judged) -> list[str]:
    """GPUs that only their power shows at work."""
    drawn = [trace for trace, gpu in judged if gpu.state == "active" and trace.active_by == "power"]
    if not drawn:
        return []
    names = ", ".join(str(trace.gpu) for trace in drawn)
    return [f"GPU {names} by power alone: well above what it draws when idle"]


def _suspects(judged: Judged, rule: IdleRule, now: int) -> list[str]:
    """What looks like a keep-alive is said, and counts as work all the same."""
    flat = [
        (trace.gpu, now - trace.flat_since)
        for trace, gpu in judged
        if gpu.state == "active" and trace.flat_since is not None
    ]
    long = [each for each in flat if each[1] >= rule.flat_minutes * MINUTE_MS]
    if not long:
        return []
    names, hours = ", ".join(str(gpu) for gpu, _ in long), min(length for _, length in long) // HOUR_MS
    return [f"suspected keep-alive on GPU {names}: the same low use and memory for {hours} h, power near idle"]


def _what_is_held(traces: Sequence[GpuTrace]) -> str:
    used = [trace.memory_used_mib for trace in traces if trace.memory_used_mib is not None]
    names = ", ".join(sorted({trace.process for trace in traces if trace.process})[:3])
    if not used:
        return "memory not known"
    amount = f"{sum(used) / 1024:.0f} GB"
    return f"{names} {'keep' if ', ' in names else 'keeps'} {amount}" if names else f"{amount} of memory kept"


def _why_unknown(judged: Judged, rule: IdleRule, now: int, *, gpu_count: int, heard: AgentReport | None) -> str:
    last = [trace.last_minute_at or 0 for trace, _ in judged]
    if abs(now - max(last)) > rule.stale_minutes * MINUTE_MS:
        return "no reading lately: its agent is silent"
    if few := _too_few(judged, rule, now, gpu_count=gpu_count, heard=heard):
        return few[0]
    unknown = [trace for trace, gpu in judged if gpu.state == "unknown"]
    if unread := [trace for trace in unknown if trace.error and trace.util_max is None]:
        names = ", ".join(str(trace.gpu) for trace in unread)
        return f"GPU {names} can't be read: {unread[0].error.rstrip('.')}"
    if blind := [trace.gpu for trace in unknown if trace.util_max is None and trace.compute_processes]:
        names = ", ".join(map(str, blind))
        return f"GPU {names} has a program and no reading of its use (MIG, or not supported): it can't be judged"
    quiet = min(trace.quiet_minutes for trace in unknown)
    return f"{TOO_SHORT} {quiet} of the {rule.window_minutes} minutes the rule needs"


def _too_few(judged: Judged, rule: IdleRule, now: int, *, gpu_count: int, heard: AgentReport | None) -> list[str]:
    """That fewer GPUs report than there are, where some do."""
    whole = max(gpu_count, len(judged))
    seen = min(sum(_is_reported(trace, rule, now) for trace, _ in judged), whole if heard is None else heard.gpus_seen)
    return [f"{FEW_REPORT} {seen} of {whole} GPUs report"] if seen < whole else []
