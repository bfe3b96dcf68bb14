"""Failures on order: a rate limit, an error of Slack's, an HTTP status, a connection that drops."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """How one call fails; with `accept_then_drop` it is carried out and the answer lost."""

    method: str
    error: str = ""
    retry_after: int | None = None
    http_status: int | None = None
    accept_then_drop: bool = False
    body: str | None = None
    """What is answered, word for word, in the place of the true answer."""


class Faults:
    """What is on order, first come, first served for each method."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Fault] = []

    def add(
        self,
        method: str,
        error: str = "",
        *,
        retry_after: int | None = None,
        times: int = 1,
        http_status: int | None = None,
        accept_then_drop: bool = False,
        body: str | None = None,
    ) -> None:
        """Order `times` failures of a method; `retry_after` in seconds makes it a 429."""
        fault = Fault(method, error, retry_after, http_status, accept_then_drop, body)
        with self._lock:
            self._ordered += [fault] * times

    def take(self, method: str) -> Fault | None:
        """The next failure ordered for the method, which is then used up."""
        with self._lock:
            for fault in self._ordered:
                if fault.method == method:
                    self._ordered.remove(fault)
                    return fault
        return None
