"""Known things first: which machines run around the clock, so their cost is known, and which come and go.

A machine that runs now and has run through the last seven days (or since it first appeared) is *steady*: tomorrow it
costs 24 times its rate, whatever the days before say, so a launch counts in full from the next day on. A machine that
ran around the clock until it was stopped has *ended*: it costs nothing any more. The days of both tell how much such
launches and stops make the sum jump, and so how wide the interval is, but not its level. A machine of which is known
when it will run is *planned*: it costs its rate for that time. All others are *variable*: office hours, bursts,
experiments. Their level is sought in the history of their sum.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY, MachineMs, day_length, local_day
from bot.domain.money.forecast import DailyHistory
from bot.domain.money.forecast.report import Driver, DriverHow, KnownChange
from bot.domain.money.source_reads import ReadDays, days_known

STEADY_WINDOW = 7 * ONE_DAY
FULL_DAY_SHARE = 0.95
"""Share of a day it must have run to count as around the clock: restarts and missed looks are forgiven."""
LEAST_FULL_DAYS = 3
"""So many full days a stopped machine must have had to count as one that ran around the clock."""
MOST_DRIVERS = 5
RECENT_CHANGES = 2 * ONE_DAY
"""Launches and stops so long ago are named in the report."""

RunKind = Literal["steady", "ended", "variable", "planned"]


@dataclass(frozen=True, slots=True)
class RentedMachine:
    """A rented instance: what it costs and whether it runs now."""

    id: str
    name: str
    type: str
    team: str
    rate_micros: int | None
    launched_at: int | None
    runs: bool
    stopped_at: int | None = None
    """By its provider's word, if it says."""
    gone: bool = False
    """Its provider knows it no longer."""

    @property
    def micros_per_day(self) -> int:
        """Around the clock."""
        return 24 * (self.rate_micros or 0)

    def micros_in(self, length: int) -> int:
        """Of so many milliseconds: not every day has 24 hours."""
        return (self.rate_micros or 0) * length // HOUR_MS


@dataclass(frozen=True, slots=True)
class UsedDay:
    """One machine on one local day."""

    micros: int
    running_ms: MachineMs


UsedDays = Mapping[str, Mapping[date, UsedDay]]
"""By instance id and local day; a day missing there is one without a charge."""


@dataclass(frozen=True, slots=True)
class DailyLedger:
    """The complete local days of every machine, whatever the scope: those before today that were metered whole."""

    zone: ZoneInfo
    today: date
    first_day: date
    """The first complete day there is; today when there is none yet."""
    days: UsedDays
    first_seen: Mapping[str, date]
    """The day of a machine's first charge, today included; missing for one that has none."""
    metered: frozenset[date]
    """Days that are known of every source. On others nobody looked, so they tell nothing."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each machine is, by its id."""
    watched: Mapping[str, ReadDays] = field(default_factory=dict)
    """By source."""

    def metered_of(self, ids: Iterable[str]) -> frozenset[date]:
        """Days that are known of these machines: through which their sources were read, or on which they ran there.

        Whoever is found still running after a pause of the looks is charged for it. Of no machine: as of every source.
        """
        ran: dict[str, set[date]] = {}
        for each in ids:
            ran.setdefault(self.sources.get(each, ""), set()).update(self.days.get(each, ()))
        if not ran.keys() <= self.watched.keys() or not ran:
            return self.metered
        return days_known([self.watched[source].with_read(days) for source, days in ran.items()])

    def lengths(self, count: int) -> tuple[int, ...]:
        """How long so many days from today on are, milliseconds."""
        return tuple(day_length(self.today + number * ONE_DAY, self.zone) for number in range(count))

    def full_days(self, instance_id: str, first: date, last: date) -> int | None:
        """How many days from `first` to `last` a machine ran around the clock; None when it paused on one of them."""
        days, count = self.days.get(instance_id, {}), 0
        for day in _span(first, last):
            used = days.get(day)
            if used is None or used.running_ms < FULL_DAY_SHARE * day_length(day, self.zone):
                return None
            count += 1
        return count


