"""A day's bill beside our ledger: the difference taken apart into reasons that add up to it, to the micro-dollar.

Where the bill names machines each is compared with its own meter, else each type with its meters. What the bill has
beyond machines with GPUs (disks, traffic, other services) is a reason of its own: Valet does not meter it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from bot.domain.days import NO_MACHINE_TIME, MachineMs
from bot.domain.money.bill import BillLine, is_gpu_type

BillReason = Literal[
    "other",
    "tax",
    "credits",
    "purchases",
    "corrections",
    "discounts",
    "prepaid",
    "rates",
    "unseen",
    "unpriced",
    "lag",
    "unbilled",
]
REASON_TEXTS: dict[BillReason, str] = {
    "other": "disks, traffic and services that Valet does not meter",
    "tax": "tax",
    "credits": "credits and refunds",
    "purchases": "commitments and fees beyond what machines used of them",
    "corrections": "corrections of earlier months",
    "discounts": "discounts: paid below the rate",
    "prepaid": "paid for by commitments at another time",
    "rates": "another price than our rate",
    "unseen": "machines or hours that Valet did not see",
    "unpriced": "machines without a known price here",
    "lag": "hours not billed yet",
    "unbilled": "hours that are not on this bill",
}
"""For people."""
REASON_OF_KIND: dict[str, BillReason] = {
    "tax": "tax",
    "credit": "credits",
    "adjustment": "credits",
    "purchase": "purchases",
    "correction": "corrections",
    "discount": "discounts",
}
"""All else is what Valet does not meter."""


@dataclass(frozen=True, slots=True)
class MeteredMachine:
    """One rented machine on one UTC day, by our ledger."""

    day: date
    instance_id: str
    name: str
    type: str
    team: str
    micros: int
    running_ms: MachineMs
    unpriced_ms: MachineMs = NO_MACHINE_TIME
    """How much of that ran without a known price, and so for 0."""


@dataclass(frozen=True, slots=True)
class UnseenMachine:
    """A machine, or machines of a type, that the bill has and our ledger has not."""

    type: str
    instance: str
    account: str
    micros: int


@dataclass(frozen=True, slots=True)
class ReconciledDay:
    """A day's bill beside the ledger; `reasons` add up to billed - metered."""

    day: date
    billed_micros: int
    metered_micros: int
    reasons: Mapping[BillReason, int]
    unseen: tuple[UnseenMachine, ...] = ()

    @property
    def difference(self) -> int:
        """Billed beyond what we metered."""
        return self.billed_micros - self.metered_micros


@dataclass(frozen=True, slots=True)
class _Side:
    """What the bill says of one machine or type."""

    billed: int
    effective: int
    list: int | None
    running_ms: int | None


@dataclass(frozen=True, slots=True)
class _Meters:
    """What our ledger says of it."""

    micros: int
    running_ms: MachineMs
    unpriced_ms: MachineMs


def reconcile(
    day: date, lines: Iterable[BillLine], metered: Iterable[MeteredMachine], *, estimate: bool
) -> ReconciledDay:
    """Compare one day. `lines` are of one cut, which tells kinds and types apart."""
    lines, metered = tuple(lines), tuple(metered)
    by_instance = any(line.instance for line in lines)
    ours = _meters(metered, by_instance=by_instance)
    # lines of machines with GPUs are compared below; all other lines are a reason of their own
    reasons: Counter[BillReason] = Counter()
    machines: dict[str, list[BillLine]] = {}
    for line in lines:
        unit = (line.instance if by_instance else line.type) or ""
        if line.kind in {"usage", "discount"} and unit and (unit in ours or is_gpu_type(line.type or "")):
            machines.setdefault(unit, []).append(line)
        else:
            reasons[REASON_OF_KIND.get(line.kind or "", "other")] += line.billed_micros
    # machine by machine (or type by type), those that only one side has included
    off, unseen = reasons["discounts"], []
    for unit in machines.keys() | ours.keys():
        theirs = _side(machines.get(unit, []))
        meters = ours.get(unit, _Meters(0, NO_MACHINE_TIME, NO_MACHINE_TIME))
        reasons.update(_compare(theirs, meters, estimate=estimate))
        if not meters.running_ms and theirs.billed:
            some = machines[unit][0]
            unseen.append(UnseenMachine(some.type or "", some.instance or "", some.account or "", theirs.billed))
    return ReconciledDay(
        day,
        sum(line.billed_micros for line in lines),
        sum(machine.micros for machine in metered),
        {why: micros for why, micros in _told_once(reasons, off).items() if micros},
        tuple(sorted(unseen, key=lambda each: (-each.micros, each.instance, each.type))),
    )


