"""What is carried on with every minute of a GPU: which minutes were quiet, and whether it looks like a keep-alive."""

from dataclasses import dataclass, replace

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.readings import Minute, MinuteState
from bot.domain.machines.verdict import IdleRule, is_empty

SPARE_MINUTES = 60
"""Minutes kept beyond the window of the rule."""
DUTY_PCT = 15.0
FLAT_PCT = 3.0
FLAT_MIB = 16
FLAT_GAP_MS = 5 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class QuietMinutes:
    """Which of the last minutes were quiet: bit n stands for n minutes before `head`."""

    head: int | None = None
    bits: int = 0

    def marked(self, at: int, *, quiet: bool, window_minutes: int) -> "QuietMinutes":
        """With the minute that began at `at`."""
        head = at if self.head is None else max(at, self.head)
        length = window_minutes + SPARE_MINUTES
        shift = 0 if self.head is None else min((head - self.head) // MINUTE_MS, length)
        bits = (self.bits << shift) & ((1 << length) - 1)
        place = (head - at) // MINUTE_MS
        if place >= length:
            return replace(self, head=head, bits=bits)
        bits = bits | 1 << place if quiet else bits & ~(1 << place)
        return QuietMinutes(head, bits)

    def count(self, start: int, end: int) -> int:
        """Quiet minutes that began from `start` on and before `end`."""
        return count_bits(self.head, self.bits, start, end)


def count_bits(head: int | None, bits: int, start: int, end: int) -> int:
    """Quiet minutes that began from `start` on and before `end`, both whole minutes."""
    if head is None or not bits:
        return 0
    newest, oldest = max(0, (head - end) // MINUTE_MS + 1), (head - start) // MINUTE_MS
    return ((bits >> newest) & ((1 << max(0, oldest - newest + 1)) - 1)).bit_count()


@dataclass(frozen=True, slots=True)
class FlatStreak:
    """A spell of work that looks like a keep-alive: the same low utilisation and memory, near the power floor."""

    since: int
    until: int
    """End of its last minute."""
    util_mean: float
    memory_used_mib: int


def extend_flat_streak(flat: FlatStreak | None, at: int, minute: Minute, *, suspect: bool) -> FlatStreak | None:
    """Carry a flat spell on by a minute; `suspect`: it worked, and drew no more than its floor explains."""
    if flat is not None and at < flat.since:
        return flat
    mean, memory = minute.util_mean, minute.memory_used_mib
    if not suspect or mean is None or memory is None or mean > DUTY_PCT:
        return None
    if flat is None or at - flat.until > FLAT_GAP_MS or not _alike(flat, mean, memory):
        return FlatStreak(at, at + MINUTE_MS, mean, memory)
    return replace(flat, until=max(flat.until, at + MINUTE_MS))


def _alike(flat: FlatStreak, mean: float, memory: int) -> bool:
    return abs(mean - flat.util_mean) <= FLAT_PCT and abs(memory - flat.memory_used_mib) <= FLAT_MIB


def sign_of_work(minute: Minute, rule: IdleRule, floor_watts: float | None = None) -> str:
    """What makes a minute active: "utilisation", "codec", "power" over the GPU's floor; empty when nothing does."""
    if (minute.util_max or 0) >= rule.active_pct:
        return "utilisation"
    if (minute.codec_max or 0) > 0:
        return "codec"
    if floor_watts is not None and minute.watts is not None and minute.watts > floor_watts + rule.veto_watts:
        return "power"
    return ""


def minute_state(minute: Minute, rule: IdleRule, *, started_tick: int, floor_watts: float | None = None) -> MinuteState:
    """Judge one minute; `started_tick` is the tick at which the agent started, `floor_watts` None when not learned."""
    if sign_of_work(minute, rule, floor_watts):
        return "active"
    settled = minute.tick >= rule.settle_minutes and minute.tick - started_tick >= rule.settle_minutes
    if minute.samples < 3 or not settled:
        return "unknown"
    if minute.util_max is not None and not minute.mig:
        return "quiet"
    empty = minute.compute_processes == 0 and not minute.graphics_processes
    return "quiet" if empty and is_empty(minute.memory_used_mib, rule) else "unknown"
