"""Instants are integer UTC epoch milliseconds; a clock is anything that returns one."""

import time
from collections.abc import Callable
from dataclasses import dataclass

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A moment at which a process lived."""

    at: int
    since_boot: int | None = None
    """Milliseconds between the start of the machine and that moment; None where that is not known."""
    boot: str = ""
    """Which start of the machine; empty where that is not known."""


def system_clock() -> int:
    """Now, in milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000
