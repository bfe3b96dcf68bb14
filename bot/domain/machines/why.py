"""Why an instance is called what it is called: the rule, the readings, and everything that counts."""

from dataclasses import dataclass

from bot.domain.acting.actions import Action
from bot.domain.acting.snooze import Snooze
from bot.domain.machines.exemptions import Exemption
from bot.domain.machines.listing import Listing
from bot.domain.machines.readings import AgentReport
from bot.domain.machines.rollups import HourCell
from bot.domain.machines.sources import UnreadSource
from bot.domain.machines.verdict import GpuTrace, IdleRule, Verdict
from bot.domain.sharing.bookings import BookingSlot


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that `/gpu why` tells of one instance."""

    listing: Listing
    rule: IdleRule
    verdict: Verdict
    """As of this moment; the listing's own may be a minute old."""
    traces: tuple[GpuTrace, ...]
    others: tuple[tuple[str, Verdict], ...]
    """What each source but the agent says by itself: its name and its verdict."""
    strip: tuple[HourCell, ...]
    """The last 24 hours, oldest first."""
    heard: AgentReport | None
    """What its agent says of itself; None where none ever reported."""
    missing_gpus: int
    """GPUs that its agent does not see and that somebody may say are gone."""
    exemption: Exemption | None
    snooze: Snooze | None
    action: Action | None
    """A stop that may still happen."""
    asked_first: tuple[str, ...]
    """Holders who have to answer before those who decide on it are asked."""
    obstacle: str | None
    """Why whoever asks could not ask for its stop just now; None when they could, or it is asked for."""
    digest_at: int | None
    """When the next digest of its channel is due; None when digests are off or it has no channel."""
    planned: Action | None = None
    """The stop they could ask for, with what its card would say."""
    booked: BookingSlot | None = None
    """Who has booked it next."""
    unused_micros: int | None = None
    """What it has cost for nothing since it was judged idle, by the ledger; None where it does not idle."""
    tag_doubts: tuple[str, ...] = ()
    """What of its tags looks as if it meant something else than it does, as sentences."""
    unused_day_micros: int = 0
    """And in the last 24 hours, in which it may have idled before."""
    silent: tuple[UnreadSource, ...] = ()
    """The source it comes from, where that can't be read just now: its state is as old as that."""
