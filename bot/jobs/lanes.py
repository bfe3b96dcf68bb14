"""The same work for several lanes, each on a thread of its own, so that one that hangs holds up no other."""

import logging
import threading
from collections.abc import Callable, Mapping

from bot.jobs.edge import attempt

log = logging.getLogger(__name__)


class Lanes:
    """`run` has every lane worked on that is not being worked on yet, and does not wait for any.

    `lanes` says what there is to do, lane by lane.
    """

    def __init__(self, name: str, lanes: Callable[[], Mapping[str, Callable[[], object]]]) -> None:
        self._name, self._lanes = name, lanes
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}

    def run(self) -> None:
        """Begin on every lane that is free."""
        for lane, work in self._lanes().items():
            with self._lock:
                if lane in self._busy:
                    continue
                thread = threading.Thread(
                    target=self._once, args=(lane, work), name=f"{self._name} {lane}", daemon=True
                )
                self._busy[lane] = thread
            try:
                thread.start()
            except RuntimeError:  # the machine has no thread to spare; next time it may
                log.warning("%s (%s) has to wait: no thread is to be had", self._name, lane)
                with self._lock:
                    del self._busy[lane]

    def stop(self, timeout_s: float = 20.0) -> None:
        """Wait for what is under way."""
        with self._lock:
            threads = list(self._busy.values())
        for thread in threads:
            thread.join(timeout_s / len(threads))

    def _once(self, lane: str, work: Callable[[], object]) -> None:
        try:
            attempt(f"{self._name} ({lane})", work)
        finally:
            with self._lock:
                del self._busy[lane]
