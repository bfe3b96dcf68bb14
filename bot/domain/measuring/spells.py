"""What is carried on with every minute of a GPU: which minutes were quiet, and whether it looks like a keep-alive."""

from dataclasses import dataclass, replace

from bot.domain.clock import MINUTE
from bot.domain.measuring.readings import Minute

ROOM = 60
"""Minutes kept beyond the window of the rule."""
DUTY_PCT = 15.0
FLAT_PCT = 3.0
FLAT_MIB = 16
HOLE = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Quiet:
    """Which of the last minutes were quiet: bit n stands for n minutes before `head`."""

    head: int | None = None
    bits: int = 0

    def marked(self, at: int, *, quiet: bool, window_minutes: int) -> "Quiet":
        """With the minute that began at `at`."""
        head = at if self.head is None else max(at, self.head)
        length = window_minutes + ROOM
        shift = 0 if self.head is None else min((head - self.head) // MINUTE, length)
        bits = (self.bits << shift) & ((1 << length) - 1)
        place = (head - at) // MINUTE
        if place >= length:
            return replace(self, head=head, bits=bits)
        bits = bits | 1 << place if quiet else bits & ~(1 << place)
        return Quiet(head, bits)

    def count(self, start: int, end: int) -> int:
        """Quiet minutes that began from `start` on and before `end`."""
        return count_bits(self.head, self.bits, start, end)


def count_bits(head: int | None, bits: int, start: int, end: int) -> int:
    """Quiet minutes that began from `start` on and before `end`, both whole minutes."""
    if head is None or not bits:
        return 0
    newest, oldest = max(0, (head - end) // MINUTE + 1), (head - start) // MINUTE
    return ((bits >> newest) & ((1 << max(0, oldest - newest + 1)) - 1)).bit_count()


@dataclass(frozen=True, slots=True)
class Flat:
    """A spell of work that looks like a keep-alive: the same low utilisation and memory, near the power floor."""

    since: int
    until: int
    """End of its last minute."""
    util_mean: float
    memory_used_mib: int


def follow_flat(flat: Flat | None, at: int, minute: Minute, *, suspect: bool) -> Flat | None:
    """Carry a flat spell on by a minute; `suspect`: it worked, and drew no more than its floor explains."""
    if flat is not None and at < flat.since:
        return flat
    mean, memory = minute.util_mean, minute.memory_used_mib
    if not suspect or mean is None or memory is None or mean > DUTY_PCT:
        return None
    if flat is None or at - flat.until > HOLE or not _alike(flat, mean, memory):
        return Flat(at, at + MINUTE, mean, memory)
    return replace(flat, until=max(flat.until, at + MINUTE))


def _alike(flat: Flat, mean: float, memory: int) -> bool:
    return abs(mean - flat.util_mean) <= FLAT_PCT and abs(memory - flat.memory_used_mib) <= FLAT_MIB
