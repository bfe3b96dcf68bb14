"""Sums of the ledger for reports: by team, by whom it was used, by person, type or instance, over any days."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.domain.days import day_start
from bot.domain.models import owned_type
from bot.domain.money.metering import so_far
from bot.domain.money.rates import Share
from bot.domain.money.sums import By, Sum
from bot.domain.times import GpuMs
from bot.services.desk import Desk
from store.money import ledger, sums
from store.money.ledger import Running
from store.sharing import claims


def between(desk: Desk, by: By, first: date, last: date, *, team: str | None = None) -> list[Sum]:
    """What was charged from one day to another, both counted, in the zone of [digest]; open meters are left out."""
    start, end = span_of(first, last, desk.settings.digest.timezone)
    return sums.of(desk.store.reading(), by, start, end, team=team)


def running(desk: Desk, by: By, start: int, end: int, *, instance_id: str | None = None) -> list[Sum]:
    """What open meters show from `start` up to `end`, each share by itself: the running hour, not charged yet."""
    db = desk.store.reading()
    found = [each for each in ledger.running(db, instance_id) if start <= each.meter.from_at < end]
    since = min((each.meter.from_at for each in found), default=end)
    holds = {source: claims.holds(db, source, since, instance_id) for source in {each.source for each in found}}
    return [
        _sum(by, each, share)
        for each in found
        for charge in so_far(each.meter, tuple(holds[each.source].get(each.meter.instance_id, ())))
        for share in charge.split
    ]


def within(desk: Desk, by: By, start: int, end: int, *, instance_id: str | None = None) -> list[Sum]:
    """Charges from `start` up to `end` and what open meters show of it; a key may come several times."""
    charged = sums.of(desk.store.reading(), by, start, end, instance_id=instance_id)
    return [*charged, *running(desk, by, start, end, instance_id=instance_id)]


def _sum(by: By, each: Running, share: Share) -> Sum:
    meter = each.meter
    keys: dict[By, str] = {
        "team": meter.team,
        "used_by": share.team,
        "person": share.holder,
        "type": owned_type(each.gpu_count, each.gpu_model) if each.provider == "owned" else each.type,
        "instance": meter.instance_id,
    }
    return Sum(
        key=keys[by],
        name=each.name if by == "instance" else keys[by],
        provider=each.provider,
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
    return day_start(first, zone), day_start(last + timedelta(days=1), zone)
