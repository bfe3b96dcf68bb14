"""What an owned machine costs an hour of the calendar, part by part, whether it works or not.

Two figures on the scale of rented machines: cash is what is still being paid (power, hosting, staff), full cost has
the purchase spread evenly over its life as well. After its life both are the same.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from bot.domain.money.rates import MICROS_PER_USD

HOURS_PER_YEAR = 8_760
HOURS_PER_MONTH = HOURS_PER_YEAR // 12

PartName = Literal["depreciation", "power", "hosting", "staff"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was paid for a machine, once."""

    usd: Decimal
    on: date
    life_years: Decimal
    residual_percent: Decimal
    """What it is worth at the end of its life, of the price."""

    @property
    def ends_on(self) -> date:
        """The first day after its life."""
        months = self.on.year * 12 + self.on.month - 1 + int((self.life_years * 12).to_integral_value(ROUND_HALF_UP))
        first = date(months // 12, months % 12 + 1, 1)
        return first.replace(day=min(self.on.day, _days_in(first)))


def _days_in(first: date) -> int:
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return (after - first).days


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What a machine takes to keep, each figure None where it is not known: it is then left out, and that is said."""

    watts: Decimal | None = None
    """Of the whole machine."""
    measured: bool = False
    """Whether the watts are those of its GPUs as measured, with what was set for the rest of it."""
    pue: Decimal = Decimal(1)
    """Power of the whole room over that of its machines."""
    usd_per_kwh: Decimal | None = None
    hosting_usd_per_month: Decimal | None = None
    staff_usd_per_month: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CostPart:
    """One part of what an hour costs, and how it was worked out."""

    name: PartName
    micros_per_hour: int
    how: str


@dataclass(frozen=True, slots=True)
class OwnedCost:
    """The parts of an owned machine's hour, and what could not be counted."""

    gpus: int
    parts: tuple[CostPart, ...] = ()
    missing: tuple[PartName, ...] = ()
    life_ends_on: date | None = None
    """None when no purchase is known."""
    set_micros: int | None = None
    """The full cost of an hour as set by hand, which goes before the parts."""

    @property
    def cash_micros(self) -> int:
        """Micro-dollars an hour still being paid."""
        return sum(part.micros_per_hour for part in self.parts if part.name != "depreciation")

    @property
    def full_micros(self) -> int | None:
        """Micro-dollars an hour with the purchase; None when the purchase is not known and nothing is set."""
        if self.set_micros is not None:
            return self.set_micros
        if self.life_ends_on is None:
            return None
        return sum(part.micros_per_hour for part in self.parts)

    def per_gpu(self, micros: int) -> int:
        """The share of one GPU."""
        return (micros + self.gpus // 2) // self.gpus if self.gpus else micros


def owned_cost(
    gpus: int, purchase: Purchase | None, upkeep: Upkeep, today: date, *, set_micros: int | None = None
) -> OwnedCost:
    """Work out the hour of a machine; straight-line over its life, nothing of the purchase after it."""
    kept = upkeep_parts(upkeep)
    parts = (*([_depreciation(purchase, today)] if purchase else []), *kept)
    known = {part.name for part in parts}
    every: tuple[PartName, ...] = ("depreciation", "power", "hosting", "staff")
    missing = tuple(name for name in every if name not in known)
    return OwnedCost(gpus, parts, missing, purchase.ends_on if purchase else None, set_micros)


def _depreciation(bought: Purchase, today: date) -> CostPart:
    paid = f"${bought.usd:,.0f} paid on {_day(bought.on)}"
    if today >= bought.ends_on:
        return CostPart("depreciation", 0, f"{paid}, written off since {_day(bought.ends_on)}")
    lost = bought.usd * (100 - bought.residual_percent) / 100
    less = f" less {bought.residual_percent.normalize():f} % left at the end" if bought.residual_percent else ""
    hours = bought.life_years * HOURS_PER_YEAR
    how = f"{paid}{less}, over {bought.life_years.normalize():f} years, to {_day(bought.ends_on)}"
    return CostPart("depreciation", micros_of_usd(lost / hours), how)


def upkeep_parts(upkeep: Upkeep) -> tuple[CostPart, ...]:
    """Power, hosting and staff, as far as they are known."""
    parts: list[CostPart] = []
    if upkeep.watts is not None and upkeep.usd_per_kwh is not None:
        usd = upkeep.watts * upkeep.pue / 1000 * upkeep.usd_per_kwh
        source = "measured" if upkeep.measured else "set"
        pue = f" x PUE {upkeep.pue.normalize():f}" if upkeep.pue != 1 else ""
        how = f"{upkeep.watts:,.0f} W ({source}){pue} x ${upkeep.usd_per_kwh.normalize():f} per kWh"
        parts.append(CostPart("power", micros_of_usd(usd), how))
    for name, monthly in (("hosting", upkeep.hosting_usd_per_month), ("staff", upkeep.staff_usd_per_month)):
        if monthly is not None:
            how = f"${monthly:,.2f} a month of {HOURS_PER_MONTH} h"
            parts.append(CostPart(name, micros_of_usd(monthly / HOURS_PER_MONTH), how))  # type: ignore[arg-type]  # one of two
    return tuple(parts)


def micros_of_usd(usd: Decimal) -> int:
    """Dollars in whole micro-dollars, rounded half up."""
    return int((usd * MICROS_PER_USD).to_integral_value(ROUND_HALF_UP))


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
