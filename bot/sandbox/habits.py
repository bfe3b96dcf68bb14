"""How the GPUs of the made-up company are used: what agents report of it, and what the ledger holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from zlib import crc32

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.packing import GpuSum
from bot.domain.machines.readings import Minute, Process


def chance(*about: object) -> float:
    """A number from 0 to 1 that looks like chance and is always the same for the same words."""
    return crc32("/".join(map(str, about)).encode()) / 2**32


Rhythm = Literal["always", "long days", "office", "seldom"]
HABIT_LENGTH_MS = 36 * HOUR_MS
"""For so long before the beginning works what works at the beginning."""
SPELL = 4 * HOUR_MS
"""For so long at least worked what is quiet at the beginning, before that."""


def works_in(rhythm: Rhythm, name: str, hour: int) -> bool:
    """Whether GPUs of this rhythm work in a clock hour (UTC), in an ordinary week."""
    moment, day = datetime.fromtimestamp(hour / 1000, UTC), hour // DAY_MS
    workday = moment.weekday() < 5
    match rhythm:
        case "always":
            return True
        case "long days":
            return not 2 + chance(name, day) * 3 <= moment.hour < 8
        case "office":
            return workday and 7 + chance(name, day) * 2 <= moment.hour < 18 + chance(name, day, "end") * 3
        case "seldom":
            return workday and 10 <= moment.hour < 13 + chance(name, day, "end") * 4


@dataclass(frozen=True, slots=True)
class HabitJob:
    """A job that somebody has Valet run on a machine: from which minute (since 1970), and up to which."""

    first: int
    end: int
    program: str
    user: str

    def runs_in(self, minute: int) -> bool:
        """Whether it works in that minute."""
        return self.first <= minute < self.end


@dataclass(frozen=True, slots=True)
class Habit:
    """What some GPUs of a machine do: busy at the beginning, or quiet since so many minutes before it."""

    gpus: tuple[int, ...]
    quiet_for: int = 0
    """Minutes before the beginning since when nothing works on them; 0: they work."""
    rhythm: Rhythm = "always"
    """How they worked in the weeks before that."""
    util: tuple[int, int] = (70, 99)
    """Lowest and highest utilisation of a minute of work, percent."""
    held_mib: int = 4
    """Memory in use while quiet; work takes 60 % of the GPU."""
    program: str = "python"
    user: str = "ada"
    watts: tuple[int, int] = (52, 390)
    """Power at rest and at full work."""
    total_mib: int = 81_920

    def is_quiet(self, name: str, at: int, began: int) -> bool:
        """Whether nothing works on them in the minute that begins at `at`; after the beginning all stays as it is."""
        quiet_from = self._quiet_from(began)
        if self.quiet_for and at >= quiet_from:
            return True
        settled = quiet_from - SPELL if self.quiet_for else began - HABIT_LENGTH_MS
        return at < settled // HOUR_MS * HOUR_MS and not works_in(self.rhythm, name, at // HOUR_MS * HOUR_MS)

    def idle_ms(self, name: str, start: int, until: int, began: int) -> int:
        """How long of a span within a clock hour they had been quiet for an hour, so that the rule called them idle."""
        quiet_from, hour = self._quiet_from(began), start // HOUR_MS * HOUR_MS
        if self.quiet_for and until > quiet_from:
            return max(0, until - max(start, quiet_from + HOUR_MS))
        return until - start if all(self.is_quiet(name, at, began) for at in (hour - HOUR_MS, hour)) else 0

    def summed(
        self, name: str, spans: Iterable[tuple[int, int]], began: int, *, launched: int, earlier: Rhythm
    ) -> Iterator[GpuSum]:
        """What was seen of each of its GPUs over spans within clock hours.

        Before the machine's present start (`launched`) they worked in another rhythm.
        """
        before = replace(self, quiet_for=0, rhythm=earlier)
        minutes = {True: 0, False: 0}
        for start, until in spans:
            habit = self if start >= launched else before
            minutes[habit.is_quiet(name, start, began)] += (until - start) // MINUTE_MS
        quiet, active = minutes[True], minutes[False]
        known = quiet + active
        mean = sum(self.util) / 2 * 0.85 * active / known if known else None  # as `_busy` has it on average
        rest, full = self.watts
        for gpu in self.gpus if known else ():
            yield GpuSum(
                gpu,
                active,
                quiet,
                known,
                known,
                util_max=float(self.util[1]) if active else 0.0,
                util_mean=mean,
                watts=rest + 1 + (full - rest) * (mean or 0.0) / 100,
                memory_max_mib=int(self.total_mib * 0.6) if active else self.held_mib,
            )

    def _quiet_from(self, began: int) -> int:
        return began // MINUTE_MS * MINUTE_MS - self.quiet_for * MINUTE_MS

    def readings(self, name: str, tick: int, *, quiet: bool) -> Iterator[Minute]:
        """One minute of each GPU."""
        for gpu in self.gpus:
            yield self._quiet(name, gpu, tick) if quiet else self._busy(name, gpu, tick)

    def _busy(self, name: str, gpu: int, tick: int) -> Minute:
        low, high = self.util
        highest = round(low + (high - low) * chance(name, gpu, tick), 1)
        mean = round(highest * (0.7 + 0.3 * chance(name, gpu, tick, "mean")), 1)
        rest, full = self.watts
        return self._minute(gpu, tick, util=(highest, mean), watts=rest + (full - rest) * mean / 100, used=None)

    def _quiet(self, name: str, gpu: int, tick: int) -> Minute:
        watts = self.watts[0] + 2 * chance(name, gpu, tick)
        return self._minute(gpu, tick, util=(0.0, 0.0), watts=watts, used=self.held_mib)

    def _minute(self, gpu: int, tick: int, *, util: tuple[float, float], watts: float, used: int | None) -> Minute:
        memory = int(self.total_mib * 0.6) if used is None else used
        occupied = memory >= 100
        return Minute(
            gpu=gpu,
            tick=tick,
            samples=4,
            util_max=util[0],
            util_mean=util[1],
            codec_max=0.0,
            watts=round(watts, 1),
            memory_used_mib=memory,
            memory_total_mib=self.total_mib,
            compute_processes=1 if occupied else 0,
            graphics_processes=0,
            processes=(Process(self.program, self.user, memory),) if occupied else (),
        )


def _all(count: int) -> tuple[int, ...]:
    return tuple(range(count))


HABITS: dict[str, tuple[Habit, ...]] = {
    "train-7": (Habit(_all(8), quiet_for=192, rhythm="long days", total_mib=40_960),),
    "train-3": (Habit(_all(8), util=(88, 100), user="bob", program="torchrun", watts=(70, 690)),),
    "train-9": (Habit(_all(8), util=(60, 98), user="cy", program="torchrun"),),
    "nb-2": (
        Habit(
            _all(4),
            quiet_for=340,
            rhythm="seldom",
            held_mib=7_936,
            user="cy",
            program="jupyter",
            total_mib=22_888,
            watts=(24, 280),
        ),
    ),
    "nb-5": (
        Habit((0,), rhythm="office", util=(8, 64), user="cy", program="jupyter", total_mib=22_888, watts=(24, 280)),
    ),
    "ci-gpu": (
        Habit((0,), rhythm="long days", util=(6, 92), user="ci", program="pytest", total_mib=16_384, watts=(12, 70)),
    ),
    "render-1": (Habit((0,), quiet_for=95, rhythm="long days", total_mib=45_776, watts=(32, 340)),),
    "label-1": (Habit((0,), util=(6, 40), user="labels", program="uvicorn", total_mib=22_888, watts=(16, 72)),),
    "sweep-1": (Habit(_all(4), util=(75, 99), user="cy", total_mib=22_888, watts=(16, 72)),),
    "llm-serve": (Habit(_all(4), util=(30, 97), user="llm", program="vllm", total_mib=45_776, watts=(34, 340)),),
    "serve-eu": (Habit((0,), util=(20, 85), user="llm", program="vllm", total_mib=45_776, watts=(32, 340)),),
    "eval-2": (Habit((0,), rhythm="office", util=(30, 95), total_mib=22_888, watts=(24, 280)),),
    "scratch": (Habit((0,), quiet_for=1_330, rhythm="seldom", total_mib=22_888, watts=(24, 280)),),
    "dgx-1": (
        Habit((0, 1, 2, 3, 4, 5), rhythm="long days", util=(80, 100)),
        Habit((6, 7), quiet_for=290, rhythm="seldom"),
    ),
    "dgx-2": (Habit(_all(8), util=(70, 99), user="cy", program="torchrun", watts=(70, 690), total_mib=81_559),),
    "ws-4": (
        Habit((0,), rhythm="office", util=(10, 70), user="bob", program="blender", watts=(22, 290), total_mib=49_140),
        Habit((1,), quiet_for=700, rhythm="seldom", watts=(22, 290), total_mib=49_140),
    ),
}
"""By machine. Those not listed have no agent, so nothing is known of them."""


def habits_of(instance: Instance) -> tuple[Habit, ...]:
    """The habits of a machine's GPUs; none where no agent reports."""
    return HABITS.get(instance.name, ())
