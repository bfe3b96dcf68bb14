"""What every machine is expected to cost on the days ahead, in whole micro-dollars, so that every sum of them agrees.

What is known of a machine (it runs on, or by a plan) is its own. The variable rest has a level only as the sum of many
machines, and a level is no sum of levels: so it is sought once per team, and shared out among the team's machines by
what they cost lately. Teams whose variable use is too uneven for a level of their own have one together. The forecast
of a team, a type, a machine or everything is then the sum of its machines, whichever way they are told apart; only its
bounds are made anew, from the days of that sum.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.days import ONE_DAY
from bot.domain.money.forecast import Change, SpendSeries, forecast, ordinary_day
from bot.domain.money.forecast.known_spend import DailyLedger, RentedMachine, RunKind, UsedDays, daily_history, run_kind
from bot.domain.money.forecast.run_plans import DAYS_AHEAD
from bot.domain.money.forecast.weekdays import FLAT, WeekShape
from bot.domain.money.splitting import share_out

LATELY_DAYS = 28
"""Days by which a variable level is shared out."""
STEADY = "Around the clock"
"""The engine's name for what needs no history; nobody needs to read its notes on those days."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One machine's days ahead; without an id: what machines to come of a team and type will cost, by its past."""

    id: str
    name: str
    team: str
    type: str
    known: tuple[int, ...] = ()
    """On each of the DAYS_AHEAD days from today on, if it runs on or by a plan; else nothing."""
    variable: int = 0
    """On an ordinary day."""
    week: WeekShape = FLAT
    """What share of an ordinary day each of the seven from today on is."""

    def varies_on(self, number: int) -> int:
        """What varies on the day so many after today."""
        return round(self.variable * self.week[number % 7])

    def rest(self, days: int, passed: float) -> tuple[int, int]:
        """What is known and what varies on so many days from today on, of which some share of today has passed."""
        if not days:
            return 0, 0
        today = [round(amount * (1 - passed)) for amount in (self.known[0] if self.known else 0, self.varies_on(0))]
        later = sum(self.varies_on(n) for n in range(1, days)) if self.variable else 0
        return today[0] + sum(self.known[1:days]), today[1] + later


@dataclass(frozen=True, slots=True)
class Expectation:
    """All that is expected, machine by machine, and what the machines are, by id."""

    machines: tuple[Expected, ...]
    kinds: Mapping[str, RunKind]
    uneven: frozenset[str]
    """Teams of which nothing can be told alone: what they use comes and goes, and nothing of it is known."""


@dataclass(frozen=True, slots=True)
class ForecastParts:
    """A scope taken apart for `forecast_sum`."""

    series: tuple[SpendSeries, ...]
    known_micros: tuple[int, ...]
    """What is known to be spent on each of the DAYS_AHEAD days from today on: by steady and by planned machines."""


def expect(
    machines: Sequence[RentedMachine], ledger: DailyLedger, planned: Mapping[str, Sequence[float]]
) -> Expectation:
    """What all machines are expected to cost; `planned` gives the shares of the days ahead in which some run, by id."""
    kinds: dict[str, RunKind] = {m.id: "planned" if m.id in planned else run_kind(m, ledger) for m in machines}
    lengths = ledger.lengths(DAYS_AHEAD)
    alike: dict[int | None, tuple[int, ...]] = {}
    found = [_known(m, planned.get(m.id), lengths, alike) for m in machines if kinds[m.id] in {"steady", "planned"}]
    groups: dict[str, list[RentedMachine]] = {}
    for machine in machines:
        if kinds[machine.id] == "variable" and machine.id in ledger.days:
            groups.setdefault(machine.team, []).append(machine)
    uneven = {team for team, group in groups.items() if _is_uneven(group, ledger)}
    together = [machine for team in sorted(uneven) for machine in groups.pop(team)]
    found += [each for group in (*groups.values(), together) if group for each in _shared_out(group, ledger)]
    known = {each.team for each in found if any(each.known)}
    return Expectation(tuple(found), kinds, frozenset(uneven - known))


def _known(
    machine: RentedMachine,
    shares: Sequence[float] | None,
    lengths: Sequence[int],
    alike: dict[int | None, tuple[int, ...]],
) -> Expected:
    """`alike` keeps what runs on by its rate: most of ten thousand machines have one of a few."""
    known = alike.get(machine.rate_micros) if shares is None else None
    if known is None:
        amounts = (1.0,) * DAYS_AHEAD if shares is None else shares
        known = tuple(round(share * machine.micros_in(ms)) for share, ms in zip(amounts, lengths, strict=True))
    if shares is None:
        alike[machine.rate_micros] = known
    return Expected(machine.id, machine.name, machine.team, machine.type, known)


def _is_uneven(group: Sequence[RentedMachine], ledger: DailyLedger) -> bool:
    """Whether days differ so much that their past says nothing of a level."""
    past = daily_history([machine.id for machine in group], ledger.days, ledger)
    return forecast(past, horizon=1).trust == "range-only"


def _shared_out(group: Sequence[RentedMachine], ledger: DailyLedger) -> Iterator[Expected]:
    """The level of some machines' sum, each its part: none more than its rate, and nothing to what is gone."""
    past = daily_history([machine.id for machine in group], ledger.days, ledger)
    mean, shape = ordinary_day(past)
    level, week = round(mean), _from_today(shape, ledger)
    to_come: dict[tuple[str, str], int] = {}
    for machine, part in zip(group, share_out(level, _weights(group, ledger)), strict=True):
        own = 0 if machine.gone else part if machine.rate_micros is None else min(part, machine.micros_per_day)
        if own:
            yield Expected(machine.id, machine.name, machine.team, machine.type, variable=own, week=week)
        key = machine.team, machine.type
        to_come[key] = to_come.get(key, 0) + part - own
    for (team, kind_), micros in to_come.items():
        if micros:
            yield Expected("", "", team, kind_, variable=micros, week=week)


