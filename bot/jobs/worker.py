"""A thread that does one thing when it is woken, and now and then anyway."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from bot.jobs.edge import attempt


class Worker:
    """Runs `work` on a thread of its own: at once after `wake()`, else every `period_s` seconds.

    Work that returns a float is done again after so many seconds, if that is sooner.
    """

    def __init__(self, name: str, work: Callable[[], object], period_s: float) -> None:
        self.name = name
        self._work = work
        self._period_s = period_s
        self._woken = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._done_at = time.monotonic()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Work as soon as possible."""
        self._woken.set()

    @property
    def age_s(self) -> float:
        """Seconds since it last came to the end of its work."""
        return time.monotonic() - self._done_at

    def stop(self, timeout_s: float = 20.0) -> None:
        """Finish what is under way and end."""
        self._over.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _loop(self) -> None:
        while not self._over.is_set():
            self._woken.clear()
            pause = self._once()
            self._done_at = time.monotonic()
            self._woken.wait(pause)

    def _once(self) -> float:
        """Work; seconds until the next time."""
        _, wanted = attempt(self._thread.name, self._work)
        return min(wanted, self._period_s) if isinstance(wanted, float) else self._period_s


log = logging.getLogger(__name__)


class KeyedThreads:
    """A thread for every key that has work: `run` begins on each key that is not being worked on, and waits for none.

    `work_by_key` says what there is to do.
    """

    def __init__(self, name: str, work_by_key: Callable[[], Mapping[str, Callable[[], object]]]) -> None:
        self._name, self._work_by_key = name, work_by_key
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}

    def run(self) -> None:
        """Begin on every key that nobody works on."""
        for key, work in self._work_by_key().items():
            with self._lock:
                if key in self._busy:
                    continue
                thread = threading.Thread(target=self._once, args=(key, work), name=f"{self._name} {key}", daemon=True)
                self._busy[key] = thread
            try:
                thread.start()
            except RuntimeError:  # the machine has no thread to spare; next time it may
                log.warning("%s (%s) has to wait: no thread is to be had", self._name, key)
                with self._lock:
                    del self._busy[key]

    def stop(self, timeout_s: float = 20.0) -> None:
        """Wait for what is under way."""
        with self._lock:
            threads = list(self._busy.values())
        for thread in threads:
            thread.join(timeout_s / len(threads))

    def _once(self, key: str, work: Callable[[], object]) -> None:
        try:
            attempt(f"{self._name} ({key})", work)
        finally:
            with self._lock:
                del self._busy[key]
