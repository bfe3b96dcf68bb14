"""Rent or buy, answered: what was asked, and everything the answer rests on. Amounts are micro-dollars."""

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.money.buying import Terms
from bot.domain.money.ownership import Part, PartName
from bot.domain.money.report import Scope
from bot.domain.times import MachineHours

ENOUGH_DAYS = 14
"""Under so many measured days nobody is told to buy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Figures a person gave with the question; None where the settings or the ledger have to tell."""

    price_usd: Decimal | None = None
    rate_percent: Decimal | None = None
    life_years: Decimal | None = None
    residual_percent: Decimal | None = None
    tax_percent: Decimal | None = None
    rent_usd_per_hour: Decimal | None = None
    hours_per_month: Decimal | None = None
    watts: Decimal | None = None
    usd_per_kwh: Decimal | None = None
    hosting_usd_per_month: Decimal | None = None
    staff_usd_per_month: Decimal | None = None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """How much was rented, and how that is known."""

    hours_per_month: MachineHours
    peak: int
    """The most instances that ran at once."""
    days: int | None
    """Days measured; None when the hours were given."""
    rent_source: str
    """Where the rental rate is from."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one server takes to keep."""

    price_source: str
    parts: tuple[Part, ...]
    missing: tuple[PartName, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """So many servers bought and the rest rented, as worth today."""

    servers: int
    npv: int
    """Negative: it costs."""


@dataclass(frozen=True, slots=True)
class Swing:
    """What buying saves if one figure turns out lower or higher than taken."""

    what: str
    low_label: str
    low: int
    high_label: str
    high: int


@dataclass(frozen=True, slots=True)
class AtOther:
    """The same purchase at another use."""

    hours_per_month: MachineHours
    saving: int
    """What `weighed` would then save over renting all."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer for one type of instance."""

    scope: Scope
    type: str
    used: Used
    terms: Terms
    kept: Kept
    rent: Choice
    best: Choice
    """The number of servers with the highest net present value; 0 where renting is best."""
    everything: Choice
    """Enough servers for the busiest moment."""
    weighed: Choice
    """What payback, return and swings are about: the best number, or one where that is none."""
    uses: tuple[float, ...]
    """The share of the time each server would be used, 0 to 1, from the first on."""
    break_even: float
    """The share of the time a server must be used to pay; over 1: it never does."""
    payback: int | None
    """Month in which what was saved makes up for the price; None within the life."""
    discounted_payback: int | None
    """The same, later savings counting less."""
    irr: float | None
    """Yearly rate of return."""
    paid: tuple[tuple[int, int, int], ...]
    """Month, paid so far when all is rented, and with `weighed`; discounted."""
    swings: tuple[Swing, ...]
    parked: AtOther | None = None
    """If idle machines were stopped; None where no idle hours are known."""
    recent: AtOther | None = None
    """If it went on as in the last `ENOUGH_DAYS`; None where no more than those are measured."""

    @property
    def saving(self) -> int:
        """What `weighed` saves over renting all, as worth today."""
        return self.weighed.npv - self.rent.npv

    @property
    def too_early(self) -> bool:
        """Whether buying looks better, but on so few days that nobody should rely on it."""
        return bool(self.best.servers) and self.used.days is not None and self.used.days < ENOUGH_DAYS


@dataclass(frozen=True, slots=True)
class Weighed:
    """The answers for the types of a scope, the dearest to rent first, and the types that could not be weighed."""

    scope: Scope
    answers: tuple[Advice, ...]
    unknown: tuple[str, ...] = ()
    """Types in use for which no price to buy is known."""
