"""Which of the known prices of a rented machine counts, and what is taken off it.

A machine on demand: the company's own figure, else AWS's price list of its region as it was last read, else our own
table. Of the last two a discount is taken off. A spot machine: the spot price of its zone, else the company's own
figure as an estimate; no discount is taken off either, and a list price says nothing of spot.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase

from bot.domain.fleet import Instance
from bot.domain.money.rates import Rate

OWN_FIGURE = "valet.toml"


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars for an hour of a machine or an address, or for a GB of disk a month, before discounts."""

    micros: int
    source: str
    """For people: "AWS on-demand list, us-east-1"."""
    as_of: str = ""
    """The date of the figure, ISO 8601, for spot with the time; empty for the company's own."""
    exact: bool = True
    """False when the figure is another region's, or moves within the hour."""

    @property
    def text(self) -> str:
        """The source with its date."""
        return f"{self.source}, {self.as_of}" if self.as_of else self.source


@dataclass(frozen=True, slots=True)
class Discount:
    """What a company pays below the list, by contract or commitment."""

    percent: Decimal
    source: str
    """Where it is from: "EDP 2026"."""
    types: tuple[str, ...] = ()
    """Instance types, or patterns such as "p4d.*"; none: all."""
    account: str = ""
    """As in the source of an instance; empty: all."""
    until: date | None = None
    """Its last day."""
    ends_at: int | None = None
    """The end of that day."""
    committed: bool = False
    """It is paid whether machines run or not, as a savings plan is."""

    def closeness(self, instance: Instance, now: int) -> tuple[int, bool] | None:
        """How closely it names a machine, to compare with others; None where it does not fit."""
        fits = [len(each.replace("*", "")) for each in self.types if fnmatchcase(instance.type, each)]
        elsewhere = self.account not in {"", instance.account}
        if (self.types and not fits) or elsewhere or self.is_over(now):
            return None
        return max(fits, default=-1), bool(self.account)

    def is_over(self, now: int) -> bool:
        """Its last day is past."""
        return self.ends_at is not None and now >= self.ends_at

    def less(self, micros: int) -> int:
        """A price without what is taken off, to the micro-dollar, rounded half up."""
        left = micros * (100 - self.percent) / 100
        return int(left.to_integral_value(ROUND_HALF_UP))

    @property
    def text(self) -> str:
        """For people: "30 % (Compute Savings Plan until 2027-03-01)"."""
        until = f" until {self.until.isoformat()}" if self.until else ""
        return f"{self.percent.normalize():f} % ({self.source}{until})"


@dataclass(frozen=True, slots=True)
class Priced:
    """What an hour of one machine costs, part by part."""

    price: Price
    discount: Discount | None = None

    @property
    def micros(self) -> int:
        """Micro-dollars after the discount."""
        return self.discount.less(self.price.micros) if self.discount else self.price.micros

    @property
    def rate(self) -> Rate:
        """As the ledger takes it."""
        less = f", less {self.discount.text}" if self.discount else ""
        return Rate(self.micros, f"{self.price.text}{less}", self.price.exact)


@dataclass(frozen=True, slots=True)
class Book:
    """Every price that is known at a moment."""

    now: int
    table: Callable[[str, str], Price | None]
    """Our own, by instance type and region."""
    own: Mapping[str, int] = field(default_factory=dict)
    """The company's figures, by instance type."""
    discounts: tuple[Discount, ...] = ()
    """In the order of valet.toml."""
    listed: Mapping[tuple[str, str], Price] = field(default_factory=dict)
    """What AWS's price list said, by region and instance type."""
    spot: Mapping[tuple[str, str, str], Price] = field(default_factory=dict)
    """Spot prices, by source, zone and instance type."""

    def priced(self, instance: Instance) -> Priced | None:
        """What an hour of a rented machine costs; None where no price is known, never 0."""
        own = self.own.get(instance.type)
        if instance.lifecycle == "spot":
            spot = self.spot.get((instance.source, instance.zone, instance.type))
            if spot is not None:
                return Priced(spot)
        if own is not None:
            return Priced(Price(own, OWN_FIGURE, exact=instance.lifecycle == "on-demand"))
        if instance.lifecycle != "on-demand":
            return None
        listed = self.list_price(instance.type, instance.region)
        return Priced(listed, self.discount(instance)) if listed else None

    def rate(self, instance: Instance) -> Rate | None:
        """The same in one figure."""
        priced = self.priced(instance)
        return priced.rate if priced else None

    def list_price(self, kind: str, region: str) -> Price | None:
        """The on-demand list price of an instance type."""
        return self.listed.get((region, kind)) or self.table(kind, region)

    def discount(self, instance: Instance) -> Discount | None:
        """The one that names a machine most closely; of those that do so equally, the first."""
        fits = [(close, each) for each in self.discounts if (close := each.closeness(instance, self.now)) is not None]
        return max(fits, key=lambda fit: fit[0])[1] if fits else None

    def committed(self) -> tuple[Discount, ...]:
        """Those in force that are paid whether machines run or not."""
        return tuple(each for each in self.discounts if each.committed and not each.is_over(self.now))
