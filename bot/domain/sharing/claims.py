"""Who uses an instance, or some of its GPUs, for what and until when."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.errors import Refused

ClaimEndReason = Literal["released", "expired", "gone", "handed", "unused", "booked", "lacking"]
"""booked: somebody had booked the time after its end.
lacking: the machine has none of its GPUs any more.
unused: nobody worked there and its holder did not answer, so it was given up.
"""
CLAIM_GRACE_MS = 10 * MINUTE_MS
"""So long after its end a claim still holds, so that its holder can extend it."""


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """How long a claim may be, in milliseconds."""

    default: int = 8 * HOUR_MS
    longest: int = 14 * DAY_MS
    shortest: int = 5 * MINUTE_MS

    def length(self, wanted: int | None) -> int:
        """The length to grant. Raises Refused when it is too short or too long."""
        if wanted is None:
            return self.default
        if wanted < self.shortest:
            raise Refused(f"A claim lasts at least {self.shortest // MINUTE_MS} minutes. Try 30m, 4h or 2d.")
        if wanted > self.longest:
            most = (
                f"{self.longest // DAY_MS} days" if self.longest >= 2 * DAY_MS else f"{self.longest / HOUR_MS:g} hours"
            )
            try_most = f"{self.longest // DAY_MS}d" if self.longest >= 2 * DAY_MS else f"{self.longest // HOUR_MS}h"
            raise Refused(f"A claim lasts at most {most}. Try 4h or {try_most}.")
        return wanted


@dataclass(frozen=True, slots=True)
class Claim:
    """One person's hold on some GPUs of one instance (all of them by default)."""

    id: str
    instance_id: str
    holder: str
    """Slack user id."""
    from_at: int
    until_at: int
    gpus: tuple[int, ...]
    """Indexes, ascending."""
    team: str = ""
    note: str = ""
    ended_at: int | None = None
    end_reason: ClaimEndReason | None = None
    ended_by: str = ""
    """Who released it or handed it over; empty where nobody did."""


@dataclass(frozen=True, slots=True)
class GpuChoice:
    """The GPUs of an instance that somebody asks for: these, so many, or (with neither) all of them."""

    count: int | None = None
    indexes: tuple[int, ...] = ()

    @property
    def is_whole(self) -> bool:
        """All GPUs are meant."""
        return self.count is None and not self.indexes

    def pick(
        self, gpu_count: int, taken: Collection[int], busy: Collection[int] = (), mine: Collection[int] = ()
    ) -> tuple[int, ...] | None:
        """The GPUs to claim; None when some of them are taken.

        First come those that are `mine` already, at work before idle; then what is open, without work first.

        Raises Refused when the instance has no such GPUs at all.
        """
        have = max(1, gpu_count)
        if self.indexes:
            if self.indexes[-1] >= have:
                raise Refused(f"It has GPUs 0 to {have - 1}; there is no GPU {self.indexes[-1]}.")
            return None if set(self.indexes) & set(taken) else self.indexes
        wanted = have if self.count is None else self.count
        if not 1 <= wanted <= have:
            say = f"It has {have} GPUs, so say gpus:1 to gpus:{have}."
            raise Refused(say if have > 1 else f"It has one GPU, so leave gpus:{wanted} out.")
        open_ones = [gpu for gpu in range(have) if gpu not in taken]
        open_ones.sort(key=lambda gpu: (gpu not in mine, (gpu in busy) != (gpu in mine), gpu))
        return None if len(open_ones) < wanted else tuple(sorted(open_ones[:wanted]))

    def beside(self, mine: Collection[int]) -> "GpuChoice":
        """As much, and none of the GPUs that are `mine` already let go."""
        if self.indexes:
            return GpuChoice(indexes=tuple(sorted({*self.indexes, *mine})))
        return self if self.count is None else GpuChoice(count=max(self.count, len(mine)))


def gpu_words(gpus: Collection[int]) -> str:
    """GPUs by number, where no face writes them: GPU 3, GPUs 0, 1."""
    return f"{'GPU' if len(gpus) == 1 else 'GPUs'} {', '.join(map(str, gpus))}"


class AsNow(Enum):
    """Nothing was said of GPUs."""

    AS_NOW = "as now"


AS_NOW: Final = AsNow.AS_NOW
"""The GPUs that a claim covers already; for whoever holds none of the instance, all of it."""


def claim_changes(before: Claim, after: Claim) -> str:
    """What became of a claim, as people say it; "claimed again" where neither its end nor its GPUs changed."""
    had, has = set(before.gpus), set(after.gpus)
    parts = []
    if after.until_at != before.until_at:
        parts.append("extended" if after.until_at > before.until_at else "shortened")
    if has < had:
        parts.append("let go of some GPUs")
    elif had < has:
        parts.append("took more GPUs")
    elif had != has:
        parts.append("changed to other GPUs")
    return " and ".join(parts) or "claimed again"
