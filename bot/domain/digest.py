"""The daily digest: which GPUs idle, since when, what that cost since yesterday, and when it is due."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.domain.days import GpuMs
from bot.domain.machines.listing import Listing
from bot.domain.machines.sources import UnreadSource
from bot.domain.money.reports import Spent

IdleState = Literal["free", "held", "partial"]


@dataclass(frozen=True, slots=True)
class IdleRow:
    """One idle instance, or one with idle GPUs, as it was when the digest was made."""

    instance_id: str
    name: str
    type: str
    gpus: str
    """For people: "8xA100"."""
    provider: str
    team: str
    state: IdleState
    since: int
    """All the GPUs counted in `idle_gpus` have been idle since then."""
    idle_gpus: int
    idle_gpu_ms: GpuMs
    """Idle GPU time within the digest's span, by the ledger."""
    waste_micros_per_hour: int | None
    """Of its idle GPUs; None where no price is known."""
    wasted_micros: int | None
    """What it cost for nothing within the digest's span, by the ledger; None where no price is known."""
    exact: bool = True
    """False when the price was borrowed, say from another region."""
    holders: tuple[str, ...] = ()
    claim_until: int | None = None
    evidence: str = ""
    paid_anyway: str = ""
    """What it runs in that is paid whether it runs or not."""
    unknown_micros: int = 0
    """What it cost within the span of which nobody knows whether it was used."""

    @property
    def is_waste_known(self) -> bool:
        """Whether the ledger can tell what went unused: not where it saw none of it idle, and some of it not at all."""
        return bool(self.wasted_micros) or not self.unknown_micros

    @property
    def stop_saves(self) -> bool:
        """Whether to stop it would make the bill smaller."""
        return self.provider == "ec2" and not self.paid_anyway


@dataclass(frozen=True, slots=True)
class Tidy:
    """What has cost money unused for weeks; said once a week."""

    machines: int
    """Stopped ones, that nobody started for so many days."""
    micros: int
    """What their disks and addresses cost a month; those of which it is not known are left out."""
    unpriced: int
    days: int
    images: int = 0
    """From which nobody launched anything for so many days."""
    image_micros: int = 0
    """What they cost a month, at most."""
    image_days: int = 0
    addresses: int = 0
    """Elastic IP addresses of the stopped ones."""


@dataclass(frozen=True, slots=True)
class MonthAhead:
    """What the month is expected to come to, as a forecast that was kept said it, and what was saved in it."""

    team: str
    """Empty: the whole company."""
    first: date
    expected_micros: int
    budget_micros: int | None
    chance_over: float | None
    saved_micros: int

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "MonthAhead":
        """From the store."""
        return cls(**{**content, "first": date.fromisoformat(content["first"])})


@dataclass(frozen=True, slots=True)
class Span:
    """What a channel's machines cost over the time that a digest speaks of, by the ledger, whatever they do now."""

    from_at: int
    rented: Spent
    owned: Spent

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Span":
        """From the store."""
        return cls(content["from_at"], Spent(**content["rented"]), Spent(**content["owned"]))


@dataclass(frozen=True, slots=True)
class Digest:
    """One channel's digest of one local date, as it was made; most wasteful rows first."""

    channel: str
    local_date: date
    timezone: str
    made_at: int
    rows: tuple[IdleRow, ...]
    tidy: Tidy | None = None
    month: MonthAhead | None = None
    """No reason for a digest by itself."""
    left_out: tuple[str, ...] = ()
    """Names of idle machines that are not listed, as somebody keeps or drains them, or they are exempt."""
    span: Span | None = None
    """What its sums are of; None in a digest of an older version, whose sum is that of its rows."""
    windows: tuple[int, ...] = (60,)
    """After how many minutes without work a GPU of its machines is idle: the rules of their teams, the least first."""
    silent: tuple[UnreadSource, ...] = ()
    """Sources that were not read lately, of which the channel has machines."""

    due_at: int | None = None
    """When it should have been made; None where it was made in time."""
    missing: tuple[str, ...] = ()
    """Names of machines that have not told of themselves since an absence of Valet."""

    @property
    def is_empty(self) -> bool:
        """There is nothing to say."""
        return not self.rows and self.tidy is None and not self.missing

    @property
    def wasted_micros(self) -> int:
        """What went unused of rented machines within the span, listed or not, as far as prices are known."""
        return self.span.rented.idle_micros if self.span else sum(row.wasted_micros or 0 for row in self.rows)

    @property
    def unlisted_micros(self) -> int:
        """How much of that is of machines that no row tells of."""
        listed = sum(row.wasted_micros or 0 for row in self.rows if row.provider != "owned")
        return self.wasted_micros - listed if self.span else 0

    @property
    def exact(self) -> bool:
        """No price that it adds up is borrowed."""
        return not self.span.rented.estimated_idle_micros if self.span else all(row.exact for row in self.rows)

    @property
    def unpriced(self) -> int:
        """Rows without a known price."""
        return sum(row.wasted_micros is None for row in self.rows)

    @property
    def partial_idle_gpu_ms(self) -> GpuMs:
        """Idle GPU time on instances whose other GPUs work."""
        return GpuMs(sum(row.idle_gpu_ms for row in self.rows if row.state == "partial"))

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        month = {**asdict(self.month), "first": self.month.first.isoformat()} if self.month else None
        rows = [asdict(row) for row in self.rows]
        return {**asdict(self), "local_date": self.local_date.isoformat(), "rows": rows, "month": month}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Digest":
        """From the store."""
        rows = tuple(IdleRow(**{**row, "holders": tuple(row["holders"])}) for row in content["rows"])
        tidy = Tidy(**content["tidy"]) if content.get("tidy") else None
        month = MonthAhead.from_json(content["month"]) if content.get("month") else None
        told: dict[str, Any] = {"rows": rows, "tidy": tidy, "month": month, "left_out": tuple(content["left_out"])}
        told |= {"local_date": date.fromisoformat(content["local_date"])}
        told |= {"span": Span.from_json(content["span"])} if content.get("span") else {}
        told |= {"windows": tuple(content.get("windows", (60,))), "missing": tuple(content.get("missing", ()))}
        told |= {"silent": tuple(UnreadSource(**each) for each in content.get("silent", ()))}
        return cls(**{**content, **told})


