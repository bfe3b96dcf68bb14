"""What was saved over some days, as people see it."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from bot.domain.money.counterfactual import SavingKind
from bot.domain.money.pricebook import Discount
from bot.domain.silence import Silence
from bot.domain.times import MachineMs


class Saved(NamedTuple):
    """What one stop or one shared machine saved in one way over some time."""

    source_id: str
    name: str
    team: str
    kind: SavingKind
    counterfactual: str
    """A sentence: what would have been otherwise."""
    saved_ms: MachineMs
    micros: int
    exact: bool = True
    """Whether its rate is."""


@dataclass(frozen=True, slots=True)
class Savings:
    """Everything saved from one local day to another, and apart from it what still could be."""

    first: date
    last: date
    today: date
    found: tuple[Saved, ...]
    """The most first."""
    wasted_micros_per_hour: int
    """Going unused right now on rented machines; owned ones cost the same whether used or not."""
    idle: int
    """Rented instances idle right now."""
    anyway_micros_per_hour: int = 0
    """Going unused as well, but on machines that are paid whether they run or not."""
    wasted_exact: bool = True
    """Whether every rate in what goes unused is."""
    commitments: tuple[Discount, ...] = ()
    """Discounts that are paid for whether machines run or not."""
    silent: tuple[Silence, ...] = ()
    """Sources that were not read lately: what was saved there since is not worked out."""
    timezone: str = "UTC"
    """Of its days."""
    made_at: int = 0

    @property
    def micros(self) -> int:
        """The sum."""
        return sum(each.micros for each in self.found)

    @property
    def exact(self) -> bool:
        """Whether every rate in it is."""
        return all(each.exact for each in self.found)
