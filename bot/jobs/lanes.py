"""The same work for several lanes, each on a thread of its own, so that one that hangs holds up no other."""

import logging
import threading
from collections.abc import Callable, Iterable

from bot.errors import Impaired, ValetError

log = logging.getLogger(__name__)


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
            self._work(lane)
        except Impaired as error:
            log.debug("%s (%s) had to wait: %s", self._name, lane, error)  # the store itself says it, once
        except ValetError as error:
            log.error("%s (%s) failed: %s", self._name, lane, error)  # noqa: TRY400 - the sentence says it all
        except Exception:  # the job edge: one failure must not end the others
            log.exception("%s (%s) failed", self._name, lane)
        finally:
            with self._lock:
                del self._busy[lane]
