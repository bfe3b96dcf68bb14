"""Rent or buy: what each choice pays month by month, from how many machines really ran at once.

Amounts are micro-dollars; a payment is negative. Month 0 is today, when machines are bought; months 1 to the end of
life follow. Buying some machines and renting the rest covers renting all (none bought) and buying all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.clock import HOUR_MS
from bot.domain.days import MachineHours, MachineMs
from bot.domain.money.ownership import HOURS_PER_MONTH, CostPart, PartName
from bot.domain.money.scope import Scope

ENOUGH_DAYS = 14
"""Under so many measured days nobody is told to buy."""
_FIGURE = re.compile(r"\$?(\d{1,9}(?:,\d{3})*(?:\.\d{1,6})?)(k?)[%$]?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Demand:
    """How much rented machines of one type ran: how long at least one did, how long at least two did, and so on."""

    window_hours: int
    """Hours that were watched, those in which none ran included."""
    at_once: tuple[MachineMs, ...]
    """Milliseconds; the first is of at least one machine."""
    factor: Decimal = Decimal(1)
    """How much longer each machine is supposed to run than was seen; never more than all the time."""

    @classmethod
    def steady(cls, hours_per_month: MachineHours) -> "Demand":
        """One machine (or more, beyond a whole month) that runs so many hours every month."""
        month = HOURS_PER_MONTH * HOUR_MS
        whole, part = divmod(round(hours_per_month * HOUR_MS), month)
        return cls(HOURS_PER_MONTH, tuple(MachineMs(ms) for ms in (*((month,) * whole), part) if ms))

    @property
    def peak(self) -> int:
        """The most machines that ran at once, for however short a time."""
        return len(self.at_once)

    @property
    def hours_per_month(self) -> MachineHours:
        """Machine-hours a month."""
        return self.covered(self.peak)

    def covered(self, machines: int) -> MachineHours:
        """Machine-hours a month that so many machines, always there, would have taken over."""
        return MachineHours(sum(map(self._monthly, self.at_once[:machines]), Decimal(0)))

    def use_of(self, machine: int) -> Decimal:
        """The share of the time, 0 to 1, that the nth machine (from 1 on) would have been used."""
        return sum(map(self._monthly, self.at_once[machine - 1 : machine]), Decimal(0)) / HOURS_PER_MONTH

    def scaled(self, factor: Decimal) -> "Demand":
        """The same machines at once, for more or fewer hours."""
        return replace(self, factor=self.factor * factor)

    def _monthly(self, ms: MachineMs) -> Decimal:
        if not self.window_hours:
            return Decimal(0)
        seen = Decimal(ms) * HOURS_PER_MONTH / HOUR_MS / self.window_hours * self.factor
        return min(seen, Decimal(HOURS_PER_MONTH))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bought server costs, and what renting costs instead."""

    price_micros: int
    """Of one server."""
    rent_micros_per_hour: int
    """Of one instance of the type it replaces."""
    upkeep_micros_per_month: int = 0
    """Power, hosting and staff of one server."""
    life_months: int = 36
    residual_percent: Decimal = Decimal(0)
    yearly_rate: Decimal = Decimal("0.12")
    """Discount rate: what money is worth to the company in a year."""
    tax: Decimal = Decimal(0)
    """Share of profit that goes to tax, which costs and depreciation lower; 0 leaves tax out."""
    replaces: int = 1
    """Instances that one server stands for."""

    @property
    def monthly_rate(self) -> float:
        """The same rate by the month."""
        return float((1 + self.yearly_rate) ** (Decimal(1) / 12)) - 1

    @property
    def residual_micros(self) -> int:
        """What one server is worth at the end."""
        return _whole(self.price_micros * self.residual_percent / 100)


def cash_flows(demand: Demand, terms: Terms, servers: int) -> list[int]:
    """What is paid and got, from month 0 on, when so many servers are bought and the rest of the use is rented."""
    rented = demand.hours_per_month - demand.covered(servers * terms.replaces)
    costs = rented * terms.rent_micros_per_hour + servers * terms.upkeep_micros_per_month
    # straight-line depreciation lowers the tax, but is itself no payment
    spread = Decimal(servers * (terms.price_micros - terms.residual_micros)) / terms.life_months
    monthly = _whole(-costs * (1 - terms.tax) + spread * terms.tax)
    # sold for its book value, so that the sale itself is not taxed
    return [
        -servers * terms.price_micros,
        *([monthly] * (terms.life_months - 1)),
        monthly + servers * terms.residual_micros,
    ]


def monthly_savings(these: Sequence[int], those: Sequence[int]) -> list[int]:
    """Month by month, what the first choice saves over the second."""
    return [one - other for one, other in zip(these, those, strict=True)]


def payback_month(saved: Sequence[float]) -> int | None:
    """The first month in which what was saved has made up for what was paid; None when it never does."""
    total = 0.0
    for month, amount in enumerate(saved):
        total += amount
        if month and total >= 0:
            return month
    return None


def most_servers(demand: Demand, terms: Terms) -> int:
    """So many cover all use, the busiest moment included."""
    return -(-demand.peak // terms.replaces)


def _whole(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFigures:
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


def typed_figure(text: str) -> Decimal | None:
    """The number that people type as 150000, $150,000, 150k or 12.5%; None when it is none."""
    match = _FIGURE.fullmatch(text)
    return Decimal(match[1].replace(",", "")) * (1000 if match[2] else 1) if match else None


@dataclass(frozen=True, slots=True)
class MeasuredUse:
    """How much was rented, and how that is known."""

    hours_per_month: MachineHours
    peak: int
    """The most instances that ran at once."""
    days: int | None
    """Days measured; None when the hours were given."""
    rent_source: str
    """Where the rental rate is from."""


@dataclass(frozen=True, slots=True)
class ServerUpkeep:
    """What one server takes to keep."""

    price_source: str
    parts: tuple[CostPart, ...]
    missing: tuple[PartName, ...]


@dataclass(frozen=True, slots=True)
class PurchaseChoice:
    """So many servers bought and the rest rented, at present value."""

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
class OtherUse:
    """The same purchase at another use."""

    hours_per_month: MachineHours
    saving: int
    """What `weighed` would then save over renting all."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer for one type of instance."""

    scope: Scope
    type: str
    used: MeasuredUse
    terms: Terms
    kept: ServerUpkeep
    rent: PurchaseChoice
    best: PurchaseChoice
    """The number of servers with the highest net present value; 0 where renting is best."""
    everything: PurchaseChoice
    """Enough servers for the busiest moment."""
    weighed: PurchaseChoice
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
    parked: OtherUse | None = None
    """If idle machines were stopped; None where no idle hours are known."""
    recent: OtherUse | None = None
    """If it went on as in the last `ENOUGH_DAYS`; None where no more than those are measured."""

    @property
    def saving(self) -> int:
        """What `weighed` saves over renting all, at present value."""
        return self.weighed.npv - self.rent.npv

    @property
    def too_early(self) -> bool:
        """Whether buying looks better, but on so few days that nobody should rely on it."""
        return bool(self.best.servers) and self.used.days is not None and self.used.days < ENOUGH_DAYS


@dataclass(frozen=True, slots=True)
class RentOrBuyAnswer:
    """The answers for the types of a scope, the dearest to rent first, and the types that could not be weighed."""

    scope: Scope
    answers: tuple[Advice, ...]
    unknown: tuple[str, ...] = ()
    """Types in use for which no price to buy is known."""