def _meters(metered: Iterable[MeteredMachine], *, by_instance: bool) -> dict[str, _Meters]:
    found: dict[str, _Meters] = {}
    for machine in metered:
        unit = machine.instance_id if by_instance else machine.type
        so_far = found.get(unit, _Meters(0, NO_MACHINE_TIME, NO_MACHINE_TIME))
        found[unit] = _Meters(
            so_far.micros + machine.micros,
            MachineMs(so_far.running_ms + machine.running_ms),
            MachineMs(so_far.unpriced_ms + machine.unpriced_ms),
        )
    return found


def _side(lines: Iterable[BillLine]) -> _Side:
    """The sum of a machine's lines; hours and list price only where some line tells them."""
    billed = effective = 0
    listed: int | None = None
    running: int | None = None
    for line in lines:
        billed += line.billed_micros
        effective += line.billed_micros if line.effective_micros is None else line.effective_micros
        listed = listed if line.list_micros is None else (listed or 0) + line.list_micros
        running = running if line.running_ms is None else (running or 0) + line.running_ms
    return _Side(billed, effective, listed, running)


def _compare(theirs: _Side, ours: _Meters, *, estimate: bool) -> Counter[BillReason]:
    """Why a machine's billed cost is not what we metered; the parts add up to the difference."""
    found: Counter[BillReason] = Counter()
    if not ours.running_ms:
        found["unseen"] += theirs.billed
        found["rates"] -= ours.micros
        return found
    found["prepaid"] += theirs.billed - theirs.effective
    if ours.unpriced_ms:
        share, theirs = _split(theirs, ours.unpriced_ms, ours.running_ms)
        found["unpriced"] += share
        ours = replace(ours, running_ms=MachineMs(ours.running_ms - ours.unpriced_ms))
    if not ours.running_ms:
        found["rates"] -= ours.micros
        return found
    gap = _gap(theirs, ours, estimate=estimate)
    if gap:
        missing: BillReason = "lag" if estimate else "unbilled"
        found["unseen" if gap > 0 else missing] += gap
    found.update(_prices(theirs, ours.micros + gap))
    return found


def _split(theirs: _Side, part: int, whole: int) -> tuple[int, _Side]:
    """The share of the bill for time without a known price, and what is left."""
    share = theirs.effective * part // whole
    rest = _Side(
        theirs.billed - share,
        theirs.effective - share,
        None if theirs.list is None else theirs.list - theirs.list * part // whole,
        None if theirs.running_ms is None else theirs.running_ms - theirs.running_ms * part // whole,
    )
    return share, rest


def _gap(theirs: _Side, ours: _Meters, *, estimate: bool) -> int:
    """What the hours that only one side has cost, at our rate: above 0 where the bill has more of them."""
    if theirs.running_ms is None and not theirs.effective:
        return -ours.micros
    if theirs.running_ms is None:  # without hours, what is missing from a day not billed in full is taken for late
        return min(0, theirs.effective - ours.micros) if estimate else 0
    return (theirs.running_ms - ours.running_ms) * ours.micros // ours.running_ms


