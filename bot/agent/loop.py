"""The agent's loop: look at the GPUs every few seconds, fold what was seen into minutes, hand them to the sender.

A GPU that begins to work is told of at once.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from bot.agent.guard import Aside, guarded
from bot.agent.host import HostTime
from bot.agent.minutes import Folding
from bot.agent.pause import PAUSED, Controls, Pause
from bot.agent.print import GpuOutlook, gpu_table
from bot.agent.sampler import GpuSampler, Sampler
from bot.agent.sender import About, Sender
from bot.domain.machines.readings import Minute
from bot.errors import Unreachable
from bot.telemetry.procfs import holders
from bot.telemetry.sample import Sample

log = logging.getLogger(__name__)

OBEY_S = 1.0
"""So late at most is a wish for a pause, or its end, noticed; real seconds."""
OPEN_PATIENCE_S = 30.0
"""Without persistence mode the driver takes seconds per GPU to wake."""
OPEN_SLICE_S = 0.25
"""So late at most is the end noticed while the driver wakes."""
CLOSE_PATIENCE_S = 1.0
FINISH_S = 5.0
LATE_S = 0.02
"""Looks are this much after the full interval, so that none falls into the minute before by rounding."""


class AgentLoop:
    """One agent at work. `sender` is None when nothing is to be sent; `show` gets each sample as a table."""

    def __init__(
        self,
        source: GpuSampler,
        sender: Sender | None,
        host_time: HostTime,
        *,
        about: About,
        show: Callable[[str], None] | None = None,
        controls: Controls | None = None,
    ) -> None:
        self.stop = threading.Event()
        """Set it to end `until_told`."""
        self.must_restart = False
        """It ended because only a new process can load the driver's new library."""
        self._source = source
        self._sender = sender
        self._time = host_time
        self._about = about
        self._show = show
        self._controls = controls
        self._pause: Pause | None = None
        self._closing: Aside | None = None
        self._sampler = Sampler(source, host_time.now)
        self._folding = Folding()
        self._outlook = GpuOutlook(about.started_tick)
        self._opening: Aside | None = None
        self._opened_at_tick: int | None = None
        self._is_open = False
        self._tick = host_time.tick()
        self._listed_at: int | None = None
        self._before: dict[int, Sample] = {}

    def once(self) -> str:
        """Two looks a second apart and one push; returns what went wrong (logged already), or nothing."""
        if self._controls is not None:
            self._obey(self._controls)
        self._ensure_open()
        self._look(self._tick)
        self.stop.wait(1.0)
        self._look(self._tick)
        problem = self._about.error or ""
        if self._sender is not None:
            self._sender.offer(self._folding.flush(), self._about)
            self._sender.send()
            problem = problem or self._sender.last.sentence
        self._close()
        return problem

    def until_told(self, interval_s: float) -> None:
        """Look every `interval_s`, push every minute, until `stop` is set; then send what there is and end."""
        if self._sender is not None:
            self._sender.start()
        while self._obeyed_until_due(interval_s):
            guarded(self._step)
        if self._sender is not None:
            self._sender.offer(self._folding.flush(), self._about)
            self._sender.finish(FINISH_S)
            log.info("Stopped with %d minutes not sent.", self._sender.unsent)
        self._close()

    def _obeyed_until_due(self, interval_s: float) -> bool:
        """Wait for the next look, and do meanwhile as `valet agent pause` asks; False when it is time to stop."""
        due = time.monotonic() + self._until_due(interval_s)
        while (left := due - time.monotonic()) > 0:
            if self._controls is not None:
                guarded(self._obey, self._controls)
            if self.stop.wait(min(left, OBEY_S)):
                return False
        return not self.stop.is_set()

    def _obey(self, controls: Controls) -> None:
        wanted = controls.wanted()
        if wanted is None and self._pause is None:
            return
        if wanted is None:
            log.info("The pause is over.")
            self._opened_at_tick = None
            self._about = replace(self._about, error=None)
        elif self._pause is None:
            log.info("Paused for %d minutes at most.", (wanted.until_s - self._time.now()) / 60)
            self._is_open = False
            self._closing = Aside(self._source.close)
            self._about = replace(self._about, error=PAUSED)
        self._pause = wanted
        controls.say(wanted, self._held_by() if wanted else "")

    def _held_by(self) -> str:
        """What keeps the driver from being free, in words."""
        if self._opening is not None and self._has_opened(self._opening):
            self._opening, self._closing = None, Aside(self._source.close)
        if self._opening is not None:
            return "the driver has not finished to start"
        if self._closing is not None and not self._closing.is_over(CLOSE_PATIENCE_S):
            return "NVML does not let go"
        stuck = ", ".join(map(str, self._sampler.stuck))
        if stuck:
            return f"a call to GPU {stuck} hangs"
        return "its device files are still open" if holders(str(os.getpid())) else ""

    def _has_opened(self, opening: Aside) -> bool:
        try:
            return opening.is_over(0)
        except Unreachable:
            return True

    def _step(self) -> None:
        self._ensure_open()
        tick = self._time.tick()
        minutes = self._look(tick)
        begun = self._folding.begun()
        if self._sender is not None and (begun or tick != self._tick):
            self._sender.offer([*minutes, *begun], self._about)
        self._tick = tick

    def _look(self, tick: int) -> list[Minute]:
        """One sample of every GPU, counted to the minute `tick`; returns the minutes that are over with it."""
        gpus = self._source.gpus
        if self._is_open:
            # The driver-wide lock behind process lists is held for milliseconds: once a minute is enough.
            ask_for = [gpu.index for gpu in gpus] if self._listed_at != tick else []
            samples = self._sampler.take(processes_of=ask_for)
            self._listed_at = tick
        else:
            samples = {gpu.index: Sample(self._time.now(), error=self._about.error) for gpu in gpus}
        self._about = replace(self._about, gpus=gpus, driver=self._source.driver)
        minutes = self._folding.add(tick, samples)
        if self._show is not None:
            self._outlook.add(minutes)
            seen = gpu_table(gpus, samples, self._before) if gpus else self._about.error or "no GPU"
            self._show(f"{seen}\n{self._outlook.text(gpus, tick)}")
        self._before = samples
        return minutes

    def _ensure_open(self) -> None:
        """Open NVML, or open it again after the driver went away; tried once a minute."""
        if self._pause is not None:
            return
        if self._is_open and self._source.is_broken:
            self._close()
        tick = self._time.tick()
        if self._is_open or (self._opening is None and self._opened_at_tick == tick):
            return
        self._opened_at_tick = tick
        error = self._open()
        if error != self._about.error:
            log.log(logging.ERROR if error else logging.INFO, "%s", error or "The GPUs can be read.")
        self._about = replace(self._about, error=error)
        self._is_open = error is None
        if self._source.is_outdated:
            self.must_restart = True
            self.stop.set()

    def _open(self) -> str | None:
        """Try to open; returns what is in the way. A call that hangs is waited for again, not made twice."""
        self._opening = self._opening or Aside(self._source.open)
        deadline = time.monotonic() + OPEN_PATIENCE_S
        try:
            while not self._opening.is_over(OPEN_SLICE_S):
                if self.stop.is_set() or time.monotonic() > deadline:
                    return "NVML does not answer; the driver may be hanging."
        except Unreachable as error:
            self._opening = None
            return str(error)
        self._opening = None
        return None

    def _close(self) -> None:
        self._is_open = False
        Aside(self._source.close).is_over(CLOSE_PATIENCE_S)

    def _until_due(self, interval_s: float) -> float:
        """Real seconds to the next multiple of the interval, so that every minute holds its full number of looks."""
        return (interval_s - self._time.counted() % interval_s + LATE_S) / self._time.pace
