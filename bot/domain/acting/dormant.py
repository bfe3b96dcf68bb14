"""Stopped machines that nobody has started for weeks: since when they stand still, and what that goes on costing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import Standstill
from bot.domain.machines.listing import Listing
from bot.domain.money.ownership import HOURS_PER_MONTH
from bot.domain.money.standing_costs import StandingCost


@dataclass(frozen=True, slots=True)
class Dormant:
    """One machine that has stood still for long."""

    listing: Listing
    still: Standstill
    keeping: StandingCost | None
    """What it goes on costing; None where that is not known."""
    last_holder: str = ""
    last_held: int | None = None
    """When the last claim on it ended, or will."""
    kept: str = ""
    """Why nobody is asked about it; empty where nothing says that it is to stay."""

    @property
    def month_micros(self) -> int | None:
        """What it goes on costing a month; None where that is not known."""
        return self.keeping.micros if self.keeping else None

    def so_far(self, now: int) -> int | None:
        """What it has cost since it stopped, at what it costs now."""
        if self.month_micros is None:
            return None
        return self.month_micros * max(0, now - self.still.since) // (HOURS_PER_MONTH * HOUR_MS)


@dataclass(frozen=True, slots=True)
class Dormancy:
    """The machines that have stood still for at least so many days, those that have cost most so far first."""

    days: int
    found: tuple[Dormant, ...]
    kept: tuple[Dormant, ...] = ()
    """Left out, as they are to stay."""

    @property
    def month_micros(self) -> int:
        """What they go on costing a month; those of which it is not known are left out."""
        return sum(machine.month_micros or 0 for machine in self.found)

    @property
    def unpriced(self) -> int:
        """Machines of which it is not known."""
        return sum(machine.month_micros is None for machine in self.found)

    @property
    def addresses(self) -> int:
        """Elastic IP addresses among what goes on costing."""
        return sum(machine.keeping.addresses or 0 for machine in self.found if machine.keeping)

    def of(self, chosen: Callable[[Dormant], bool]) -> "Dormancy":
        """Those of them that are chosen."""
        return replace(self, found=tuple(filter(chosen, self.found)), kept=tuple(filter(chosen, self.kept)))

    @property
    def exact(self) -> bool:
        """Every one of them was seen to stop."""
        return all(machine.still.exact for machine in self.found)

    def so_far(self, now: int) -> int:
        """What they have cost since they stopped."""
        return sum(machine.so_far(now) or 0 for machine in self.found)


def dormancy(days: int, standing: Iterable[Dormant], now: int) -> Dormancy:
    """What has cost most so far first; what is to stay apart."""

    def dearest_first(machine: Dormant) -> tuple[int, int, str]:
        return -(machine.so_far(now) or 0), machine.still.since, machine.listing.instance.name

    ranked = sorted(standing, key=dearest_first)
    to_stay = tuple(machine for machine in ranked if machine.kept)
    return Dormancy(days, tuple(machine for machine in ranked if not machine.kept), to_stay)
