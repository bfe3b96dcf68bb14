"""The demo's clock: it starts in the morning, runs like the real one, and can be put forward."""

from bot.domain.clock import DAY, HOUR, MINUTE, Clock, system_clock

MORNING = 9 * HOUR + 12 * MINUTE
"""When the demo's day begins: 09:12 UTC, just after the digests."""


class SkippingClock:
    """Starts today at 09:12 UTC."""

    def __init__(self, real: Clock = system_clock) -> None:
        self._real = real
        self._skipped = MORNING - real() % DAY

    def __call__(self) -> int:
        return self._real() + self._skipped

    def skip(self, length: int) -> None:
        """Put it forward by `length` milliseconds."""
        self._skipped += length
