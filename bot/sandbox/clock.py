"""The demo's clock: real time, plus what was skipped."""

from bot.domain.clock import Clock, system_clock


class SkippingClock:
    """Runs like the real one, and can be put forward."""

    def __init__(self, real: Clock = system_clock) -> None:
        self._real = real
        self._skipped = 0

    def __call__(self) -> int:
        return self._real() + self._skipped

    def skip(self, length: int) -> None:
        """Put it forward by `length` milliseconds."""
        self._skipped += length
