"""What a person has chosen for themselves: digest in person, quiet hours, reminders, machines to hear nothing of."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.days import instant, local

Reminders = Literal["all", "last"]
DigestInPerson = Literal["off", "mornings"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when until when nobody is written to but for what can't wait, by the person's clock; often past midnight."""

    begins: time
    ends: time

    @property
    def never(self) -> bool:
        """They begin and end at the same time: there are none."""
        return self.begins == self.ends

    def cover(self, at: time) -> bool:
        """Whether this time of the day lies within them."""
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends

    def __str__(self) -> str:
        """As in "20:00-08:00"."""
        return "off" if self.never else f"{self.begins:%H:%M}-{self.ends:%H:%M}"


USUAL_QUIET = QuietHours(time(20), time(8))
NO_QUIET = QuietHours(time(0), time(0))
NOON = time(12)


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """One person's; whoever has chosen nothing has the usual ones."""

    person: str
    digest: DigestInPerson = "off"
    quiet: QuietHours = USUAL_QUIET
    reminders: Reminders = "all"
    muted: frozenset[str] = frozenset()
    """Ids of machines of which they are told nothing that is only news."""


def quiet_until(now: int, zone: ZoneInfo, quiet: QuietHours) -> int | None:
    """When the quiet hours end in which an instant lies; None where it lies in none."""
    if quiet.never or not quiet.cover(local(now, zone).time()):
        return None
    day = local(now, zone).date()
    ends = [
        instant(day + timedelta(days=ahead), quiet.ends, zone, again=again)
        for ahead in (0, 1, 2)
        for again in (False, True)
    ]
    # where the clock skips their end, one reading of it lies within them still
    return min(end for end in ends if end > now and not quiet.cover(local(end, zone).time()))


def morning_of(now: int, zone: ZoneInfo, quiet: QuietHours) -> int:
    """When the morning of the local day of an instant begins: as the quiet hours end, or at the usual end of them.

    Quiet hours may also be those of a lunch or of an afternoon.
    """
    usual = USUAL_QUIET.ends
    ends = usual if quiet.never or (quiet.ends > NOON and not quiet.cover(usual)) else quiet.ends
    return instant(local(now, zone).date(), ends, zone)
