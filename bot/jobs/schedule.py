"""The tick table: every job with its period. What is due is for each job to see from the store, not from a timer.

APScheduler keeps the jobs in memory only: its stored jobs die of a locked database or a moved function. Late is fine
(`misfire_grace_time=None`), twice at once is not (`max_instances=1`), and missed ticks become one (`coalesce`).
"""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.domain.clock import SECOND_MS, Clock, system_clock
from bot.jobs.edge import attempt

WAIT_LOOK_S = 0.5
TIMELESS = frozenset({"database", "groups", "names", "examine database"})
"""Jobs that end, charge, stop and post nothing: they go on while the time is not known."""
LOOKING = TIMELESS | {"sweep", "observe"}
"""Jobs that only look: they go on while another bot may be the one that acts."""


def unhindered() -> bool:
    """Nothing speaks against it."""
    return True


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the table."""

    name: str
    every_s: int
    run: Callable[[], object]


class Schedule:
    """Runs the table until stopped, each job first at once."""

    def __init__(
        self,
        jobs: Sequence[Job],
        clock: Clock = system_clock,
        is_sure: Callable[[], bool] = unhindered,
        acts: Callable[[], bool] = unhindered,
    ) -> None:
        self._jobs = tuple(jobs)
        self._clock = clock
        self._is_sure = is_sure
        self._acts = acts
        self._over = threading.Event()
        self._done_at: dict[str, int] = {}
        self._scheduler = BackgroundScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin; each job runs once right away."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # else it writes of every run and every wait
        now = self._clock()
        for job in self._jobs:
            # a job that never comes to an end grows old from here on
            self._done_at.setdefault(job.name, now)
            # a thread of its own: what a job once took, its thread's heap keeps, and takes again the next time
            self._scheduler.add_executor(ThreadPoolExecutor(1), job.name)
            self._scheduler.add_job(
                self.run,
                "interval",
                args=[job],
                id=job.name,
                executor=job.name,
                seconds=job.every_s,
                next_run_time=datetime.now(UTC),
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.start()

    def run(self, job: Job) -> None:
        """Run one job; a failure is logged and the next tick tries again. While the time is not known, most wait."""
        while (job.name not in TIMELESS and not self._is_sure()) or (job.name not in LOOKING and not self._acts()):
            if self._over.wait(WAIT_LOOK_S):
                return
        done, _ = attempt(f"job {job.name}", job.run)
        if done:
            self._done_at[job.name] = self._clock()

    def run_all(self) -> None:
        """Run every job once, in the table's order."""
        for job in self._jobs:
            self.run(job)

    def run_due(self, but: Collection[str] = ()) -> None:
        """Run every job whose period has passed by the clock since it last ended, in the table's order, but these."""
        now = self._clock()
        for job in self._jobs:
            done = self._done_at.get(job.name)
            if job.name not in but and (done is None or now - done >= job.every_s * SECOND_MS):
                self.run(job)

    def run_now(self) -> None:
        """Have every job run at once: APScheduler goes by the wall clock, and one set back would let none run."""
        for job in self._scheduler.get_jobs() if self._scheduler.running else ():
            job.modify(next_run_time=datetime.now(UTC))

    def ages(self) -> dict[str, int]:
        """Milliseconds since each job last came to its end, or since the start where it never did."""
        now = self._clock()
        return {name: now - done for name, done in dict(self._done_at).items()}

    def stop(self) -> None:
        """Let running jobs end, start no more."""
        self._over.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