def _from_today(shape: WeekShape, ledger: DailyLedger) -> WeekShape:
    """A shape by weekday, from today on."""
    first = ledger.today.weekday()
    return (*shape[first:], *shape[:first])


def _shape_of(expected: Sequence[Expected], ledger: DailyLedger) -> WeekShape:
    """The shape by weekday of what varies of some machines together."""
    level = sum(cost.variable for cost in expected)
    if not level:
        return FLAT
    week = [sum(cost.variable * cost.week[number] for cost in expected) / level for number in range(7)]
    return tuple(week[(weekday - ledger.today.weekday()) % 7] for weekday in range(7))


def _weights(group: Sequence[RentedMachine], ledger: DailyLedger) -> list[int]:
    """What each cost lately; where none did, what each ever cost."""
    since = ledger.today - LATELY_DAYS * ONE_DAY
    days = [ledger.days[machine.id] for machine in group]
    lately = [sum(used.micros for day, used in each.items() if day >= since) for each in days]
    return lately if any(lately) else [sum(used.micros for used in each.values()) for each in days]


def forecast_parts(
    costs: Iterable[Expected], kinds: Mapping[str, RunKind], days: UsedDays, ledger: DailyLedger
) -> ForecastParts:
    """The series behind a scope: what is expected of it, and the days charged to it, from which its bounds follow.

    What is known is set as changes of the level: first from what the history suggests to what is known of today, then
    day by day. So the interval is that of the history, in which launches and stops have left their steps.
    """
    expected = list(costs)
    known = [sum(each.known[n] for each in expected if each.known) for n in range(DAYS_AHEAD)]
    level = sum(cost.variable for cost in expected)
    series = []
    variable = daily_history([key for key in days if kinds.get(key, "variable") == "variable"], days, ledger)
    if variable.values or level:
        series.append(SpendSeries(variable, level=float(level), shape=_shape_of(expected, ledger)))
    steady = daily_history([each for each in days if kinds.get(each, "variable") != "variable"], days, ledger)
    if steady.values or any(known) or not series:
        suggested, _ = ordinary_day(steady, float(known[0]))
        moves = [known[0] - suggested, *(after - before for before, after in pairwise(known))]
        changes = tuple(Change(ledger.today + number * ONE_DAY, move) for number, move in enumerate(moves) if move)
        series.append(SpendSeries(steady, changes, float(known[0]), STEADY, level=suggested))
    return ForecastParts(tuple(series), tuple(known))
