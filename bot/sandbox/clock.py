"""The demo's clock: it starts in the morning, runs like the real one, and can be put forward."""

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS, Clock, system_clock

DEMO_BEGINS_MS = 9 * HOUR_MS + 12 * MINUTE_MS
"""When the demo's day begins: 09:12 UTC, just after the digests."""


class SkippingClock:
    """Stands at 09:12 UTC of today until it is started: what was lived before then ends where the first look begins."""

    def __init__(self, real: Clock = system_clock) -> None:
        self._real = real
        self._stands_at: int | None = real() // DAY_MS * DAY_MS + DEMO_BEGINS_MS
        self._skipped = 0

    def __call__(self) -> int:
        return self._real() + self._skipped if self._stands_at is None else self._stands_at

    def start(self) -> None:
        """Let it run from where it stands."""
        if self._stands_at is not None:
            self._skipped, self._stands_at = self._stands_at - self._real(), None

    def skip(self, length: int) -> None:
        """Put it forward by `length` milliseconds."""
        self._skipped += length
