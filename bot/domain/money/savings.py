"""What would have been spent otherwise, hour by hour: the most that a saving may be.

A machine that was stopped would have run as it did before: each hour as the same hour of the week had it, in the four
weeks before the stop, on average; a machine younger than a week as the same hour of the days before. What was saved
in those weeks counts as running, or a machine stopped every night would soon seem to need no stopping; but never more
than the share of the last EVIDENCE weeks in which that hour really ran, so that nights off count less with every week
in which nobody used them, and in the end for nothing. When a claim was given back early it would have run for certain
as long again as it was held, at most to the claim's end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from bot.domain.clock import DAY_MS, HOUR_MS, WEEK_MS
from bot.domain.days import MachineMs
from bot.domain.machines.sources import UnreadSource
from bot.domain.money.pricebook import Discount
from bot.domain.sharing.claims import GpuChoice

WEEKS_LOOKED_BACK, DAYS_LOOKED_BACK = 4, 6
EVIDENCE_WEEKS = 13
"""By so many weeks it is told how often an hour really ran."""
LONGEST_STOP_MS = 30 * DAY_MS
"""After so long without it, nobody can say that a machine would still have run."""

SavingKind = Literal["stopped", "released", "shared"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A machine at a standstill, and how it ran before."""

    from_at: int
    until_at: int
    """When it started again, was to start by its on-hours, was claimed or was gone."""
    rate_micros: int
    ran_ms: Mapping[int, int]
    """By the start of a clock hour: how long it ran in it."""
    known_from: int
    """Since when its running was watched."""
    claimed_until: int = 0
    """Until when a claim that was given back early would have kept it running; 0 without."""
    spared_ms: Mapping[int, int] = field(default_factory=dict)
    """By the start of a clock hour: how long it would have run but for what was saved."""

    def used_ms(self, hour: int) -> int:
        """How long it ran in a clock hour, or would have."""
        return min(HOUR_MS, self.ran_ms.get(hour, 0) + self.spared_ms.get(hour, 0))


@dataclass(frozen=True, slots=True)
class SavedPiece:
    """What was saved over part of one clock hour."""

    kind: SavingKind
    from_at: int
    until_at: int
    saved_ms: MachineMs
    """How long the machine would have run; at most until_at - from_at."""
    micros: int


def clock_hours(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A span cut at the clock hours."""
    while start < end:
        edge = min(end, start // HOUR_MS * HOUR_MS + HOUR_MS)
        yield start, edge
        start = edge


def saved_by_stop(stop: Stopped, start: int, end: int) -> list[SavedPiece]:
    """What a standstill saved from `start` up to `end`, as far as it lasted."""
    start, end = max(start, stop.from_at), min(end, stop.until_at, stop.from_at + LONGEST_STOP_MS)
    told = min(max(stop.claimed_until, start), end)
    certain = [_piece("released", stop, span, span[1] - span[0]) for span in clock_hours(start, told)]
    usual = [_piece("stopped", stop, span, _usual(stop, span)) for span in clock_hours(told, end)]
    return [piece for piece in (*certain, *usual) if piece.saved_ms]


def saved_by_sharing(micros_per_hour: int, span: tuple[int, int], ran: Mapping[int, int]) -> list[SavedPiece]:
    """What taking another machine saved; time in which the one not taken ran after all saves nothing."""
    found = []
    for start, end in clock_hours(*span):
        ms = max(0, end - start - ran.get(start // HOUR_MS * HOUR_MS, 0))
        if ms:
            found.append(SavedPiece("shared", start, end, MachineMs(ms), micros_per_hour * ms // HOUR_MS))
    return found


def _piece(kind: SavingKind, stop: Stopped, span: tuple[int, int], ms: int) -> SavedPiece:
    start, end = span
    return SavedPiece(kind, start, end, MachineMs(ms), stop.rate_micros * ms // HOUR_MS)


def _usual(stop: Stopped, span: tuple[int, int]) -> int:
    """How long it would have run in part of an hour: the mean of the same hour before, at most as it really ran."""
    hour, length = span[0] // HOUR_MS * HOUR_MS, span[1] - span[0]
    last = stop.from_at // HOUR_MS * HOUR_MS - HOUR_MS
    weeks, days = _before(stop, hour, WEEK_MS, last), _before(stop, hour, DAY_MS, last)
    past, watched = (weeks[:WEEKS_LOOKED_BACK], _watched(stop, hour)) if weeks else (days[:DAYS_LOOKED_BACK], days)
    if not past:
        return 0
    used = sum(stop.used_ms(each) for each in past) * length // (len(past) * HOUR_MS)
    really = sum(min(HOUR_MS, stop.ran_ms.get(start, 0)) for start in watched) * length // (len(watched) * HOUR_MS)
    return min(used, really)


def _watched(stop: Stopped, hour: int) -> list[int]:
    """The same hour of the last weeks, those of the standstill as well, as far as it was watched."""
    return [each for n in range(EVIDENCE_WEEKS) if (each := hour - (n + 1) * WEEK_MS) >= stop.known_from]


def _before(stop: Stopped, hour: int, step: int, last: int) -> list[int]:
    """The same hour so many days or weeks ago, and before that, as far as it was watched; the newest first."""
    first = hour - max(1, -(-(hour - last) // step)) * step
    return [each for n in range(EVIDENCE_WEEKS) if (each := first - n * step) >= stop.known_from]


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
    silent: tuple[UnreadSource, ...] = ()
    """Sources that were not read lately: what was saved there since is not worked out."""
    timezone: str = "UTC"
    """Of its days."""
    made_at: int = 0

    @property
    def micros(self) -> int:
        """The sum."""
        return sum(saved.micros for saved in self.found)

    @property
    def exact(self) -> bool:
        """Whether every rate in it is."""
        return all(saved.exact for saved in self.found)


Avoided = Literal["claim", "start", "launch"]
"""What somebody was about to do."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Somebody took an instance that stood free instead of one that costs more.

    For an avoided start or launch that is real money. For an avoided claim it is only for the hours in which the
    instance that was not taken did not run, which the ledger knows.
    """

    id: str
    """The claim's on what was taken."""
    kind: Literal["shared"]
    at: int
    person: str
    taken_id: str
    """The instance they took."""
    avoided: Avoided
    instead_of: str
    """An instance's id; a template's name for a launch."""
    micros_per_hour: int
    until_at: int
    counterfactual: str
    """A sentence: what would have been otherwise."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody was told of something better than what they were about to do."""

    id: str
    at: int
    person: str
    avoided: Avoided
    subject: str
    """An instance's id; a template's name for a launch."""
    better_id: str
    count: int
    """GPUs of it that would serve."""
    choice: GpuChoice | None
    length: int | None
    until: int | None
    note: str
    micros_per_hour: int | None
    """What would be saved; None where the price is not known."""


def counterfactual(avoided: Avoided, name: str) -> str:
    """What would have been otherwise."""
    would = {"claim": "claimed, and so kept running", "start": "started", "launch": "launched"}[avoided]
    return f"{name} would have been {would}."
