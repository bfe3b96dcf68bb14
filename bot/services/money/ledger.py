"""Sums of the ledger for reports, by whom and what over any days, and since when anything is known."""

import time
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import ONE_DAY, GpuMs, day_start, local, local_day
from bot.domain.machines.listing import Listing
from bot.domain.machines.models import owned_type
from bot.domain.money.metering import charges_so_far
from bot.domain.money.rates import Share
from bot.domain.money.reports import LedgerSum, Spent, SumBy
from bot.domain.money.source_reads import SourceReads, days_known, days_read_of, first_known
from bot.domain.spans import TimeSpan, merged_spans
from bot.services.context import Context
from bot.services.machines.fleet import NOT_LOOKED_AT, OWNED_SOURCE
from store.machines import fleet as stored_fleet
from store.money import bill as stored_bill
from store.money import day_sums, old_days, source_reads, spend, sums
from store.money import ledger as stored_ledger
from store.money.ledger import Running
from store.sharing import claims as stored_claims

BREATH_S = 0.01
"""Between slices, so that whoever waits to write comes in: a lock that is taken again at once lets nobody in."""


def catch_up_spend(ctx: Context) -> None:
    """Bring the sums per local day up to the last charge, a slice at a time; run it every minute."""
    while not _catch_up(ctx):
        time.sleep(BREATH_S)


def _catch_up(ctx: Context) -> bool:
    with ctx.store.writing() as db:
        return day_sums.catch_up(db, ctx.settings.digest.timezone)


HOURS_KEPT_DAYS = 730
FOLDED_AT_ONCE, SLICES = 4_000, 75
"""Charges in one transaction, and such transactions in one run of the job."""
NIGHT = range(2, 5)
"""Hours of the day, in the zone of [digest]."""


def fold_old_hours(ctx: Context) -> None:
    """Let hours older than two years become days with the same sums, some each night; run it every few minutes."""
    zone = ZoneInfo(ctx.settings.digest.timezone)
    now = local(ctx.clock(), zone)
    before = day_start(now.date() - HOURS_KEPT_DAYS * ONE_DAY, zone)
    first = spend.first_hour(ctx.store.reading())
    if now.hour not in NIGHT or first is None or first >= before:
        return
    catch_up_spend(ctx)
    _catch_up_billed(ctx)
    for _ in range(SLICES):
        with ctx.store.writing() as db:
            if old_days.fold_hours(db, before, zone.key, step=FOLDED_AT_ONCE):
                return
        time.sleep(BREATH_S)


def _catch_up_billed(ctx: Context) -> None:
    done = False
    while not done:
        with ctx.store.writing() as db:
            done = stored_bill.catch_up_metered(db)


def charged_sums(ctx: Context, by: SumBy, first: date, last: date, *, team: str | None = None) -> list[LedgerSum]:
    """What was charged from one day to another, both counted, in the zone of [digest]; open meters are left out."""
    start, end = span_of(first, last, ctx.settings.digest.timezone)
    return sums.sums_by(ctx.store.reading(), by, start, end, team=team)


def running_sums(ctx: Context, by: SumBy, start: int, end: int, *, instance_id: str | None = None) -> list[LedgerSum]:
    """What open meters show from `start` up to `end`, each share by itself: the running hour, not charged yet."""
    db = ctx.store.reading()
    found = [each for each in stored_ledger.running_meters(db, instance_id) if start <= each.meter.from_at < end]
    since = min((each.meter.from_at for each in found), default=end)
    holds = {
        source: stored_claims.holds_by_instance(db, source, since, instance_id)
        for source in {each.source for each in found}
    }
    return [
        _sum(by, each, share)
        for each in found
        for charge in charges_so_far(each.meter, tuple(holds[each.source].get(each.meter.instance_id, ())))
        for share in charge.split
    ]


def charged_and_running(
    ctx: Context, by: SumBy, start: int, end: int, *, instance_id: str | None = None
) -> list[LedgerSum]:
    """Charges from `start` up to `end` and what open meters show of it; a key may come several times."""
    charged = sums.sums_by(ctx.store.reading(), by, start, end, instance_id=instance_id)
    return [*charged, *running_sums(ctx, by, start, end, instance_id=instance_id)]


def _sum(by: SumBy, running: Running, share: Share) -> LedgerSum:
    meter = running.meter
    keys: dict[SumBy, str] = {
        "team": meter.team,
        "used_by": share.team,
        "person": share.holder,
        "type": owned_type(running.gpu_count, running.gpu_model) if running.provider == "owned" else running.type,
        "instance": meter.instance_id,
    }
    return LedgerSum(
        key=keys[by],
        name=running.name if by == "instance" else keys[by],
        provider=running.provider,
        micros=share.micros,
        busy_micros=share.micros if share.use == "busy" else 0,
        idle_micros=share.micros if share.use == "idle" else 0,
        unknown_micros=share.micros if share.use == "unknown" else 0,
        gpu_ms=share.gpu_ms,
        idle_gpu_ms=share.gpu_ms if share.use == "idle" else GpuMs(0),
        unpriced_gpu_ms=GpuMs(0) if meter.rate_micros else share.gpu_ms,
        estimated_micros=0 if meter.exact else share.micros,
        estimated_idle_micros=share.micros if share.use == "idle" and not meter.exact else 0,
    )


