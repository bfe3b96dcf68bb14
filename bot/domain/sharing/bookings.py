"""Bookings: claims that start in the future, once or every week, and what stands in their way.

A booking is a wish in somebody's zone; a slot is one time of it, with the GPUs that are kept for it. A weekly slot
stays at its wall time when clocks change, and lasts as long as ever.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.days import instant, local
from bot.domain.machines.verdict import IDLE_STATES, GpuVerdict
from bot.domain.sharing.claims import Claim, GpuChoice

SlotState = Literal["booked", "claimed", "used", "unused", "missed", "off"]
"""booked -> claimed -> used | unused (nobody came, so it was given up)    booked -> missed | off

claimed: its holder has a claim, and nobody knows yet whether they use it. missed: it could not be had in its time.
off: it was cancelled.
"""
MOST_BOOKED_WEEKS = 26
"""A weekly booking ends after this many times, or earlier; then it may be made anew."""
BOOKING_NOTICE_MS = 15 * MINUTE_MS
"""So long before it begins, a holder is told that the machine is not running."""


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What somebody wants to book."""

    from_at: int
    length: int | None = None
    choice: GpuChoice = field(default_factory=GpuChoice)
    weekly: bool = False
    last_day: date | None = None
    """Of a weekly one; None: as long as bookings may go on."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """What was asked for: GPUs of an instance, from a wall time on, for so long."""

    id: str
    instance_id: str
    holder: str
    choice: GpuChoice
    zone: str
    first_day: date
    wall: time
    length: int
    made_at: int
    last_day: date | None = None
    """Of a weekly one; None: it is only once."""
    team: str = ""
    note: str = ""

    @property
    def weekly(self) -> bool:
        """It comes every week."""
        return self.last_day is not None

    def starts(self, after: int, until: int) -> list[int]:
        """When its times begin, of those that begin after an instant and by another."""
        zone = ZoneInfo(self.zone)
        starts = (instant(day, self.wall, zone) for day in self._days(local(until, zone).date() + timedelta(days=1)))
        return [start for start in starts if after < start <= until]

    def _days(self, until: date) -> Iterator[date]:
        day = self.first_day
        last = min(until, self.last_day) if self.last_day else self.first_day
        while day <= last:
            yield day
            day += timedelta(days=7)


@dataclass(frozen=True, slots=True)
class BookingSlot:
    """One time of a booking."""

    id: str
    booking_id: str
    instance_id: str
    holder: str
    gpus: tuple[int, ...]
    from_at: int
    until_at: int
    state: SlotState = "booked"
    team: str = ""
    note: str = ""
    made_at: int = 0
    weekly: bool = False
    claim_id: str = ""
    told_at: int | None = None
    """When its holder was told that the machine is not there for them."""
    outcome: str = ""
    """A sentence: why it came to nothing."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Some GPUs of an instance, kept for somebody for a while: by a claim, a booking, or their turn in the line."""

    instance_id: str
    holder: str
    gpus: tuple[int, ...]
    from_at: int
    until_at: int
    booked: bool
    id: str = ""
    note: str = ""
    team: str = ""
    waited: bool = False
    """Nobody has it yet: somebody in the line gets it then, by what claims and bookings say."""

    def meets(self, from_at: int, until_at: int) -> bool:
        """It covers a part of that time."""
        return self.from_at < until_at and from_at < self.until_at


def hold_from(kept: Claim | BookingSlot) -> Hold:
    """The hold that a claim or a slot amounts to."""
    return Hold(
        instance_id=kept.instance_id,
        holder=kept.holder,
        gpus=kept.gpus,
        from_at=kept.from_at,
        until_at=kept.until_at,
        booked=isinstance(kept, BookingSlot),
        id=kept.id,
        note=kept.note,
        team=kept.team,
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which GPUs are wanted."""

    holder: str
    choice: GpuChoice
    gpu_count: int
    from_at: int
    length: int

    @property
    def until_at(self) -> int:
        """When it would end."""
        return self.from_at + self.length


def pick_free(gap: Gap, holds: Iterable[Hold]) -> tuple[int, ...] | None:
    """The GPUs to keep for it; None when others have them, or the same person has any of the instance by then.

    Raises Refused when the instance has no such GPUs at all.
    """
    there = [hold for hold in holds if hold.meets(gap.from_at, gap.until_at)]
    picked = gap.choice.pick(gap.gpu_count, {gpu for hold in there for gpu in hold.gpus})
    return None if any(hold.holder == gap.holder for hold in there) else picked


def next_free_start(gap: Gap, holds: Iterable[Hold]) -> int | None:
    """The first later time at which it would fit, within a week."""
    known = list(holds)
    ends = sorted({hold.until_at for hold in known if gap.from_at < hold.until_at <= gap.from_at + 7 * DAY_MS})
    for end in ends:
        if pick_free(Gap(gap.holder, gap.choice, gap.gpu_count, end, gap.length), known):
            return end
    return None


def holder_came(gpus: Iterable[GpuVerdict], since: int) -> bool | None:
    """Whether somebody has worked on the GPUs of a claim since it began; None while that is not known."""
    seen = list(gpus)
    if any(gpu.state == "active" and gpu.since is not None and gpu.since >= since for gpu in seen):
        return True
    if not seen or any(gpu.state not in IDLE_STATES or gpu.since is None for gpu in seen):
        return None
    # quiet only since later: something happened that nobody saw, which speaks for the holder
    return any((gpu.since or 0) > since + MINUTE_MS for gpu in seen)
