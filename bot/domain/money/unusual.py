"""A day far outside its own interval: cost that nothing before it led to expect, with the machines behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.money.forecast import DailyHistory, forecast
from bot.domain.money.scope import Scope

LEAST_HISTORY_DAYS = 14
"""Days of history below which no day is called unusual."""
FAR_TIMES = 2.0
"""So many times as far from what was expected as the 95 % bound."""
QUIET_DAYS = 7
"""So long after one was told, a day is told only if it is higher still."""
HIGHER_TIMES = 1.25
EXPECTED_FOR_DAYS = 90
"""So long after a day that somebody called expected, days like it are not told."""
SHOWN_MACHINES = 3
LEAST_TEAM_SHARE = 0.1
"""Machines with less of it than this are not behind it."""


@dataclass(frozen=True, slots=True)
class MachineBehind:
    """One machine's part in it."""

    instance_id: str
    name: str
    micros: int
    usual_micros: int
    """Its mean of the fourteen days before."""


@dataclass(frozen=True, slots=True)
class UnusualDay:
    """One day of one scope."""

    scope: Scope
    day: date
    micros: int
    expected_micros: int
    bound_micros: int
    """19 days of 20 stay under it."""
    behind: tuple[MachineBehind, ...] = ()


def judge_unusual(scope: Scope, past: DailyHistory, day: date, micros: int, *, least: int) -> UnusualDay | None:
    """The day, if it cost far more than its past led to expect, and at least so many micro-dollars more; else None."""
    before = past.before(day)
    if sum(value is not None for value in before.values) < LEAST_HISTORY_DAYS:
        return None
    outlook = forecast(before, horizon=(day - before.end).days).days[-1]
    if outlook.hi95 is None:
        return None
    expected, bound = round(outlook.mean), round(outlook.hi95)
    if micros - expected < max(FAR_TIMES * (bound - expected), least):
        return None
    return UnusualDay(scope, day, micros, expected, bound)


def machines_behind(
    day: Mapping[str, int], usual: Mapping[str, int], names: Mapping[str, str]
) -> tuple[MachineBehind, ...]:
    """The machines that cost most beyond their usual, by id."""
    found = [MachineBehind(key, names.get(key, key), micros, usual.get(key, 0)) for key, micros in day.items()]
    more = sorted((each for each in found if each.micros > each.usual_micros), key=_beyond, reverse=True)
    least = sum(each.micros - each.usual_micros for each in more) * LEAST_TEAM_SHARE
    return tuple(each for each in more[:SHOWN_MACHINES] if each.micros - each.usual_micros >= least)


def _beyond(machine: MachineBehind) -> tuple[int, str]:
    return machine.micros - machine.usual_micros, machine.name


@dataclass(frozen=True, slots=True)
class UnusualAnswer:
    """What somebody said of a day that was told as unusual; the watch learns from it."""

    scope: str
    day: date
    is_expected: bool
    micros: int
    """What the day cost."""
    who: str
    at: int

    @property
    def holds_until(self) -> date:
        """The last day that is not told for it, if it is like this one and was expected."""
        return self.day + timedelta(days=EXPECTED_FOR_DAYS)

    def covers(self, unusual_day: UnusualDay) -> bool:
        """Whether a later day is like this one: no dearer than a quarter more."""
        is_later = self.day < unusual_day.day <= self.holds_until
        return is_later and unusual_day.micros <= HIGHER_TIMES * self.micros


def is_news(unusual_day: UnusualDay, told: UnusualDay | None, answers: Iterable[UnusualAnswer] = ()) -> bool:
    """Whether to tell, after what was told last and what people said of it: not every day of a new height is news.

    A day like one that was expected is none; after one that was not, the next like it is.
    """
    said = tuple(answers)
    if any(each.is_expected and each.covers(unusual_day) for each in said):
        return False
    if told is None or (unusual_day.day - told.day).days > QUIET_DAYS:
        return True
    if any(not each.is_expected and each.day == told.day for each in said):
        return True
    return unusual_day.micros > HIGHER_TIMES * told.micros
