"""Readings as bytes: one row holds all GPUs of a host, so that large fleets fit into one file.

Values are rounded to a tenth (percent, watts). A value that is not known stays unknown.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from bot.domain.machines.readings import MinuteState

_Number = TypeVar("_Number", int, float)
_POINT = struct.Struct("<BBHHHIH")
_SUM = struct.Struct("<BHHHHHHHI")
_STATES: tuple[MinuteState, ...] = ("unknown", "quiet", "active")
_CODES = {state: code for code, state in enumerate(_STATES)}
_NONE16, _NONE32 = 0xFFFF, 0xFFFFFFFF
POINT_BYTES = _POINT.size


class Point(NamedTuple):
    """One GPU in one minute."""

    gpu: int
    state: MinuteState
    util_max: float | None = None
    util_mean: float | None = None
    watts: float | None = None
    memory_used_mib: int | None = None
    compute_processes: int | None = None


class GpuSum(NamedTuple):
    """One GPU over an hour or a day. Counts are minutes; what is in neither of the first two was not known."""

    gpu: int
    active: int = 0
    quiet: int = 0
    util_minutes: int = 0
    """Minutes with a utilisation reading."""
    watts_minutes: int = 0
    util_max: float | None = None
    util_mean: float | None = None
    watts: float | None = None
    memory_max_mib: int | None = None

    @property
    def known(self) -> int:
        """Minutes that were judged."""
        return self.active + self.quiet


def _tenths(value: float | None) -> int:
    return _NONE16 if value is None else min(max(round(value * 10), 0), _NONE16 - 1)


def _whole(value: int | None, none: int) -> int:
    return none if value is None else min(max(value, 0), none - 1)


def pack_points(points: Iterable[Point]) -> bytes:
    """All GPUs of a host in one minute."""
    return b"".join(
        _POINT.pack(
            gpu,
            _CODES[state],
            _tenths(top),
            _tenths(mean),
            _tenths(watts),
            _whole(memory, _NONE32),
            _whole(jobs, _NONE16),
        )
        for gpu, state, top, mean, watts, memory, jobs in points
    )


def unpack_points(packed: bytes) -> Iterator[Point]:
    """What `pack` packed."""
    for gpu, state, top, mean, watts, memory, jobs in _POINT.iter_unpack(packed):
        yield Point(
            gpu,
            _STATES[state],
            None if top == _NONE16 else top / 10,
            None if mean == _NONE16 else mean / 10,
            None if watts == _NONE16 else watts / 10,
            None if memory == _NONE32 else memory,
            None if jobs == _NONE16 else jobs,
        )


def merge_points(kept: Point, told: Point) -> Point:
    """One minute told twice: work seen in either stays seen, and only what both call quiet is quiet.

    Figures are those told last, where there are any: an agent tells of a minute anew once it is over.
    """
    states = {kept.state, told.state}
    state: MinuteState = "active" if "active" in states else "unknown" if "unknown" in states else "quiet"
    tops = [each.util_max for each in (kept, told) if each.util_max is not None]
    return Point(
        kept.gpu,
        state,
        max(tops, default=None),
        _last(kept.util_mean, told.util_mean),
        _last(kept.watts, told.watts),
        _last(kept.memory_used_mib, told.memory_used_mib),
        _last(kept.compute_processes, told.compute_processes),
    )


def _last(kept: _Number | None, told: _Number | None) -> _Number | None:
    return kept if told is None else told


def pack_sums(sums: Iterable[GpuSum]) -> bytes:
    """All GPUs of a host over an hour or a day."""
    return b"".join(
        _SUM.pack(*each[:5], *(_tenths(value) for value in each[5:8]), _whole(each.memory_max_mib, _NONE32))
        for each in sums
    )


def unpack_sums(packed: bytes) -> Iterator[GpuSum]:
    """What `pack_sums` packed."""
    for *counts, top, mean, watts, memory in _SUM.iter_unpack(packed):
        tenths = (None if value == _NONE16 else value / 10 for value in (top, mean, watts))
        # In the order of GpuSum's fields, since millions are read.
        yield GpuSum._make((*counts, *tenths, None if memory == _NONE32 else memory))