def _span(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def run_kind(machine: RentedMachine, ledger: DailyLedger) -> RunKind:
    """Whether a machine's cost is known from the inventory, and how."""
    first = ledger.first_seen.get(machine.id, ledger.today)
    if machine.runs:
        return "steady" if _runs_on(machine, ledger, first) else "variable"
    last = max(ledger.days.get(machine.id, {}), default=None)
    if last is None:
        return "variable"
    # The day it stopped on is only part of a day, so the days before it decide.
    full = ledger.full_days(machine.id, max(first + ONE_DAY, last - STEADY_WINDOW), last - ONE_DAY)
    return "ended" if full is not None and full >= LEAST_FULL_DAYS else "variable"


def _runs_on(machine: RentedMachine, ledger: DailyLedger, first: date) -> bool:
    yesterday = ledger.today - ONE_DAY
    if first >= yesterday:  # no complete day yet: launched, and not stopped since
        return machine.launched_at is None or local_day(machine.launched_at, ledger.zone) <= first
    return ledger.full_days(machine.id, max(first + ONE_DAY, ledger.today - STEADY_WINDOW), yesterday) is not None


def daily_history(ids: Iterable[str], days: UsedDays, ledger: DailyLedger) -> DailyHistory:
    """The sum of some machines per complete day, micro-dollars; no reading on days on which nobody looked at them."""
    ids, sums = list(ids), dict[date, int]()
    for each in ids:
        for day, used in days.get(each, {}).items():
            sums[day] = sums.get(day, 0) + used.micros
    if not sums:
        return DailyHistory(ledger.today, ())
    first = max(min(sums), ledger.first_day)
    wanted, metered = _span(first, ledger.today - ONE_DAY), ledger.metered_of(each for each in ids if each in days)
    values = tuple(float(sums.get(day, 0)) if day in metered else None for day in wanted)
    return DailyHistory(first, values, is_certain=True)


def cost_drivers(
    machines: Sequence[RentedMachine],
    kinds: Mapping[str, RunKind],
    planned: Mapping[str, int],
    usual: Mapping[str, int],
) -> tuple[Driver, ...]:
    """The machines that cost most per day, by what is expected of them: of planned and of variable ones by id."""
    found = []
    for machine in machines:
        how: DriverHow = "usual"
        per_day = usual.get(machine.id, 0)
        if kinds[machine.id] == "steady":
            how, per_day = "steady", machine.micros_per_day
        elif kinds[machine.id] == "planned":
            how, per_day = "planned", planned.get(machine.id, 0)
        if per_day > 0:
            found.append(Driver(machine.id, machine.name, machine.type, per_day, how))
    return tuple(sorted(found, key=lambda each: (-each.micros_per_day, each.name))[:MOST_DRIVERS])


def past_changes(
    machines: Sequence[RentedMachine], kinds: Mapping[str, RunKind], ledger: DailyLedger
) -> tuple[KnownChange, ...]:
    """Launches and stops of the last days that the level takes for lasting, by date."""
    found = []
    for machine in machines:
        what, days = kinds[machine.id], ledger.days.get(machine.id, {})
        if what == "steady":
            first = ledger.first_seen.get(machine.id, ledger.today)
            fresh = machine.launched_at is not None and local_day(machine.launched_at, ledger.zone) == first
            if fresh and first >= ledger.today - RECENT_CHANGES and machine.micros_per_day:
                found.append(KnownChange(machine.id, machine.name, "launched", first, machine.micros_per_day))
        elif what == "ended" and (last := max(days)) >= ledger.today - RECENT_CHANGES:
            usual = max(used.micros for day, used in days.items() if day >= last - STEADY_WINDOW)
            told = last if machine.stopped_at is None else max(last, local_day(machine.stopped_at, ledger.zone))
            found.append(KnownChange(machine.id, machine.name, "stopped", told, -usual))
    return tuple(sorted(found, key=lambda each: (each.date, each.name)))
