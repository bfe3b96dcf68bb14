"""A host without GPUs that looks like one: the world's edge for tests of the agent."""

import threading
import time

from bot.agent.host import HostTime
from bot.agent.post import DoorAnswer
from bot.domain.machines.readings import Gpu
from bot.errors import Unreachable
from bot.telemetry.sample import Sample


class PretendGpus:
    """GPUs whose calls hang, fail or answer as told."""

    driver = "580"

    def __init__(self, count=2):
        self.count = count
        self.is_broken = self.is_outdated = False
        self.hang = {}
        self.missing_driver = None
        self.opened = self.closed = 0
        self.raises = {}
        self.listed = []
        self.util = None
        self._gpus = ()

    @property
    def gpus(self):
        return self._gpus

    def open(self):
        self.opened += 1
        if self.missing_driver:
            raise Unreachable(self.missing_driver)
        self.is_broken = False
        self._gpus = tuple(Gpu(index, f"GPU-{index}", "H100", 81559) for index in range(self.count))

    def close(self):
        self.closed += 1

    def works(self):
        """From now on every GPU does."""
        self.util = 90.0

    def sample(self, index, *, with_processes=False):
        if index in self.hang:
            self.hang[index].wait(20)
        if index in self.raises:
            raise self.raises[index]
        if with_processes:
            self.listed.append(index)
        util = float(index) if self.util is None else self.util
        return Sample(time.monotonic(), util_max=util, util_mean=util, energy_mj=1)


class Hanging(threading.Event):
    """Set it to let the call return."""


class PretendBot:
    """Answers deliveries as told, and keeps them."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.bodies = []

    def __call__(self, body):
        self.bodies.append(body)
        return self.answers.pop(0) if self.answers else DoorAnswer(200)


def stopped_clock(at_s=6000.0):
    return HostTime("boot-1", lambda: at_s)