def span_of(first: date, last: date, timezone: str) -> tuple[int, int]:
    """When days begin and end in a zone, from one to another, both counted."""
    zone = ZoneInfo(timezone)
    return day_start(first, zone), day_start(last + ONE_DAY, zone)


NOTHING_SPENT = Spent()


def spent_by_machine(ctx: Context, start: int, end: int) -> Mapping[str, Spent]:
    """What each machine cost from one instant to another, by id, and how much of it idled, the running hour included.

    An hour of the ledger belongs to where it begins.
    """
    found: dict[str, Spent] = {}
    for each in charged_and_running(ctx, "instance", start, end):
        found[each.key] = found.get(each.key, NOTHING_SPENT) + Spent.of(each)
    return found


def spent_of_machine(ctx: Context, instance_id: str, start: int, end: int) -> Spent:
    """The same of one machine."""
    told = charged_and_running(ctx, "instance", start, end, instance_id=instance_id)
    return sum((Spent.of(each) for each in told), NOTHING_SPENT)


def spent_since_idle(ctx: Context, listing: Listing) -> Spent | None:
    """What a machine that idles cost since it was judged idle; None where it does not, or that is not known."""
    verdict = listing.verdict
    if not listing.running or verdict is None or verdict.since is None:
        return None
    if not (verdict.is_idle or verdict.state == "partial"):
        return None
    # A charge begins where a GPU is judged idle, so those that begin before its quiet time are of another spell.
    start = max(verdict.since, listing.instance.launched_at or 0)
    return spent_of_machine(ctx, listing.instance.id, start, ctx.clock() + 1)


def day_before(now: int) -> int:
    """When the last 24 hours began: the ledger has whole hours, so the one in which they did counts."""
    return (now - DAY_MS) // HOUR_MS * HOUR_MS


def reads_by_source(db: Database, begins: Mapping[str, int] | None = None) -> dict[str, SourceReads]:
    """Every source of rented machines that was ever read, by name; `begins` is what was charged first, if at hand."""
    first = spend.begins(db) if begins is None else begins
    charged = {source: at for source, at in first.items() if source != OWNED_SOURCE}
    read = {source: spans for source, spans in source_reads.read_spans(db).items() if source != OWNED_SOURCE}
    ended = {each.name: each.ok_at for each in stored_fleet.fleet_sources(db) if each.error == NOT_LOOKED_AT}
    begins = first_known(charged, {source: spans[0][0] for source, spans in read.items()})
    return {source: SourceReads(begins[source], read.get(source, ()), ended.get(source)) for source in begins}


def why_nothing_known(ctx: Context) -> str:
    """Why nothing is known of rented machines yet, as a sentence; empty once any account or region was read."""
    db = ctx.store.reading()
    heard = [
        source
        for source in stored_fleet.fleet_sources(db)
        if source.name != OWNED_SOURCE and source.error != NOT_LOOKED_AT
    ]
    if "ec2" not in ctx.providers or any(each.ok_at is not None for each in heard) or reads_by_source(db):
        return ""
    if not heard:
        return "Valet has not looked at the fleet yet, so nothing is known of rented machines. Ask again in a minute."
    first, more = heard[0], f", and {len(heard) - 1} more" if len(heard) > 1 else ""
    why = f"{first.name}: {first.error.rstrip('.')}{more}"
    return f"No account or region could be read yet ({why}), so nothing is known of rented machines."


def rented_begins(db: Database) -> int | None:
    """The first instant that the ledger knows of any rented machine; None before the first look."""
    return min(first_reads(db), default=None)


def first_reads(db: Database) -> list[int]:
    """When each source of rented machines was first read."""
    return [watch.begins for watch in reads_by_source(db).values()]


def days_known_in(db: Database, first: date, last: date, zone: ZoneInfo, now: int) -> frozenset[date]:
    """The days, from one to another, both counted, through which every source was read; charges tell of none here."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return days_known([days_read_of(watch, days, zone, now, ()) for watch in reads_by_source(db).values()])


def counted_from(ctx: Context, day: date) -> date | None:
    """The first day of which rented machines are known, where that is after a day; else None."""
    zone = ZoneInfo(ctx.settings.digest.timezone)
    first = rented_begins(ctx.store.reading())
    return None if first is None or first <= day_start(day, zone) else local_day(first, zone)


def owned_begins(db: Database) -> int | None:
    """The first instant that the ledger knows of any owned machine; None without any."""
    return spend.begins(db).get(OWNED_SOURCE)


def unread_spans(watched: Iterable[SourceReads], start: int, end: int, now: int) -> tuple[TimeSpan, ...]:
    """When one source or more of these was not read, from `start` up to `end`."""
    return merged_spans(hole for each in watched for hole in each.unread(start, end, now))
