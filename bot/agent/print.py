"""What verdict follows from the minutes seen so far, for `valet agent --print`.

The rule is the bot's own, with its default numbers; the bot may be set otherwise and know more.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.agent.minutes import mean_watts
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.readings import Gpu, Minute, MinuteState
from bot.domain.machines.states import in_words
from bot.domain.machines.streaks import minute_state
from bot.domain.machines.verdict import IDLE_STATES, GpuTrace, GpuVerdict, IdleRule, judge
from bot.telemetry.sample import Sample

ZERO = DAY_MS
"""Where tick 0 lies; any instant will do, for only distances count."""


RULE = (
    "by the default rule; the bot may have other numbers for this machine, and weighs the power each GPU draws when "
    "idle, as learned over days"
)


@dataclass(slots=True)
class _Seen:
    """One GPU's past."""

    minutes: deque[tuple[int, MinuteState]]
    latest: Minute | None = None
    active_tick: int | None = None
    quiet_tick: int | None = None
    known_tick: int | None = None


@dataclass(slots=True)
class GpuOutlook:
    """Follows the minutes of every GPU, as the bot does."""

    started_tick: int
    rule: IdleRule = field(default_factory=IdleRule)
    _seen: dict[int, _Seen] = field(default_factory=dict)

    def add(self, minutes: Iterable[Minute]) -> None:
        """Take in minutes that are over, in order of time."""
        for minute in minutes:
            new = _Seen(deque(maxlen=self.rule.window_minutes))
            self._follow(self._seen.setdefault(minute.gpu, new), minute)

    def text(self, gpus: Sequence[Gpu], tick: int) -> str:
        """A line for every GPU and one for the host, at this tick."""
        if not gpus:
            return "host: unknown"
        traces = [self._trace(gpu.index, tick) for gpu in gpus]
        verdict = judge(traces, self.rule, ZERO + tick * MINUTE_MS, gpu_count=len(gpus))
        lines = [f"gpu {each.gpu}: {in_words(each.state)}; {self._why(each, tick)}" for each in verdict.gpus]
        evidence = verdict.evidence if self._seen else "no whole minute seen yet"
        return "\n".join([*lines, f"host: {in_words(verdict.state)}; {evidence} ({RULE})"])

    def _follow(self, seen: _Seen, minute: Minute) -> None:
        state = minute_state(minute, self.rule, started_tick=self.started_tick)
        hole = seen.known_tick is not None and minute.tick - seen.known_tick > self.rule.gap_minutes + 1
        if state == "active":
            seen.active_tick, seen.quiet_tick = minute.tick, None
        elif state == "quiet" and (seen.quiet_tick is None or hole):
            seen.quiet_tick = minute.tick
        if state != "unknown":
            seen.known_tick = minute.tick
        seen.latest = minute
        seen.minutes.append((minute.tick, state))

    def _trace(self, gpu: int, tick: int) -> GpuTrace:
        seen = self._seen.get(gpu)
        if seen is None or seen.latest is None:
            return GpuTrace(gpu)
        largest = max(seen.latest.processes, key=lambda each: each.memory_mib or 0, default=None)
        return GpuTrace(
            gpu,
            last_minute_at=_at(seen.latest.tick),
            last_active_at=None if seen.active_tick is None else _at(seen.active_tick),
            quiet_since=None if seen.quiet_tick is None else _at(seen.quiet_tick),
            quiet_minutes=self._quiet(seen, tick),
            util_max=seen.latest.util_max,
            watts=seen.latest.watts,
            memory_used_mib=seen.latest.memory_used_mib,
            compute_processes=seen.latest.compute_processes,
            process=largest.name if largest else "",
        )

    def _quiet(self, seen: _Seen, tick: int) -> int:
        since = max(seen.quiet_tick or 0, tick - self.rule.window_minutes)
        return sum(state == "quiet" and at >= since for at, state in seen.minutes)

    def _why(self, verdict: GpuVerdict, tick: int) -> str:
        seen = self._seen.get(verdict.gpu)
        if verdict.state in IDLE_STATES and verdict.since is not None:
            return f"no work for {tick - (verdict.since - ZERO) // MINUTE_MS} minutes"
        more = f"{self._still_needed(seen, tick)} more minutes without work until it counts as idle"
        if seen is None or seen.latest is None:
            return more
        if seen.latest.error and not seen.latest.samples:
            return f"{seen.latest.error}; {more}"
        if verdict.state == "active" and seen.active_tick is not None:
            return f"last worked {tick - seen.active_tick} minutes ago; {more}"
        return f"no work for {self._quiet(seen, tick) if seen.quiet_tick is not None else 0} minutes; {more}"

    def _still_needed(self, seen: _Seen | None, tick: int) -> int:
        """Minutes until the rule can say idle, if every one of them is quiet."""
        if seen is not None and seen.quiet_tick is not None:
            span = self.rule.window_minutes - (tick - seen.quiet_tick)
            return max(1, span, self.rule.quiet_needed - self._quiet(seen, tick))
        settled = self.rule.settle_minutes + self.started_tick
        return self.rule.window_minutes + max(0, settled - tick, self.rule.settle_minutes - tick)


def _at(tick: int) -> int:
    return ZERO + tick * MINUTE_MS


PRINTED_HEAD = ("gpu", "model", "util max", "util mean", "memory used", "power", "programs")
NO_READING = "no reading"


def gpu_table(gpus: Sequence[Gpu], samples: Mapping[int, Sample], before: Mapping[int, Sample]) -> str:
    """One line a GPU; `before` holds the samples taken before these, for the power."""
    rows = [PRINTED_HEAD, *(_row(gpu, samples[gpu.index], before.get(gpu.index)) for gpu in gpus)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(PRINTED_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(gpu: Gpu, sample: Sample, before: Sample | None) -> tuple[str, ...]:
    used, total = sample.memory_used_mib, sample.memory_total_mib
    return (
        str(gpu.index),
        (gpu.name or "unknown") + (" (MIG)" if sample.mig else ""),
        _figure(sample.util_max, "%"),
        _figure(sample.util_mean, "%"),
        NO_READING if used is None else f"{used:,} of {total or 0:,} MiB",
        _figure(mean_watts([sample], before), "W"),
        _programs(sample),
    )


def _figure(value: float | None, unit: str) -> str:
    return NO_READING if value is None else f"{value:.0f} {unit}"


def _programs(sample: Sample) -> str:
    if sample.error:
        return sample.error
    if sample.processes is None:
        return ""
    names = [f"{process.name or '(out of sight)'} ({process.user or '?'})" for process in sample.processes]
    return ", ".join(names) or "none"
