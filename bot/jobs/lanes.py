"""The same work for several lanes, each on a thread of its own, so that one that hangs holds up no other."""

import threading
from collections.abc import Callable, Iterable

from bot.jobs.edge import attempt


class Lanes:
    """`run` has every lane worked on that is not being worked on yet, and does not wait for any."""

    def __init__(self, name: str, lanes: Callable[[], Iterable[str]], work: Callable[[str], object]) -> None:
        self._name, self._lanes, self._work = name, lanes, work
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}

    def run(self) -> None:
        """Begin on every lane that is free."""
        for lane in self._lanes():
            with self._lock:
                if lane in self._busy:
                    continue
                thread = threading.Thread(target=self._once, args=(lane,), name=f"{self._name} {lane}", daemon=True)
                self._busy[lane] = thread
            thread.start()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Wait for what is under way."""
        with self._lock:
            threads = list(self._busy.values())
        for thread in threads:
            thread.join(timeout_s / len(threads))

    def _once(self, lane: str) -> None:
        try:
            attempt(f"{self._name} ({lane})", lambda: self._work(lane))
        finally:
            with self._lock:
                del self._busy[lane]
