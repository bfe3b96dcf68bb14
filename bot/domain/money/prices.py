"""What a GPU-hour costs, from every side: clouds' lists, owned machines, and what is really paid."""

from dataclasses import dataclass

from bot.domain.days import NO_GPU_HOURS, GpuHours
from bot.domain.machines.fleet import Instance
from bot.domain.money.ownership import OwnedCost
from bot.domain.money.price_reads import SpotSpan
from bot.domain.money.pricebook import Priced
from bot.domain.money.rates import Rate


@dataclass(frozen=True, slots=True)
class Quote:
    """The best price of one cloud for machines with so many GPUs of one model, micro-dollars per GPU-hour."""

    cloud: str
    type: str
    model: str
    gpus: int
    region: str
    micros_per_gpu_hour: int
    source: str
    as_of: str
    """The date of the figure, ISO 8601."""
    spot: bool = False
    memory_gb: int | None = None
    """Of one GPU."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What rented instances of one type and region cost lately, by the ledger."""

    type: str
    machines: int
    gpu_hours: GpuHours
    micros: int
    """Of the hours with a known price."""
    unpriced_hours: GpuHours = NO_GPU_HOURS
    exact: bool = True
    """Whether every rate was."""

    @property
    def micros_per_gpu_hour(self) -> int:
        """The mean over the hours with a known price."""
        return round(self.micros / self.gpu_hours) if self.gpu_hours else 0


@dataclass(frozen=True, slots=True)
class OwnMachine:
    """An owned machine with what it costs and how much it worked."""

    instance: Instance
    cost: OwnedCost
    busy: float | None = None
    """Share of the measured GPU-minutes of the last 30 days that worked, 0 to 1; None when too few were measured."""
    seen_hours: int = 0
    """Hours measured in them, the mean of its GPUs."""

    @property
    def worked_micros(self) -> int | None:
        """Full cost of a GPU-hour that worked."""
        full = self.cost.full_micros
        return round(self.cost.per_gpu(full) / self.busy) if full is not None and self.busy else None


@dataclass(frozen=True, slots=True)
class PriceComparison:
    """All there is about one GPU model."""

    wanted: str
    """As it was asked for, in the usual spelling."""
    quotes: tuple[Quote, ...]
    """Cheapest first."""
    paid: tuple[Paid, ...]
    owned: tuple[OwnMachine, ...]
    days: int
    """How many days `paid` looks back."""
    troubles: tuple[str, ...] = ()
    """Price lists that could not be read, as sentences."""


@dataclass(frozen=True, slots=True)
class RateFigure:
    """One instance's rate, for explaining it."""

    instance: Instance
    model: str
    """Its GPU model as clouds call it; may be empty."""
    rate: Rate | None
    owned: OwnMachine | None = None
    """For an owned one: what it is made of."""
    priced: Priced | None = None
    """For a rented one: the parts of its rate."""
    spot: SpotSpan | None = None
    """For a spot machine: the range of the price of its zone."""
    on_demand: Priced | None = None
    """For a spot machine: what it would cost on demand."""
    troubles: tuple[str, ...] = ()
    """Why prices of where it is could not be read, as sentences."""


@dataclass(frozen=True, slots=True)
class PriceOffer:
    """What an instance type costs on demand in one place."""

    place: str
    """A region, with the account where accounts pay differently there."""
    priced: Priced


@dataclass(frozen=True, slots=True)
class TypeFigure:
    """One instance type: what it costs on demand, and as spot, wherever that is known."""

    type: str
    model: str
    """Its GPU model as clouds call it; may be empty."""
    gpus: int
    offers: tuple[PriceOffer, ...]
    """Where the company uses it first."""
    spots: tuple[SpotSpan, ...] = ()
    troubles: tuple[str, ...] = ()
