"""Sums of minutes and of hours, and one cell of the 24-hour strip."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.machines.packing import GpuSum, Point


@dataclass(frozen=True, slots=True)
class HourCell:
    """One hour of an instance."""

    start: int
    known_minutes: float
    """Minutes that were judged, the mean of its GPUs: 0 to 60."""
    active_share: float | None
    """Share of the known GPU-minutes that were active, 0 to 1; None when none is known."""


def hour_cell(start: int, sums: Sequence[GpuSum]) -> HourCell:
    """The cell of an hour that began at `start`."""
    known, active = sum(each.known for each in sums), sum(each.active for each in sums)
    return HourCell(start, known / len(sums) if sums else 0.0, active / known if known else None)


class _Sum:
    """Adds up what was seen of one GPU."""

    __slots__ = ("active", "memory", "quiet", "util", "util_minutes", "util_top", "watts", "watts_minutes")

    def __init__(self) -> None:
        self.active = self.quiet = self.util_minutes = self.watts_minutes = 0
        self.util = self.watts = 0.0
        self.util_top: float | None = None
        self.memory: int | None = None

    def add(self, point: Point) -> None:
        _, state, top, mean, watts, memory, _ = point
        if state == "active":
            self.active += 1
        elif state == "quiet":
            self.quiet += 1
        if mean is not None:
            self.util_minutes += 1
            self.util += mean
        if watts is not None:
            self.watts_minutes += 1
            self.watts += watts
        self._top(top, memory)

    def add_sum(self, part: GpuSum) -> None:
        self.active += part.active
        self.quiet += part.quiet
        self.util_minutes += part.util_minutes
        self.util += (part.util_mean or 0.0) * part.util_minutes
        self.watts_minutes += part.watts_minutes
        self.watts += (part.watts or 0.0) * part.watts_minutes
        self._top(part.util_max, part.memory_max_mib)

    def _top(self, util: float | None, memory: int | None) -> None:
        if util is not None and (self.util_top is None or util > self.util_top):
            self.util_top = util
        if memory is not None and (self.memory is None or memory > self.memory):
            self.memory = memory

    def total(self, gpu: int) -> GpuSum:
        return GpuSum(
            gpu=gpu,
            active=self.active,
            quiet=self.quiet,
            util_minutes=self.util_minutes,
            watts_minutes=self.watts_minutes,
            util_max=self.util_top,
            util_mean=self.util / self.util_minutes if self.util_minutes else None,
            watts=self.watts / self.watts_minutes if self.watts_minutes else None,
            memory_max_mib=self.memory,
        )


def sum_of_minutes(told: Iterable[Iterable[Point]]) -> list[GpuSum]:
    """Each GPU's sum over minutes, each minute being the points of all GPUs."""
    sums: dict[int, _Sum] = {}
    for points in told:
        for point in points:
            if point.gpu not in sums:
                sums[point.gpu] = _Sum()
            sums[point.gpu].add(point)
    return [each.total(gpu) for gpu, each in sorted(sums.items())]


def sum_of_sums(told: Iterable[Iterable[GpuSum]]) -> list[GpuSum]:
    """Each GPU's sum over hours."""
    sums: dict[int, _Sum] = {}
    for parts in told:
        for part in parts:
            sums.setdefault(part.gpu, _Sum()).add_sum(part)
    return [each.total(gpu) for gpu, each in sorted(sums.items())]
