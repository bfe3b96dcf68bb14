"""What `/cost forecast` says: the month, the next 30 days, and where the money goes."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.domain.money.forecast import Trust
from bot.domain.money.forecast.run_plans import PlanReason
from bot.domain.money.scope import Scope

SPANS = (7, 30, 90)
"""Days ahead, today included, that a report tells of beside the month."""
NEXT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Range:
    """Micro-dollars expected, with the 80 and 95 % intervals; None where the history is too short for any."""

    micros: int
    lo_micros: int | None = None
    hi_micros: int | None = None
    lo95_micros: int | None = None
    hi95_micros: int | None = None
    spread_micros: int | None = None
    """What the bounds are multiples of, where the history is long enough to learn from."""


@dataclass(frozen=True, slots=True)
class ReportDay:
    """One day of the chart, micro-dollars; a past day has no expectation, a future one no charge, today has both.

    A past day on which nobody looked has neither.
    """

    date: date
    charged_micros: int | None = None
    expected_micros: int | None = None
    lo_micros: int | None = None
    hi_micros: int | None = None


DriverHow = Literal["steady", "planned", "usual"]


@dataclass(frozen=True, slots=True)
class Driver:
    """One instance's share of what a day is expected to cost."""

    instance_id: str
    name: str
    type: str
    micros_per_day: int
    how: DriverHow
    """steady: it runs on and on, so the figure is its rate. planned: when it will run is known.
    usual: its part of what varies.
    """


@dataclass(frozen=True, slots=True)
class KnownChange:
    """Something known that moves the forecast: a launch or stop of the last two days, or what is to come."""

    instance_id: str
    name: str
    why: Literal["launched", "stopped"] | PlanReason
    date: date
    micros: int
    """Per day from then on; negative for a stop."""
    once: bool = False
    """It is the whole of it, not a day's."""


@dataclass(frozen=True, slots=True)
class ForecastPiece:
    """One team's or one machine's part of a report; the parts of a way to tell it apart add up to the report."""

    key: str
    """A team's name, or an instance's id; empty for no team, and for machines to come."""
    name: str
    charged_micros: int
    """This month up to now."""
    month_micros: int
    """Charged, and what the rest of the month is expected to cost."""
    next_micros: tuple[int, ...]
    """As many days ahead as SPANS says."""
    count: int = 1
    """How many teams or machines it is, where they are told together."""

    def next(self, days: int) -> int:
        """What the next 7, 30 or 90 days will cost."""
        return self.next_micros[SPANS.index(days)]


@dataclass(frozen=True, slots=True)
class IdleNights:
    """One machine's nights of the last four weeks through which nobody worked on it, though it ran."""

    instance_id: str
    name: str
    nights: int
    micros: int
    """What it cost in them, by the ledger."""


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """A forecast of one scope; every amount in integer micro-dollars, by our own metering at our rates."""

    scope: Scope
    made_at: int
    timezone: str
    """Days and months are of this zone."""
    today: date
    charged_micros: int
    """This month up to now."""
    month: Range
    """The whole month: charged, plus what the rest is expected to cost."""
    known_rest_micros: int
    """Of the rest of the month: what runs around the clock, or is planned. charged + known + variable = month."""
    variable_rest_micros: int
    next_days: tuple[Range, ...]
    """The days from today on, as many as SPANS says: what today has cost, and what is expected."""
    trust: Trust
    days: tuple[ReportDay, ...]
    """Up to 31 days back, and 90 days ahead, today included."""
    budget_micros: int | None = None
    """Per calendar month; for the total: the sum of the teams'."""
    chance_over: float | None = None
    """0 to 1: how likely the month ends over the budget; None without budget or interval."""
    over_on: date | None = None
    """The day the budget is expected to be used up."""
    drivers: tuple[Driver, ...] = ()
    changes: tuple[KnownChange, ...] = ()
    uncounted: tuple[str, ...] = ()
    """Sentences: what is known but does not move the forecast, and why."""
    notes: tuple[str, ...] = ()
    unpriced: int = 0
    """Running rented instances left out because no price is known."""
    owned: int = 0
    """Owned instances left out because they cost the same either way."""
    by_team: tuple[ForecastPiece, ...] = ()
    """The dearest first; of everything only."""
    by_machine: tuple[ForecastPiece, ...] = ()
    """The dearest first; of more than one machine only."""
    idle_nights: tuple[IdleNights, ...] = ()
    """Of machines that run around the clock, the dearest first; of everything only."""
    gaps: tuple[str, ...] = ()
    """Sentences: what the sums lack, as nobody looked or a source is silent."""
    most_micros: int | None = None
    """The month, if every machine there is ran around the clock from now on; None where a price is not known."""

    def next(self, days: int) -> Range:
        """What the next 7, 30 or 90 days will cost."""
        return self.next_days[SPANS.index(days)]
