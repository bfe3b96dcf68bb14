"""How the GPUs of the made-up company are used, minute by minute."""

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from bot.domain.fleet import Instance
from bot.domain.measuring.readings import Minute, Process


def chance(*about: object) -> float:
    """A number from 0 to 1 that looks like chance and is always the same for the same words."""
    return crc32("/".join(map(str, about)).encode()) / 2**32


@dataclass(frozen=True, slots=True)
class Habit:
    """What some GPUs of a machine do: busy all along, or quiet since so many minutes before the beginning."""

    gpus: tuple[int, ...]
    quiet_for: int = 0
    """Minutes before the beginning since when nothing works on them; 0: they work."""
    util: tuple[int, int] = (70, 99)
    """Lowest and highest utilisation of a minute of work, percent."""
    held_mib: int = 4
    """Memory in use while quiet; work takes 60 % of the GPU."""
    program: str = "python"
    user: str = "ada"
    watts: tuple[int, int] = (52, 390)
    """Power at rest and at full work."""
    total_mib: int = 81_920

    def readings(self, name: str, tick: int, ago: int) -> Iterator[Minute]:
        """One minute of each GPU; `ago` is how many minutes before the beginning it lies (negative: after it)."""
        quiet = self.quiet_for > 0 and ago <= self.quiet_for
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
    "train-7": (Habit(_all(8), quiet_for=192, total_mib=40_960),),
    "train-3": (Habit(_all(8), util=(88, 100), user="bob", program="torchrun", watts=(70, 690)),),
    "train-9": (Habit(_all(8), util=(60, 98), user="cy", program="torchrun"),),
    "nb-2": (
        Habit(_all(4), quiet_for=340, held_mib=7_936, user="cy", program="jupyter", total_mib=22_888, watts=(24, 280)),
    ),
    "nb-5": (Habit((0,), util=(8, 64), user="cy", program="jupyter", total_mib=22_888, watts=(24, 280)),),
    "ci-gpu": (Habit((0,), util=(6, 92), user="ci", program="pytest", total_mib=16_384, watts=(12, 70)),),
    "render-1": (Habit((0,), quiet_for=95, total_mib=45_776, watts=(32, 340)),),
    "label-1": (Habit((0,), util=(6, 40), user="labels", program="uvicorn", total_mib=22_888, watts=(16, 72)),),
    "sweep-1": (Habit(_all(4), util=(75, 99), user="cy", total_mib=22_888, watts=(16, 72)),),
    "llm-serve": (Habit(_all(4), util=(30, 97), user="llm", program="vllm", total_mib=45_776, watts=(34, 340)),),
    "serve-eu": (Habit((0,), util=(20, 85), user="llm", program="vllm", total_mib=45_776, watts=(32, 340)),),
    "scratch": (Habit((0,), quiet_for=1_330, total_mib=22_888, watts=(24, 280)),),
    "dgx-1": (Habit((0, 1, 2, 3, 4, 5), util=(80, 100)), Habit((6, 7), quiet_for=290)),
    "dgx-2": (Habit(_all(8), util=(70, 99), user="cy", program="torchrun", watts=(70, 690), total_mib=81_559),),
    "ws-4": (
        Habit((0,), util=(10, 70), user="bob", program="blender", watts=(22, 290), total_mib=49_140),
        Habit((1,), quiet_for=700, watts=(22, 290), total_mib=49_140),
    ),
}
"""By machine. Those not listed have no agent, so nothing is known of them."""


def of(instance: Instance) -> tuple[Habit, ...]:
    """The habits of a machine's GPUs; none where no agent reports."""
    return HABITS.get(instance.name, ())
