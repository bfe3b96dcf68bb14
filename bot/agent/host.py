"""The host the agent runs on: which boot this is, how long ago it was, and the count of deliveries within it."""

import fcntl
import json
import logging
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.telemetry.sample import boottime

log = logging.getLogger(__name__)

BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """The kernel's name for this boot."""
    return BOOT_ID_FILE.read_text().strip()


@dataclass(frozen=True, slots=True)
class HostTime:
    """Time as the host counts it: never set back, one minute of it is one tick."""

    boot_id: str = field(default_factory=boot_id)
    now: Callable[[], float] = boottime
    """Seconds since boot."""
    pace: float = 1.0
    """How many of these seconds pass in a real one; more than 1 only in tests."""
    ahead_s: float = 0.0
    """So much earlier than whole minutes since boot do those of this host begin, each by the same."""

    def counted(self) -> float:
        """Seconds since boot, as minutes are counted."""
        return self.now() + self.ahead_s

    def tick(self) -> int:
        """Whole minutes since boot, as they are counted."""
        return int(self.counted() // 60)


def spread_of(host: str) -> float:
    """Seconds from 0 to 60, by the host's name: hosts that booted together don't report in the same second."""
    return zlib.crc32(host.encode()) % 60_000 / 1000


class DeliveryCounter:
    """Numbers the deliveries of one boot, across restarts of the agent and beside a second one on the host.

    The file holds the last number. When it is missing or cannot be used, counting goes on from the milliseconds
    since boot: deliveries take longer than that, so it is above every number used before.
    """

    def __init__(self, folder: Path, host_time: HostTime) -> None:
        self._path = folder / "deliveries.json"
        self._time = host_time
        self._last = 0
        self._complained = False

    def next(self) -> int:
        """The number of the next delivery; never given out twice."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # `valet agent --once` may run beside the service
                file.seek(0)
                self._last = self._following(self._saved(file.read()))
                file.truncate(0)
                json.dump({"boot_id": self._time.boot_id, "seq": self._last}, file)
        except OSError as error:
            self._complain(error)
            self._last = self._following(None)
        return self._last

    def _following(self, saved: int | None) -> int:
        return max(self._last, saved if saved is not None else int(self._time.now() * 1000)) + 1

    def _saved(self, text: str) -> int | None:
        """The last number of this boot; None when the file does not say."""
        try:
            saved = json.loads(text)
            return int(saved["seq"]) if saved["boot_id"] == self._time.boot_id else None
        except (ValueError, TypeError, KeyError):
            return None

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            log.warning("The state file %s cannot be written (%s); going on without it.", self._path, error.strerror)
        self._complained = True


def default_state_dir() -> Path:
    """Where the state file goes: below XDG_STATE_HOME, /var/lib for root, else the user's own state folder."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if base:
        return Path(base) / "valet-agent"
    return Path("/var/lib/valet-agent") if os.geteuid() == 0 else Path.home() / ".local/state/valet-agent"
