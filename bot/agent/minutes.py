"""Samples into minutes: pure, so that every figure the bot judges by can be checked on paper."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from bot.domain.machines.readings import MOST_WATTS, Minute, within_bounds
from bot.domain.machines.verdict import IdleRule
from bot.telemetry.sample import Sample

_Known = TypeVar("_Known")

MAX_GAP_S = 150.0
"""An energy reading older than this says nothing about the minute."""
MIN_SPAN_S = 0.5
WORKING_PCT = IdleRule().active_pct


def fold(gpu: int, tick: int, samples: Sequence[Sample], *, before: Sample | None = None) -> Minute:
    """One GPU's minute from its samples in order of time.

    `before` is its last sample of an earlier minute: the energy counter is read from there on, so no time is lost
    between two minutes. `samples` in the result counts readings that can be judged by: those with a utilisation if
    any has one, else those without an error.
    """
    utils = _known([sample.util_max for sample in samples])
    readable = [sample for sample in samples if sample.error is None]
    named = _known([sample.processes for sample in samples])
    return Minute(
        gpu=gpu,
        tick=tick,
        samples=len(utils) or len(readable),
        util_max=max(utils, default=None),
        util_mean=_mean(_known([sample.util_mean for sample in samples])),
        codec_max=max(_known([sample.codec for sample in samples]), default=None),
        watts=mean_watts(samples, before),
        memory_used_mib=max(_known([sample.memory_used_mib for sample in samples]), default=None),
        memory_total_mib=max(_known([sample.memory_total_mib for sample in samples]), default=None),
        compute_processes=max(_known([sample.compute_processes for sample in samples]), default=None),
        graphics_processes=max(_known([sample.graphics_processes for sample in samples]), default=None),
        mig=any(sample.mig for sample in samples),
        error=next((sample.error for sample in reversed(samples) if sample.error), None),
        processes=named[-1] if named else (),
    )


def mean_watts(samples: Sequence[Sample], before: Sample | None) -> float | None:
    """Mean power from the energy counter, else from the gauge; None when neither was read."""
    readings = [sample for sample in samples if sample.energy_mj is not None]
    if readings and before is not None and before.energy_mj is not None:
        readings = [before, *readings] if readings[0].at_s - before.at_s <= MAX_GAP_S else readings
    millijoules, seconds = 0, 0.0
    for first, second in pairwise(readings):
        used = (second.energy_mj or 0) - (first.energy_mj or 0)
        if used >= 0 and second.at_s > first.at_s:  # a counter that went back started anew: skip that stretch
            millijoules, seconds = millijoules + used, seconds + second.at_s - first.at_s
    watts = (
        millijoules / 1000 / seconds if seconds >= MIN_SPAN_S else _mean(_known([sample.watts for sample in samples]))
    )
    known = within_bounds(watts, MOST_WATTS)
    return None if known is None else round(known, 1)


class Folding:
    """Collects samples and gives out the minutes that are over."""

    def __init__(self) -> None:
        self._tick: int | None = None
        self._open: dict[int, list[Sample]] = {}
        self._before: dict[int, Sample] = {}
        self._quiet: set[int] = set()
        """GPUs that did nothing in their last whole minute, nor since."""

    def add(self, tick: int, samples: Mapping[int, Sample]) -> list[Minute]:
        """Take one sample of every GPU; returns the minutes completed by it (those of an earlier tick)."""
        done = self.flush() if tick != self._tick else []
        self._tick = tick
        for gpu, sample in samples.items():
            self._open.setdefault(gpu, []).append(sample)
        return done

    def flush(self) -> list[Minute]:
        """The minute begun so far, as it is."""
        if self._tick is None:
            return []
        done = []
        for gpu, samples in sorted(self._open.items()):
            done.append(fold(gpu, self._tick, samples, before=self._before.get(gpu)))
            self._quiet = self._quiet - {gpu} if _works(done[-1]) else self._quiet | {gpu}
            with_energy = [sample for sample in samples if sample.energy_mj is not None]
            if with_energy:
                self._before[gpu] = with_energy[-1]
        self._open.clear()
        return done

    def begun(self) -> list[Minute]:
        """Of each GPU that was quiet and works now, the minute so far, once: a stop must not wait for its end."""
        told = []
        for gpu in sorted(self._quiet & self._open.keys()):
            minute = fold(gpu, self._tick or 0, self._open[gpu], before=self._before.get(gpu))
            if _works(minute):
                self._quiet.discard(gpu)
                told.append(minute)
        return told


def _works(minute: Minute) -> bool:
    """By the figures alone that need no whole minute."""
    return (minute.util_max or 0) >= WORKING_PCT or (minute.codec_max or 0) > 0


def _known(values: Iterable[_Known | None]) -> list[_Known]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None
