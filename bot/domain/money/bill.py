"""What the provider says it cost: lines per day, and the looks that brought them. Days of a bill are UTC days."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from bot.domain.days import ONE_DAY

BILL_LAG = 2 * ONE_DAY
"""A day counts as billed in full when it was looked at two days later; until then its figures are estimates."""
BillDimension = Literal["account", "service", "team", "type", "instance", "kind"]
BILL_DIMENSIONS: tuple[BillDimension, ...] = ("account", "service", "team", "type", "instance", "kind")
BillLineKind = Literal["usage", "purchase", "tax", "credit", "adjustment", "correction", "discount", "other"]
"""`purchase`: commitments and fees; `correction`: of an earlier month's bill; `discount`: where it has a line of its
own; `adjustment`: refunds and roundings."""
GPU_TYPE = re.compile(r"(p|g|gr)\d[a-z0-9-]*\.[a-z0-9-]+")
"""EC2's GPU families: on a bill there is nothing better to tell by."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """The sum of some charges of one day. A dimension is None where the source doesn't tell it apart, "" for none."""

    period: str
    """The month whose invoice has it: "2026-11"."""
    day: date
    billed_micros: int
    """As invoiced: what a commitment covers is 0 here, and the commitment a line of its own."""
    account: str | None = None
    service: str | None = None
    team: str | None = None
    type: str | None = None
    """Of a machine, such as p4d.24xlarge."""
    instance: str | None = None
    """Only of machines with GPUs."""
    kind: str | None = None
    effective_micros: int | None = None
    """With commitments spread over what they cover; None where the source doesn't say."""
    list_micros: int | None = None
    running_ms: int | None = None
    """How long machines ran for it."""

    @property
    def cut(self) -> str:
        """What the line is told apart by. Lines of one cut add up to the day; those of two would count it twice."""
        return " ".join(name for name in BILL_DIMENSIONS if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class BillLook:
    """One look at the provider's bill. Its lines take the place of all that was known of its periods and days."""

    source: str
    """For people: "Cost Explorer"."""
    place: str
    """What was read: an account, a folder, a table."""
    as_of: int
    """How new what it says is: when it was asked, or when the export was written."""
    periods: tuple[str, ...]
    lines: tuple[BillLine, ...]
    first: date = date.min
    last: date = date.max
    seal: str = ""
    """Stands for the state of what was read, so that nothing is read twice; empty where only asking can tell."""
    notes: tuple[str, ...] = field(default=())
    """What people must know to trust the sums."""


def is_estimate(day: date, as_of: int) -> bool:
    """Whether a day may still grow beyond what a look of that age says."""
    return utc_day(as_of) - day < BILL_LAG


def utc_day(instant: int) -> date:
    """The day of a bill an instant falls into."""
    return datetime.fromtimestamp(instant / 1000, UTC).date()


def period_of(day: date) -> str:
    """The month a day is invoiced in."""
    return f"{day:%Y-%m}"


def periods_between(first: date, last: date) -> tuple[str, ...]:
    """The months that a span of days touches."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(period_of(month))
        month = (month + timedelta(days=31)).replace(day=1)
    return tuple(found)


def is_gpu_type(name: str) -> bool:
    """Whether a machine of that type has GPUs, by EC2's names."""
    return GPU_TYPE.fullmatch(name) is not None


def total(lines: Iterable[BillLine]) -> int:
    """The billed micro-dollars of lines of one cut."""
    return sum(line.billed_micros for line in lines)