def due_date(now: int, timezone: str, at: str) -> date | None:
    """The local date whose digest may be made: today's, from `at` ("09:00") on; None earlier in the day.

    It looks at the clock on the wall only, so a start in the afternoon makes the morning's digest late, and neither a
    skipped nor a doubled hour makes a second date of one day. That it is made once is for the database to keep.
    """
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(timezone))
    return local.date() if local.time() >= time.fromisoformat(at) else None


def due_at(local_date: date, timezone: str, at: str) -> int:
    """The instant at which the digest of a local date falls due."""
    return int(datetime.combine(local_date, time.fromisoformat(at), ZoneInfo(timezone)).timestamp() * 1000)


def week_start(local_date: date) -> date:
    """The Monday of its week."""
    return local_date - timedelta(days=local_date.weekday())


def next_due(now: int, timezone: str, at: str) -> int:
    """When the next digest falls due: `at` on the wall clock, today or tomorrow. In a skipped hour: right after it."""
    zone, wall = ZoneInfo(timezone), time.fromisoformat(at)
    today = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date()
    moments = (datetime.combine(today + timedelta(days=ahead), wall, zone) for ahead in (0, 1))
    return next(due for due in (int(moment.timestamp() * 1000) for moment in moments) if due > now)


def idle_rows(listings: Iterable[Listing], spent: Mapping[str, Spent], now: int) -> tuple[IdleRow, ...]:
    """The rows of a digest made `now`: idle and partly idle instances, most wasteful first.

    `spent` is what machines cost within the digest's span, by id.
    """
    rows = [row for each in listings if (row := _row(each, spent.get(each.instance.id, Spent()), now)) is not None]
    return tuple(sorted(rows, key=lambda row: (-(row.wasted_micros or 0), -row.idle_gpu_ms, row.name)))


def _row(listing: Listing, spent: Spent, now: int) -> IdleRow | None:
    instance, verdict = listing.instance, listing.verdict
    if verdict is None or verdict.since is None or not listing.running or not _is_idle(verdict.state):
        return None
    since = min(max(verdict.since, instance.launched_at or 0), now)
    known = listing.rate is not None or spent.idle_micros > 0
    return IdleRow(
        instance_id=instance.id,
        name=instance.name,
        type=instance.type,
        gpus=f"{instance.gpu_count}x{instance.gpu_model or 'GPU'}",
        provider=instance.provider,
        team=listing.team,
        state=verdict.state,  # type: ignore[arg-type]  # narrowed by _is_idle
        since=since,
        idle_gpus=verdict.idle_gpus or instance.gpu_count,
        idle_gpu_ms=spent.idle_gpu_ms,
        waste_micros_per_hour=None if listing.rate is None else listing.waste_micros,
        wasted_micros=spent.idle_micros if known else None,
        unknown_micros=spent.unknown_micros,
        exact=(listing.rate is None or listing.rate.exact) and not spent.estimated_idle_micros,
        holders=tuple(claim.holder for claim in listing.claims),
        claim_until=max((claim.until_at for claim in listing.claims), default=None),
        evidence=verdict.evidence,
        paid_anyway=instance.paid_anyway,
    )


def _is_idle(state: str) -> bool:
    return state in {"free", "held", "partial"}


NowState = Literal["idle", "asked", "approved", "stopping", "stopped", "claimed", "kept", "working", "unknown", "gone"]


@dataclass(frozen=True, slots=True)
class RowNow:
    """What became of a row since the digest was made, for drawing it anew."""

    row: IdleRow
    state: NowState
    """"idle": still (or partly) idle and undecided. "stopped" also stands for any other state but running."""
    who: str = ""
    """Who kept, claimed, asked, or approved it; empty where nobody is known to have."""
    at: int | None = None
    """When that was."""
    until: int | None = None
    """Until when it is kept or claimed, or the card waits for an answer."""
    action_id: str = ""
    """The stop that was asked for, if any."""
    gpus: tuple[int, ...] = ()
    """Those that were claimed, where not all were."""

    @property
    def may_stop(self) -> bool:
        """It still waits for a decision, and could be stopped from here."""
        return self.state == "idle" and self.row.state != "partial" and self.row.stop_saves


@dataclass(frozen=True, slots=True)
class DigestNow:
    """A digest as it was made, with the present state of each row in the same order."""

    digest: Digest
    rows: tuple[RowNow, ...]
