"""The weekly report for management: what the week cost, what the month will, and the few things worth doing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.acting.hours import WEEKDAYS
from bot.domain.machines.sources import UnreadSource
from bot.domain.money.forecast.report import ForecastReport
from bot.domain.money.reports import IdleNow, Spent

LATEST_DAYS = 3
"""Days for which a missed report is still worth posting."""
MOST_TODOS = 3


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do, and what its button needs."""

    what: Literal["stop", "use", "budget", "buy"]
    id: str
    """An instance's id, a team's name, or a type."""
    name: str
    micros: int = 0
    """What idling costs per hour; by how much a budget will be exceeded."""
    since: int | None = None
    """Since when it idles."""
    holders: tuple[str, ...] = ()
    exact: bool = True
    """Whether the figure is from an exact rate."""
    paid_anyway: str = ""
    """What a rented machine is in that is paid whether it runs or not."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """One week's report, as it was made."""

    channel: str
    first: date
    last: date
    made_at: int
    rented: Spent
    owned: Spent
    before_micros: int | None
    """Rented, in the week before; None where the ledger does not reach back so far."""
    forecast: ForecastReport
    """Of everything, without its days."""
    month: date
    """The first day of the month that the week ended in."""
    closed_micros: int | None
    """What that month came to, rented; None while it is not over."""
    saved_micros: int
    """Verified, in that month up to now."""
    todos: tuple[Todo, ...]
    before_exact: bool = True
    """Whether the week before was at exact rates."""
    closed_exact: bool = True
    """Whether that month was."""
    saved_exact: bool = True
    """Whether what was saved is."""
    silent: tuple[UnreadSource, ...] = ()
    """Sources that were last read before the week was over."""
    counted_from: date | None = None
    """The first day of which rented machines are known, where the week or its month began before."""

    @property
    def is_empty(self) -> bool:
        """Nothing ran, and there is nothing to say."""
        return not (self.rented.gpu_ms or self.owned.gpu_ms or self.todos)


def without_days(report: ForecastReport) -> ForecastReport:
    """A forecast as the weekly report keeps it: the sums, without what only its own message shows."""
    unsaid = ("days", "drivers", "changes", "uncounted", "notes", "by_team", "by_machine", "idle_nights")
    return replace(report, **dict.fromkeys(unsaid, ()))  # type: ignore[arg-type]  # all of them are tuples


def due_on(now: int, timezone: str, weekday: str, at: str) -> date | None:
    """The local date whose report may be made: the newest such weekday, from `at` on and for LATEST_DAYS days."""
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(timezone))
    back = (local.weekday() - WEEKDAYS.index(weekday)) % 7
    if back > LATEST_DAYS or (back == 0 and local.time() < time.fromisoformat(at)):
        return None
    return local.date() - timedelta(days=back)


def weekly_todos(idle: Iterable[IdleNow], over: Iterable[Todo], to_weigh: Iterable[Todo]) -> tuple[Todo, ...]:
    """The few things most worth doing: a budget in danger, then what idles, dearest first, then what to weigh."""
    first = sorted(over, key=lambda each: -each.micros)[:1]
    wasted = [
        _of(machine) for machine in idle if machine.state != "partial" and not (machine.kept or _is_taken(machine))
    ]
    return (*first, *wasted, *to_weigh)[:MOST_TODOS]


def _is_taken(machine: IdleNow) -> bool:
    """It is paid anyway, so it can only be used; and somebody else has it."""
    return not machine.stop_saves and bool(machine.holders)


def _of(machine: IdleNow) -> Todo:
    what: Literal["stop", "use"] = "stop" if machine.stop_saves else "use"
    return Todo(
        what=what,
        id=machine.instance_id,
        name=machine.name,
        micros=machine.waste_micros,
        since=machine.since,
        holders=machine.holders,
        exact=machine.exact,
        paid_anyway=machine.paid_anyway,
    )
