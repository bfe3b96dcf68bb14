"""Which of the known prices of a rented machine counts, and what is taken off it.

A machine on demand: the company's own figure, else AWS's price list of its region as it was last read, else our own
table. Of the last two a discount is taken off. A spot machine: the spot price of its zone, else the company's own
figure as an estimate; no discount is taken off either, and a list price says nothing of spot.

What a machine is beside its type (system, tenancy, zone: its shape) has prices of its own. Where those are not known,
the price of Linux on shared hardware of the region stands for them, as an estimate that says so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase

from bot.domain.machines.fleet import Instance
from bot.domain.machines.shape import HOST, OUTPOST, Shape, price_place
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
    """False when the figure is another region's or another shape's, or moves within the hour."""
    but: str = ""
    """Why it is not just what is paid: "of Linux, not of Windows"."""

    @property
    def text(self) -> str:
        """The source with its date, and why it is an estimate."""
        dated = f"{self.source}, {self.as_of}" if self.as_of else self.source
        return f"{dated}; {self.but}" if self.but else dated

    def about(self, but: str) -> "Price":
        """The same as an estimate of something else; as it is where nothing speaks against it."""
        joined = ", ".join(each for each in (self.but, but) if each)
        return replace(self, exact=False, but=joined) if but else self


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
class PriceBook:
    """Every price that is known at a moment."""

    now: int
    table: Callable[[str, str], Price | None]
    """Our own, by instance type and region."""
    own: Mapping[str, int] = field(default_factory=dict)
    """The company's figures, by instance type, or by type and shape: "g5.xlarge Windows"."""
    discounts: tuple[Discount, ...] = ()
    """In the order of valet.toml."""
    listed: Mapping[tuple[str, str], Price] = field(default_factory=dict)
    """What AWS's price list said of Linux on shared hardware, by region (or zone of its own) and instance type."""
    shaped: Mapping[tuple[str, str], Price] = field(default_factory=dict)
    """What it said of other shapes, by region (or zone of its own) and `Shape.name`."""
    spot: Mapping[tuple[str, str, str], Price] = field(default_factory=dict)
    """Spot prices, by source, zone and instance type."""

    def priced(self, instance: Instance) -> Priced | None:
        """What an hour of a rented machine costs; None where no price is known, never 0."""
        if instance.lifecycle == "spot":
            spot = self._spot(instance)
            if spot is not None:
                return Priced(spot)
        own = self._own(instance)
        if own is not None:
            return Priced(own)
        if instance.lifecycle != "on-demand":
            return None
        listed = self._listed(instance)
        return Priced(listed, self.discount(instance)) if listed else None

    def _spot(self, instance: Instance) -> Price | None:
        """The spot price of its zone and system, else of Linux there."""
        shape = instance.shape or Shape()
        own = self.spot.get((instance.source, instance.zone, shape.spot_name(instance.type)))
        if own is not None:
            return own.about(f"{shape.unknown} is not known" if shape.unknown else "")
        linux = self.spot.get((instance.source, instance.zone, instance.type))
        return linux.about(f"of Linux, not of {shape.system}") if linux else None

    def _own(self, instance: Instance) -> Price | None:
        """The company's figure for just this shape, else for its type."""
        shape, exact = instance.shape, instance.lifecycle == "on-demand"
        words = shape.words if shape else ""
        own = self.own.get(f"{instance.type} {words}") if words else None
        if own is not None:
            return Price(own, OWN_FIGURE, exact=exact)
        own = self.own.get(instance.type)
        if own is None:
            return None
        figure = Price(own, OWN_FIGURE, exact=exact)
        return figure.about(f'of every {instance.type}; set one of "{instance.type} {words}"') if words else figure

    def _listed(self, instance: Instance) -> Price | None:
        """The list price of its shape where it is; else what comes closest, with what it is not of."""
        shape, region = instance.shape or Shape(), instance.region
        place, name = price_place(region, instance.zone), shape.name(instance.type)
        doubts = [f"{shape.unknown} is not known" if shape.unknown else "", _paid_whole(shape)]
        closest = [(place, ""), *([(region, f"of {region}, not of {instance.zone}")] if place != region else [])]
        for where, elsewhere in closest:
            listed = self.listed.get((where, name)) or self.shaped.get((where, name))
            if listed is not None:
                return _about(listed, [elsewhere, *doubts])
        for where, elsewhere in closest:
            plain = self.listed.get((where, instance.type)) or (
                self.table(instance.type, where) if where == region else None
            )
            if plain is not None:
                return _about(plain, [_of_common(shape, instance.type), elsewhere, *doubts])
        return None

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
        return tuple(discount for discount in self.discounts if discount.committed and not discount.is_over(self.now))


def _about(price: Price, doubts: Iterable[str]) -> Price:
    return price.about(", ".join(each for each in doubts if each))


def _of_common(shape: Shape, kind: str) -> str:
    """What a price of Linux on shared hardware is not of."""
    return "" if shape.name(kind) == kind else f"of Linux on shared hardware, not of {shape.words}"


def _paid_whole(shape: Shape) -> str:
    """Where not the machine is paid, but what it is on."""
    return f"not of {shape.held}, which is paid as a whole" if shape.tenancy in {HOST, OUTPOST} or shape.host else ""
