"""A token bucket per name: so many at once, so many a minute after that."""

from bot.domain.clock import MINUTE


class Quota:
    """Counts by a clock in milliseconds; a clock set back only delays the refill."""

    def __init__(self, *, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: dict[str, tuple[float, int]] = {}
        """For each name what was left, and when."""

    def wait_ms(self, name: str, now: int) -> int:
        """Take one; 0 when there was one, else the milliseconds until there will be."""
        left, at = self._left.get(name, (float(self._per_minute), now))
        left = min(self._per_minute, left + max(0, now - at) * self._per_minute / MINUTE)
        if left < 1:
            self._left[name] = (left, now)
            return int((1 - left) * MINUTE / self._per_minute) + 1
        self._left[name] = (left - 1, now)
        return 0
