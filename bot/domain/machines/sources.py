"""What other sources than the agent say of an instance, and what follows from all of them together.

Work seen by any source is work. What one calls idle and another active is not idle, and the evidence says so. A source
that has told nothing lately does not count, but for the work it saw within the window: that was seen, and a source
that dies must not make a working machine idle. Where no agent tells, another source gives a verdict by the same rule.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.source_history import SourceHistory, trace_of
from bot.domain.machines.states import in_words
from bot.domain.machines.verdict import (
    IDLE_STATES,
    TOO_SHORT,
    GpuState,
    GpuTrace,
    GpuVerdict,
    IdleRule,
    Verdict,
    VerdictState,
    judge,
)

AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Account:
    """All that one source has told of one instance."""

    source: str
    """As people know it: "CloudWatch", "Prometheus"."""
    trails: tuple[SourceHistory, ...]
    stale_minutes: int
    """Without a reading for this long the source does not count."""

    @property
    def newest(self) -> int:
        """End of the newest minute it has told of."""
        return max((trail.head + MINUTE_MS for trail in self.trails), default=0)


def judge_account(
    account: Account,
    rule: IdleRule,
    now: int,
    *,
    gpu_count: int,
    launched_at: int | None = None,
    booted_at: int | None = None,
) -> Verdict:
    """One source's own verdict, by the same rule, as of the newest minute it has told of.

    A source that tells of the instance as a whole is taken to speak of every GPU when idle, of none by name else.
    Nothing counts as quiet right after `booted_at` either: a machine may boot without being launched anew.
    """
    as_of = min(now, account.newest)
    trails = _latest_kind(account.trails, launched_at)
    if not trails or abs(now - account.newest) > account.stale_minutes * MINUTE_MS:
        silent = Verdict("unknown", account.newest, f"silent for {_minutes(now - account.newest)}", now)
        return remembering(silent, [trace_of(each, rule) for each in trails], rule, launched_at=launched_at)
    whole = trails[0].gpu is None
    began_at = max((at for at in (launched_at, booted_at) if at), default=None)
    traces = [trace_of(each, rule, launched_at=began_at) for each in trails]
    told_of = 1 if whole else gpu_count
    verdict = judge(traces, rule, as_of, gpu_count=told_of, launched_at=launched_at)
    gpus = _for_every_gpu(verdict, gpu_count) if whole else verdict.gpus
    evidence = _evidence(verdict.state, traces, rule, now, missing=max(0, told_of - len(traces)))
    return Verdict(verdict.state, verdict.since, evidence, now, gpus)


def remembering(
    verdict: Verdict, traces: Sequence[GpuTrace], rule: IdleRule, *, launched_at: int | None = None
) -> Verdict:
    """An unknown verdict of a source that saw work within the window, and of this launch, says active."""
    worked = [each.last_active_at for each in traces if each.last_active_at is not None]
    ago = verdict.judged_at - max(worked, default=0)
    of_now = bool(worked) and (launched_at is None or max(worked) >= launched_at)
    if verdict.state != "unknown" or not of_now or ago > (rule.window_minutes + 1) * MINUTE_MS:
        return verdict
    evidence = f"{verdict.evidence}, saw work {_minutes(ago)} ago"
    return Verdict("active", max(worked), evidence, verdict.judged_at)


def _latest_kind(trails: Sequence[SourceHistory], launched_at: int | None) -> list[SourceHistory]:
    """The trails of this launch: by GPU, or of the whole where that is newer. What came before is of other GPUs."""
    of_now = [each for each in trails if launched_at is None or each.head >= launched_at]
    newest = max((each.head for each in of_now), default=0)
    by_gpu = [each for each in of_now if each.gpu is not None]
    if any(each.head == newest for each in by_gpu):
        return by_gpu
    return [each for each in of_now if each.gpu is None]


def _for_every_gpu(verdict: Verdict, gpu_count: int) -> tuple[GpuVerdict, ...]:
    if not verdict.is_idle:
        return ()
    return tuple(GpuVerdict(gpu, verdict.gpus[0].state, verdict.since) for gpu in range(max(1, gpu_count)))


def _evidence(state: VerdictState, traces: Sequence[GpuTrace], rule: IdleRule, now: int, *, missing: int) -> str:
    peak = max(each.util_max or 0.0 for each in traces)
    last = max((each.last_active_at for each in traces if each.last_active_at is not None), default=None)
    if state in {"active", "partial"} and last is not None:
        by_power = ", by power alone" if any(each.active_by == "power" for each in traces) else ""
        return f"worked {_minutes(now - last)} ago, at most {peak:.0f} % in the last minute it has{by_power}"
    if missing:
        return f"{missing} of the GPUs not seen"
    if state not in IDLE_STATES and any(each.may_be_ratio for each in traces):
        return f"it reports {peak:.2g}, which is either a small percentage or a ratio: it can't be judged"
    quiet = min(each.quiet_minutes for each in traces)
    seen = f"{peak:.0f} % at most; no work seen in {quiet} of the last {rule.window_minutes} minutes"
    if state not in IDLE_STATES:
        return f"{TOO_SHORT} {quiet} of the {rule.window_minutes} minutes the rule needs, {peak:.0f} % at most"
    used = [each.memory_used_mib for each in traces if each.memory_used_mib is not None]
    if len(used) < len(traces):
        return f"memory not known, {seen}"
    return f"{sum(used) / 1024:.0f} GB of memory kept, {seen}" if state == "held" else f"no GPU memory in use, {seen}"


def _minutes(length: int) -> str:
    return f"{max(0, length) // MINUTE_MS} min"


def sees_but_cannot_measure(traces: Sequence[GpuTrace], rule: IdleRule, now: int, *, gpu_count: int) -> bool:
    """The agent reports now, and misses a GPU or has no utilisation of one: MIG, lost, hanging.

    What another source has for such a GPU may be a false zero.
    """
    fresh = [
        each
        for each in traces
        if each.last_minute_at is not None and abs(now - each.last_minute_at) <= rule.stale_minutes * MINUTE_MS
    ]
    return bool(fresh) and (len(fresh) < max(gpu_count, len(traces)) or any(each.util_max is None for each in fresh))


def combine(
    agent: Verdict, others: Sequence[tuple[str, Verdict]], *, gpu_count: int, agent_blind: bool = False
) -> Verdict:
    """One verdict from all sources; `others` are their names and verdicts.

    With `agent_blind` the agent sees a GPU that it can't measure: then no other source makes it idle.
    """
    if not others:
        return agent
    voices = [*others, (AGENT, agent)] if agent.is_mute else [(AGENT, agent), *others]
    speaking = [(name, verdict) for name, verdict in voices if verdict.state != "unknown"]
    gpus = _merged([verdict for _, verdict in speaking])
    state = _state(gpus, [verdict for _, verdict in speaking], gpu_count)
    if state in IDLE_STATES and agent.state == "unknown" and agent_blind:
        state = "unknown"
    clash = _disagree([verdict for _, verdict in speaking])
    evidence = _evidence_of_all(speaking, voices, clash=clash)
    return Verdict(state, _since(state, gpus, speaking) or agent.since, evidence, agent.judged_at, gpus)


def _merged(verdicts: Sequence[Verdict]) -> tuple[GpuVerdict, ...]:
    """Each GPU by all who name it: active if anybody says so, free only if all say so."""
    by_gpu: dict[int, list[GpuVerdict]] = {}
    for verdict in verdicts:
        for gpu in verdict.gpus:
            by_gpu.setdefault(gpu.gpu, []).append(gpu)
    return tuple(_by_everybody(index, said) for index, said in sorted(by_gpu.items()))


def _by_everybody(index: int, said: Sequence[GpuVerdict]) -> GpuVerdict:
    states = {each.state for each in said}
    order: tuple[GpuState, ...] = ("active", "held", "free")
    state: GpuState = next((each for each in order if each in states), "unknown")
    telling = {"active"} if state == "active" else IDLE_STATES if state in IDLE_STATES else {"unknown"}
    since = max((each.since for each in said if each.state in telling and each.since is not None), default=None)
    return GpuVerdict(index, state, since)


def _state(gpus: Sequence[GpuVerdict], verdicts: Sequence[Verdict], gpu_count: int) -> VerdictState:
    states = {gpu.state for gpu in gpus}
    if "active" in states:
        return "partial" if states & IDLE_STATES else "active"
    if any(verdict.state in {"active", "partial"} for verdict in verdicts):
        return "active"
    if not states or "unknown" in states or len(gpus) < gpu_count:
        return "unknown"
    return "free" if states == {"free"} else "held"


def _since(state: VerdictState, gpus: Sequence[GpuVerdict], speaking: Sequence[tuple[str, Verdict]]) -> int | None:
    if state == "active":
        said = [verdict.since for _, verdict in speaking if verdict.state == "active"]
        said += [gpu.since for gpu in gpus if gpu.state == "active"]
    else:
        said = [gpu.since for gpu in gpus if (gpu.state in IDLE_STATES) == (state != "unknown")]
    return max((each for each in said if each is not None), default=None)


def _disagree(verdicts: Sequence[Verdict]) -> bool:
    """One says of a GPU that it idles, another that it works."""
    idle = [{gpu.gpu for gpu in verdict.gpus if gpu.state in IDLE_STATES} for verdict in verdicts]
    busy = [{gpu.gpu for gpu in verdict.gpus if gpu.state == "active"} for verdict in verdicts]
    if any(ours & theirs for ours in idle for theirs in busy):
        return True
    wholly = any(verdict.state == "active" and not verdict.gpus for verdict in verdicts)
    return wholly and any(verdict.is_idle for verdict in verdicts)


def _evidence_of_all(
    speaking: Sequence[tuple[str, Verdict]], voices: Sequence[tuple[str, Verdict]], *, clash: bool
) -> str:
    """What each says, first the one that decided; no agent and no word from one are not worth a line of their own."""
    if clash:
        said = ", ".join(f"{name} says {in_words(verdict.state)}" for name, verdict in speaking)
        return f"sources disagree: {said}; " + "; ".join(f"{name}: {verdict.evidence}" for name, verdict in voices)
    order = [*speaking, *(voice for voice in voices if voice not in speaking)]
    (first, decided), *rest = order
    lead = decided.evidence if first == AGENT else f"{decided.evidence}, by {first}"
    return "; ".join([lead, *(f"{name}: {verdict.evidence}" for name, verdict in rest)])


READ_WITHIN_MS = 5 * MINUTE_MS
"""What was read so lately is not silent."""


@dataclass(frozen=True, slots=True)
class UnreadSource:
    """A source that was not read lately, with what ran there when it was."""

    name: str
    since: int | None
    """When it was last read; None: never."""
    running: int = 0
    """Rented machines that ran then."""
    micros_per_hour: int = 0
    """What those cost, as far as prices are known."""
    exact: bool = True
    """Whether all of those prices are known and exact."""
    error: str = ""
    """Why it could not be read; empty where nobody tried."""


def until(silent: Iterable[UnreadSource], end: int, now: int) -> tuple[UnreadSource, ...]:
    """Those that leave some time before an instant unknown. Of one that was never read, nobody knows since when."""
    return tuple(each for each in silent if (now if each.since is None else each.since) < end)


TOLD_AFTER_MS = 5 * MINUTE_MS
"""What passes sooner is in the log only."""
WELL_FOR_MS = 5 * MINUTE_MS
"""So long a source must be well before its trouble is over: some fail every other minute."""
_VARYING = re.compile(r"[0-9a-f-]*[0-9][0-9a-zA-Z-]*")


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one source stands at a look."""

    source: str
    """As people read it: "ec2/default/us-east-1", "Prometheus at http://...", "the bill"."""
    ok_at: int | None
    """When it was last read; None where it never was, or that is not kept."""
    error: str = ""
    """Why it can't be read; empty while it can."""
    is_prompt: bool = True
    """It is read every few minutes, and what people are answered counts on that."""


@dataclass(frozen=True, slots=True)
class SourceTrouble:
    """A time in which one source can't be read."""

    id: int
    source: str
    since: int
    """When that was first noticed."""
    ok_at: int | None
    error: str
    is_prompt: bool
    told_at: int | None = None
    well_since: int | None = None
    """Since when it can be read again, not yet for long enough."""
    over_at: int | None = None


def is_another_error(before: str, after: str) -> bool:
    """Whether two errors say different things; a request's number or a time in them is no difference."""
    return _VARYING.sub("", before) != _VARYING.sub("", after)