def _prices(theirs: _Side, ours: int) -> Counter[BillReason]:
    """The same hours at another price; `ours` is what they cost at our rate.

    Our rate may have the discount off already: only what was paid below both the list and our rate is a discount.
    """
    base = ours if not theirs.list or theirs.list < 0 else min(theirs.list, ours)
    off = min(0, theirs.effective - base)
    return Counter({"discounts": off, "rates": theirs.effective - ours - off})


def _told_once(reasons: Counter[BillReason], off: int) -> Counter[BillReason]:
    """What has a line of its own on the bill is no reason as far as the machines' reasons are the same money.

    A discount (`off`) is part of our rates where those are below what the machines' lines say; a commitment's fee is
    what paid for the machines that it covers.
    """
    taken_off, covered = min(-off, reasons["rates"]), min(reasons["purchases"], -reasons["prepaid"])
    if taken_off > 0:
        reasons.update({"discounts": taken_off, "rates": -taken_off})
    if covered > 0:
        reasons.update({"purchases": -covered, "prepaid": covered})
    return reasons


@dataclass(frozen=True, slots=True)
class ComparedDay:
    """One UTC day of the bill beside the ledger."""

    day: date
    billed_micros: int | None
    """None where the bill has nothing of it."""
    metered_micros: int | None
    """None before the first whole day of our ledger."""
    estimate: bool
    """The bill of it, or its absence, may still change."""
    reasons: Mapping[BillReason, int]
    """Of the difference; empty where there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class ComparedSum:
    """A service, team or type over the compared days."""

    name: str
    billed_micros: int
    metered_micros: int | None = None
    """None where our ledger does not tell it apart."""


@dataclass(frozen=True, slots=True)
class BillReport:
    """Some days, oldest first. All sums are over the days that the bill has."""

    first: date
    last: date
    today: date
    days: tuple[ComparedDay, ...]
    services: tuple[ComparedSum, ...]
    teams: tuple[ComparedSum, ...]
    types: tuple[ComparedSum, ...]
    unseen: tuple[UnseenMachine, ...]
    """Machines the bill has and our ledger has not, dearest first."""
    source: str
    place: str
    looked_at: int
    as_of: int
    """How new the oldest of its figures is."""
    begins: date | None = None
    """The first day the bill is known of."""
    notes: tuple[str, ...] = ()
    error: str = ""
    """Why the newest look failed, where one failed since."""
    error_at: int | None = None

    @property
    def billed_micros(self) -> int:
        """All that is billed."""
        return sum(day.billed_micros or 0 for day in self.days)

    @property
    def compared(self) -> tuple[ComparedDay, ...]:
        """The days that both sides have."""
        return tuple(day for day in self.days if day.billed_micros is not None and day.metered_micros is not None)

    @property
    def metered_micros(self) -> int:
        """Our ledger over the compared days."""
        return sum(day.metered_micros or 0 for day in self.compared)

    @property
    def reasons(self) -> dict[BillReason, int]:
        """The difference over the compared days, taken apart; the largest reasons first."""
        return largest_first(day.reasons for day in self.compared)


def largest_first(each_day: Iterable[Mapping[BillReason, int]]) -> dict[BillReason, int]:
    """Reasons of several days added up."""
    summed: Counter[BillReason] = Counter()
    for reasons in each_day:
        summed.update(reasons)
    return dict(sorted(((why, micros) for why, micros in summed.items() if micros), key=lambda each: -abs(each[1])))


def unseen_machines(days: Iterable[ReconciledDay]) -> tuple[UnseenMachine, ...]:
    """What the bill has and our ledger has not, over several days."""
    found: dict[tuple[str, str, str], int] = {}
    for day in days:
        for machine in day.unseen:
            key = (machine.type, machine.instance, machine.account)
            found[key] = found.get(key, 0) + machine.micros
    summed = [
        UnseenMachine(type=type_, instance=instance, account=account, micros=micros)
        for (type_, instance, account), micros in found.items()
    ]
    return tuple(sorted(summed, key=lambda each: (-each.micros, each.instance, each.type)))
