"""The time that Valet goes by: the wall clock's, unless that jumps while no other clock does.

A clock that was set a day ahead would end every claim and charge a day. So the time since boot (which counts sleep, and
can't be set) carries the time on, and whoever asks is told of a jump until Slack's clock has said who is right.
"""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS, Clock, Heartbeat, system_clock

CLOCKS_APART_MS = 60 * SECOND_MS
"""Clocks that differ by more don't agree. Signed requests are refused beyond 300 s."""
AGREED_FOR_MS = 2 * MINUTE_MS
"""So long must a clock that has jumped agree again, where nobody else tells the time."""
GREETING_MS = 5 * SECOND_MS
"""So long a start waits for Slack's word where this machine's own clocks agree."""
PATIENCE_MS = 10 * MINUTE_MS
"""And so long where nothing but the wall clock is left, after a boot and a long absence."""
SHORT_ABSENCE_MS = HOUR_MS
TICKING_MS = 5 * SECOND_MS
"""Slack names whole seconds, and an answer takes its time."""
KERNEL_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def since_boot() -> int:
    """Milliseconds since this machine started, those it slept included where the system counts them."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


def kernel_boot_id() -> str:
    """Which start of the machine this is; empty where the system does not say."""
    try:
        return KERNEL_BOOT_ID.read_text().strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far the wall clock is ahead of another's, in milliseconds, and of whose."""

    by: int
    whose: str = "Slack's"


@dataclass(frozen=True, slots=True)
class _Reading:
    """All clocks at one moment."""

    now: int
    wall: int
    boot: int

    @property
    def gap(self) -> int:
        """By how much the wall clock is ahead of the time we go by."""
        return self.wall - self.now


class SteadyClock:
    """A clock that no jump of the wall clock moves; threads may share it."""

    def __init__(self, wall: Clock = system_clock, since_boot: Clock = since_boot, boot: str = "") -> None:
        self._wall, self._since_boot, self._boot = wall, since_boot, boot
        self._lock = threading.Lock()
        self._offset = wall() - since_boot()
        self._known_gap = 0
        """How far ahead the wall clock is known to be."""
        self._doubted_at: int | None = None
        self._agreed_at: int | None = None
        self._calm = AGREED_FOR_MS
        self._last_told: tuple[int, int] | None = None
        """What Slack's clock said when it agreed with none of ours, and when that was, since boot."""

    def __call__(self) -> int:
        """Now, in milliseconds since 1970-01-01 UTC."""
        with self._lock:
            return self._read().now

    @property
    def wall(self) -> int:
        """What the machine's clock says."""
        return self._wall()

    @property
    def gap(self) -> int:
        """By how many milliseconds the machine's clock is ahead of the time we go by."""
        with self._lock:
            return self._read().gap

    @property
    def is_sure(self) -> bool:
        """Whether the time is known: nothing ends, is charged or is stopped while it is not."""
        with self._lock:
            self._read()
            return self._doubted_at is None

    @property
    def heartbeat(self) -> Heartbeat:
        """This moment, for `begin` of the next process."""
        with self._lock:
            reading = self._read()
            return Heartbeat(reading.now, reading.boot, self._boot)

    def begin(self, last: Heartbeat | None) -> None:
        """Go on from where the process before ended; until Slack has told the time, or for a while, nothing is sure."""
        with self._lock:
            boot, wall = self._since_boot(), self._wall()
            self._calm = GREETING_MS
            if last is None:
                pass
            elif last.boot and last.boot == self._boot and last.since_boot is not None and boot >= last.since_boot:
                self._offset = last.at - last.since_boot
            elif wall < last.at - CLOCKS_APART_MS:
                self._offset, self._calm = last.at - boot, AGREED_FOR_MS
            elif wall - last.at > SHORT_ABSENCE_MS:
                self._calm = PATIENCE_MS
            self._doubted_at = self._agreed_at = boot

    def told(self, theirs: int) -> None:
        """Another's clock, such as Slack's, says that it is this late: whichever of ours agrees is right.

        Where none of ours does, the other counts once it has been seen to go on.
        """
        with self._lock:
            reading = self._read()
            if abs(reading.now - theirs) <= CLOCKS_APART_MS:
                self._settle(reading, reading.now)
            elif abs(reading.wall - theirs) <= CLOCKS_APART_MS:
                self._settle(reading, reading.wall)
            elif self._has_ticked(theirs, reading.boot):
                self._settle(reading, theirs)
            else:
                self._last_told = theirs, reading.boot
                self._doubt(reading.boot)

    def _has_ticked(self, theirs: int, boot: int) -> bool:
        if self._last_told is None:
            return False
        before, then = self._last_told
        return boot - then >= SECOND_MS and abs((theirs - before) - (boot - then)) <= TICKING_MS

    def _settle(self, reading: _Reading, now: int) -> None:
        self._offset, self._known_gap = now - reading.boot, reading.wall - now
        self._doubted_at = self._agreed_at = self._last_told = None
        self._calm = AGREED_FOR_MS

    def _doubt(self, boot: int) -> None:
        if self._doubted_at is None:
            self._doubted_at = boot
        self._agreed_at = None

    def _read(self) -> _Reading:
        """Read all clocks, follow the wall clock where it goes on as it should, and notice where it does not."""
        boot, wall = self._since_boot(), self._wall()
        reading = _Reading(boot + self._offset, wall, boot)
        if abs(reading.gap) <= CLOCKS_APART_MS:
            self._offset, self._known_gap = wall - boot, 0
            reading = _Reading(wall, wall, boot)
        elif abs(reading.gap - self._known_gap) > CLOCKS_APART_MS:
            self._doubt(boot)
            return reading
        if self._doubted_at is not None and self._last_told is None:
            self._grow_calm(boot)
        return reading

    def _grow_calm(self, boot: int) -> None:
        if self._agreed_at is None:
            self._agreed_at = boot
        if boot - self._agreed_at >= self._calm:
            self._doubted_at = self._agreed_at = None
            self._calm = AGREED_FOR_MS
