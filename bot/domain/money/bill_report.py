"""What `/cost bill` tells: the bill of some days beside our ledger, and where every figure is from."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.domain.money.reconciling import Reconciled, Unseen, Why


@dataclass(frozen=True, slots=True)
class DayBeside:
    """One UTC day of the bill beside the ledger."""

    day: date
    billed_micros: int | None
    """None where the bill has nothing of it."""
    metered_micros: int | None
    """None before the first whole day of our ledger."""
    estimate: bool
    """The bill of it, or its absence, may still change."""
    reasons: Mapping[Why, int]
    """Of the difference; empty where there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A service, team or type over the compared days."""

    name: str
    billed_micros: int
    metered_micros: int | None = None
    """None where our ledger does not tell it apart."""


@dataclass(frozen=True, slots=True)
class BillReport:
    """Some days, oldest first. All sums are over the days that the bill has."""

    first: date
    last: date
    today: date
    days: tuple[DayBeside, ...]
    services: tuple[Beside, ...]
    teams: tuple[Beside, ...]
    types: tuple[Beside, ...]
    unseen: tuple[Unseen, ...]
    """Machines the bill has and our ledger has not, dearest first."""
    source: str
    place: str
    looked_at: int
    as_of: int
    """How new the oldest of its figures is."""
    begins: date | None = None
    """The first day the bill is known of."""
    notes: tuple[str, ...] = ()
    error: str = ""
    """Why the newest look failed, where one failed since."""
    error_at: int | None = None

    @property
    def billed_micros(self) -> int:
        """All that is billed."""
        return sum(day.billed_micros or 0 for day in self.days)

    @property
    def compared(self) -> tuple[DayBeside, ...]:
        """The days that both sides have."""
        return tuple(day for day in self.days if day.billed_micros is not None and day.metered_micros is not None)

    @property
    def metered_micros(self) -> int:
        """Our ledger over the compared days."""
        return sum(day.metered_micros or 0 for day in self.compared)

    @property
    def reasons(self) -> dict[Why, int]:
        """The difference over the compared days, taken apart; the largest reasons first."""
        return largest_first(day.reasons for day in self.compared)


def largest_first(each_day: Iterable[Mapping[Why, int]]) -> dict[Why, int]:
    """Reasons of several days added up."""
    summed: Counter[Why] = Counter()
    for reasons in each_day:
        summed.update(reasons)
    return dict(sorted(((why, micros) for why, micros in summed.items() if micros), key=lambda each: -abs(each[1])))


def unseen_machines(days: Iterable[Reconciled]) -> tuple[Unseen, ...]:
    """What the bill has and our ledger has not, over several days."""
    found: dict[tuple[str, str, str], int] = {}
    for day in days:
        for each in day.unseen:
            key = (each.type, each.instance, each.account)
            found[key] = found.get(key, 0) + each.micros
    summed = [
        Unseen(type=type_, instance=instance, account=account, micros=micros)
        for (type_, instance, account), micros in found.items()
    ]
    return tuple(sorted(summed, key=lambda each: (-each.micros, each.instance, each.type)))
