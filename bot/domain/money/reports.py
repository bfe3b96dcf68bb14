"""What was spent, summed one way or another, and what idles now."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, get_args

from bot.domain.days import NO_GPU_TIME, GpuMs
from bot.domain.machines.sources import UnreadSource

SumBy = Literal["team", "used_by", "person", "type", "instance"]
"""team: whose machine it is, and so whose budget; used_by: the team of the claim, or the machine's without one."""


class LedgerSum(NamedTuple):
    """What one team, person, type or instance cost."""

    key: str
    """A team's name, a Slack user id (empty: nobody held it), a type (of owned ones by GPUs: "owned 8xA100"), or an
    instance's id."""
    name: str
    """For people: an instance's name; else the key."""
    provider: str
    """ec2: money on the bill; owned: full cost, on no bill."""
    micros: int
    busy_micros: int
    idle_micros: int
    unknown_micros: int
    """busy + idle + unknown = micros."""
    gpu_ms: GpuMs
    idle_gpu_ms: GpuMs
    unpriced_gpu_ms: GpuMs
    """Time without a known price, of which the micros are 0."""
    estimated_micros: int
    """At rates that are not exact."""
    estimated_idle_micros: int = 0
    """Of the idle ones."""


MUCH_ESTIMATED = 0.2
"""Of an amount: with less of it at estimated rates, nobody would decide otherwise for it."""

ReportBy = Literal["team", "person", "type", "instance"]
REPORT_WAYS: tuple[ReportBy, ...] = get_args(ReportBy)


@dataclass(frozen=True, slots=True)
class Spent:
    """An amount and the GPU time behind it, by what the GPUs did; busy + idle + unknown = micros."""

    micros: int = 0
    busy_micros: int = 0
    idle_micros: int = 0
    unknown_micros: int = 0
    gpu_ms: GpuMs = NO_GPU_TIME
    idle_gpu_ms: GpuMs = NO_GPU_TIME
    unpriced_gpu_ms: GpuMs = NO_GPU_TIME
    """Time without a known price, of which the micros are 0."""
    estimated_micros: int = 0
    """At prices that are not exact: borrowed from another region, or spot's, which move within the hour."""
    estimated_idle_micros: int = 0
    """Of what idled."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.micros + other.micros,
            self.busy_micros + other.busy_micros,
            self.idle_micros + other.idle_micros,
            self.unknown_micros + other.unknown_micros,
            GpuMs(self.gpu_ms + other.gpu_ms),
            GpuMs(self.idle_gpu_ms + other.idle_gpu_ms),
            GpuMs(self.unpriced_gpu_ms + other.unpriced_gpu_ms),
            self.estimated_micros + other.estimated_micros,
            self.estimated_idle_micros + other.estimated_idle_micros,
        )

    @classmethod
    def of(cls, row: LedgerSum) -> "Spent":
        """What a sum of the ledger says."""
        return cls(*row[3:])

    @property
    def about(self) -> str:
        """What stands before its amounts: a word where much of them is estimated."""
        return "about " if self.is_estimated else ""

    @property
    def about_idle(self) -> str:
        """What stands before what idled of them."""
        return "about " if self.is_idle_estimated else ""

    @property
    def is_estimated(self) -> bool:
        """Whether so much of the money is estimated that it may change a decision."""
        return self.estimated_micros > MUCH_ESTIMATED * self.micros

    @property
    def is_idle_estimated(self) -> bool:
        """As `is_estimated`, of what idled."""
        return self.estimated_idle_micros > MUCH_ESTIMATED * self.idle_micros

    @property
    def idle_share(self) -> float | None:
        """Of the money, how much was seen to idle, 0 to 1; None where nothing was spent, or nobody looked."""
        return self.idle_micros / self.micros if self.micros != self.unknown_micros else None

    @property
    def unknown_share(self) -> float:
        """Of the money, how much went to GPUs of which nobody knows whether they worked."""
        return self.unknown_micros / self.micros if self.micros else 0.0


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One team, person, type or instance."""

    key: str
    """Empty: no team, or nobody held it."""
    name: str
    rented: Spent
    """Money on the bill, by our own metering."""
    owned: Spent
    """Full cost of owned machines, on no bill."""


@dataclass(frozen=True, slots=True)
class IdleNow:
    """A machine that idles just now."""

    instance_id: str
    name: str
    provider: str
    state: str
    """free, held or partial."""
    since: int
    holders: tuple[str, ...]
    waste_micros: int
    """Per hour; 0 where no price is known."""
    idle_gpus: int
    kept: str = ""
    """Why nobody is asked to stop it: it is exempt, or somebody keeps it for a while."""
    exact: bool = True
    """Whether its rate is."""
    paid_anyway: str = ""
    """What it runs in that is paid whether it runs or not."""

    @property
    def stop_saves(self) -> bool:
        """Whether to stop it would make the bill smaller."""
        return self.provider != "owned" and not self.paid_anyway


@dataclass(frozen=True, slots=True)
class SpendReport:
    """The ledger of some days, told apart one way; every way adds up to the same totals."""

    first: date
    last: date
    today: date
    by: ReportBy
    rows: tuple[ReportRow, ...]
    """The dearest first; for idleness: what idled most."""
    made_at: int
    timezone: str
    before_micros: int | None = None
    """Rented, in as many days before; None where the ledger does not reach back so far."""
    running_micros: int = 0
    """Of the rented sum: the running hour, which is not charged yet."""
    begins: date | None = None
    """The first day of which rented machines are known."""
    idle_now: tuple[IdleNow, ...] = ()
    before_exact: bool = True
    """Whether all of what was spent before was at exact rates."""
    owned_begins: date | None = None
    """The first day of which owned machines are known."""
    silent: tuple[UnreadSource, ...] = ()
    """Sources that were not read lately, so that the sums lack something of these days."""

    @property
    def rented(self) -> Spent:
        """All of it that is on the bill."""
        return sum((row.rented for row in self.rows), Spent())

    @property
    def owned(self) -> Spent:
        """All of it that is on no bill."""
        return sum((row.owned for row in self.rows), Spent())

    @property
    def value(self) -> str:
        """What its buttons carry: its days and its way."""
        return f"{self.first}|{self.last}|{self.by}"
