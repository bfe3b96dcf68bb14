"""What `/cost forecast` says: the month, the next 30 days, and where the money goes."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from bot.domain.forecast import Trust

NEXT_DAYS = 30

ScopeKind = Literal["total", "team", "type", "instance"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is forecast. `key` is empty for the total, else a team's name, an instance type or an instance's id."""

    kind: ScopeKind = "total"
    key: str = ""
    label: str = ""
    """For people: an instance's name; empty: the key."""

    @property
    def text(self) -> str:
        """The name it is stored under."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class Range:
    """Micro-dollars expected, with the 80 % interval; None where the history is too short for one."""

    micros: int
    lo_micros: int | None = None
    hi_micros: int | None = None


@dataclass(frozen=True, slots=True)
class ReportDay:
    """One day of the chart, micro-dollars; a past day has no expectation, a future one no charge, today has both."""

    date: date
    charged_micros: int | None = None
    expected_micros: int | None = None
    lo_micros: int | None = None
    hi_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Driver:
    """One instance's share of what a day is expected to cost."""

    instance_id: str
    name: str
    type: str
    micros_per_day: int
    around_the_clock: bool
    """It runs on and on, so the figure is its rate; else it is the mean of its last 14 days."""


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A launch or stop of the last two days that the level already takes for lasting."""

    instance_id: str
    name: str
    did: Literal["launched", "stopped"]
    date: date
    micros_per_day: int
    """Negative for a stop."""


@dataclass(frozen=True, slots=True)
class Report:
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
    steady_rest_micros: int
    """Of the rest of the month: what runs around the clock. charged + steady + variable = month."""
    variable_rest_micros: int
    next_days: Range
    """The NEXT_DAYS days from today on, today included."""
    trust: Trust
    days: tuple[ReportDay, ...]
    """Up to 31 days back, and as far ahead as the month or the next 30 days go, whichever is more."""
    budget_micros: int | None = None
    """Per calendar month; for the total: the sum of the teams'."""
    chance_over: float | None = None
    """0 to 1: how likely the month ends over the budget; None without budget or interval."""
    over_on: date | None = None
    """The day the budget is expected to be used up."""
    drivers: tuple[Driver, ...] = ()
    changes: tuple[KnownChange, ...] = ()
    notes: tuple[str, ...] = ()
    unpriced: int = 0
    """Running rented instances left out because no price is known."""
    owned: int = 0
    """Owned instances left out because they cost the same either way."""

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Report":
        """From the store. Raises KeyError, TypeError or ValueError for what another version has written."""
        over_on = content["over_on"]
        return cls(
            **{
                **content,
                "scope": Scope(**content["scope"]),
                "today": date.fromisoformat(content["today"]),
                "month": Range(**content["month"]),
                "next_days": Range(**content["next_days"]),
                "days": tuple(ReportDay(**_dated(day)) for day in content["days"]),
                "over_on": date.fromisoformat(over_on) if over_on else None,
                "drivers": tuple(Driver(**driver) for driver in content["drivers"]),
                "changes": tuple(KnownChange(**_dated(change)) for change in content["changes"]),
                "notes": tuple(content["notes"]),
            }
        )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _dated(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "date": date.fromisoformat(content["date"])}
