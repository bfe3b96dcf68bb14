"""Rent or buy: what each choice pays month by month, from how many machines really ran at once.

Amounts are micro-dollars; a payment is negative. Month 0 is today, when machines are bought; months 1 to the end of
life follow. Buying some machines and renting the rest covers renting all (none bought) and buying all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.clock import HOUR
from bot.domain.money.ownership import HOURS_PER_MONTH
from bot.domain.times import MachineHours, MachineMs


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
        month = HOURS_PER_MONTH * HOUR
        whole, part = divmod(round(hours_per_month * HOUR), month)
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
        seen = Decimal(ms) * HOURS_PER_MONTH / HOUR / self.window_hours * self.factor
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


def flows(demand: Demand, terms: Terms, servers: int) -> list[int]:
    """What is paid and got, from month 0 on, when so many servers are bought and the rest of the use is rented."""
    rented = demand.hours_per_month - demand.covered(servers * terms.replaces)
    costs = rented * terms.rent_micros_per_hour + servers * terms.upkeep_micros_per_month
    spread = Decimal(servers * (terms.price_micros - terms.residual_micros)) / terms.life_months
    monthly = _whole(-costs * (1 - terms.tax) + spread * terms.tax)
    # sold for its book value, so that the sale itself is not taxed
    return [
        -servers * terms.price_micros,
        *([monthly] * (terms.life_months - 1)),
        monthly + servers * terms.residual_micros,
    ]


def less(these: Sequence[int], those: Sequence[int]) -> list[int]:
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
