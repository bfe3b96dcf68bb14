"""Reads all GPUs one after the other in a thread of its own, and leaves behind the one that does not answer."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol

from bot.agent.guard import guarded
from bot.domain.machines.readings import Gpu
from bot.telemetry.sample import Sample

log = logging.getLogger(__name__)


class GpuSampler(Protocol):
    """Where samples come from: NVML, or a pretended one."""

    driver: str
    is_broken: bool
    is_outdated: bool

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """The GPUs found by the last `open`."""

    def open(self) -> None:
        """Find the GPUs; raises Unreachable with the reason."""

    def close(self) -> None:
        """Let go."""

    def sample(self, index: int, *, with_processes: bool = False) -> Sample:
        """Read one GPU."""


@dataclass(slots=True)
class _Walk:
    """One pass over some GPUs; all but `ended` is changed under the sampler's lock only."""

    todo: list[tuple[int, bool]]
    """Index of the GPU, and whether to list its programs."""
    got: dict[int, Sample] = field(default_factory=dict)
    step: int = 0
    """Place in `todo` of the GPU being read."""
    is_left: bool = False
    """Nobody waits for it any more."""
    ended: SimpleQueue[None] = field(default_factory=SimpleQueue)


class Sampler:
    """Takes a sample of every GPU, waiting for each `patience_s` to twice that.

    One thread walks over the GPUs. If a call hangs, that thread is left with its GPU and another one goes on; the GPU
    is read again once the call has returned.
    """

    def __init__(self, source: GpuSampler, now: Callable[[], float], *, patience_s: float = 2.0) -> None:
        self._source = source
        self._now = now
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._stuck: set[int] = set()
        self._walks = self._walker()

    @property
    def stuck(self) -> list[int]:
        """GPUs with a call that has not come back."""
        return sorted(self._stuck)

    def take(self, *, processes_of: Iterable[int] = ()) -> dict[int, Sample]:
        """A sample of every GPU by index; for `processes_of` with the programs on it."""
        wanted = set(processes_of)
        indexes = [gpu.index for gpu in self._source.gpus]
        todo = [(index, index in wanted) for index in indexes if index not in self._stuck]
        samples: dict[int, Sample] = {}
        while todo:
            walk = _Walk(todo)
            self._walks.put(walk)
            todo = [] if self._has_ended(walk) else self._leave(walk)
            samples |= walk.got
        missing = f"no answer within {self._patience_s:g} s"
        return {index: samples.get(index) or Sample(self._now(), error=missing) for index in indexes}

    def _has_ended(self, walk: _Walk) -> bool:
        """Wait until the walk has ended, or has not moved on for as long as our patience."""
        seen = -1
        while seen != walk.step:
            seen = walk.step
            try:
                walk.ended.get(timeout=self._patience_s)
            except Empty:
                continue
            return True
        return False

    def _leave(self, walk: _Walk) -> list[tuple[int, bool]]:
        """Leave the walk with the GPU it is at; returns what is still to do."""
        with self._lock:
            if walk.step == len(walk.todo):
                return []
            walk.is_left = True
            index, _ = walk.todo[walk.step]
            self._stuck.add(index)
        log.warning("GPU %d does not answer; going on without it.", index)
        self._walks = self._walker()
        return walk.todo[walk.step + 1 :]

    def _walker(self) -> "SimpleQueue[_Walk]":
        walks: SimpleQueue[_Walk] = SimpleQueue()
        threading.Thread(target=self._walk_on, args=(walks,), name="gpu-walk", daemon=True).start()
        return walks

    def _walk_on(self, walks: "SimpleQueue[_Walk]") -> None:
        while True:
            walk = walks.get()
            read = self._source.sample
            for index, with_processes in walk.todo:
                if not self._note(walk, index, guarded(read, index, with_processes=with_processes)):
                    log.info("GPU %d answers again.", index)
                    return
            walk.ended.put(None)

    def _note(self, walk: _Walk, index: int, sample: Sample | None) -> bool:
        """Hand a sample in; False when the walk was left meanwhile, and the sample is too old to be of use."""
        with self._lock:
            if walk.is_left:
                self._stuck.discard(index)
                return False
            if sample is not None:
                walk.got[index] = sample
            walk.step += 1
            return True
