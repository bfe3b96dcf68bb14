"""What owned machines cost: the settings and the measured power, worked out and kept as their rate."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import local_day
from bot.domain.machines.fleet import Instance
from bot.domain.machines.packing import GpuSum
from bot.domain.money.ownership import OwnedCost, Purchase, Upkeep, micros_of_usd, owned_cost
from bot.domain.money.rates import MICROS_PER_USD, Rate
from bot.services.context import Context
from bot.services.money import rates
from bot.settings import Settings
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings
from store.machines import rollups
from store.sql import Row

MEASURED_DAYS = 30
MEASURED_HOURS = 24


def owned_cost_now(ctx: Context, instance: Instance) -> OwnedCost:
    """The parts of an owned machine's hour as of now."""
    db, now = ctx.store.reading(), ctx.clock()
    today = local_day(now, ZoneInfo(ctx.settings.digest.timezone))
    return _cost(ctx.settings, instance, today, measured_watts(db, instance, now))


def owned_rate(ctx: Context, db: Database, instance: Instance) -> Rate | None:
    """The rate of an owned machine: its full cost; None where that is not known."""
    now = ctx.clock()
    today = local_day(now, ZoneInfo(ctx.settings.digest.timezone))
    worked_out = _cost(ctx.settings, instance, today, measured_watts(db, instance, now))
    full = worked_out.full_micros
    if full is None:
        return None
    if worked_out.set_micros is not None:
        return Rate(full, "valet.toml")
    told = " + ".join(f"{part.name} {part.micros_per_hour / MICROS_PER_USD:.2f}" for part in worked_out.parts)
    left_out = f"; without {' and '.join(worked_out.missing)}" if worked_out.missing else ""
    return Rate(full, f"full cost: {told} USD/h{left_out}", exact=not worked_out.missing)


def refresh_owned_rates(ctx: Context) -> None:
    """Bring the rates and teams of owned machines up to date: settings change, power moves, lives end."""
    db = ctx.store.reading()
    stale = [
        instance_id for instance_id, row in stored_fleet.rows_of_source(db, "owned").items() if _fresh(ctx, db, row)
    ]
    for instance_id in stale:
        with ctx.store.writing() as db:
            row = stored_fleet.by_id(db, instance_id)  # it may have changed in the meantime
            fresh = _fresh(ctx, db, row) if row and row["gone_at"] is None else None
            if row and fresh:
                stored_fleet.save(db, stored_fleet.instance_of(row), team=fresh[0], rate=fresh[1])


def _fresh(ctx: Context, db: Database, row: Row) -> tuple[str, Rate | None] | None:
    """The team and rate a machine should have; None where it has them."""
    instance = stored_fleet.instance_of(row)
    fresh = (rates.team_of_instance(ctx.settings, instance), owned_rate(ctx, db, instance))
    return None if fresh == (row["team"], stored_fleet.rate_of(row)) else fresh


def _cost(settings: Settings, instance: Instance, today: date, measured: Decimal | None) -> OwnedCost:
    return owned_cost(
        instance.gpu_count,
        _purchase(settings, instance.id),
        _upkeep(settings, instance.id, measured),
        today,
        set_micros=_set_by_hand(settings, instance),
    )


def _set_by_hand(settings: Settings, instance: Instance) -> int | None:
    """The host's own figure; the one for all of them where the host has no purchase to work one out from."""
    host, each = settings.owned.hosts.get(instance.id), settings.owned.usd_per_gpu_hour
    if host is not None and host.usd_per_hour is not None:
        return micros_of_usd(host.usd_per_hour)
    if each is None or (host is not None and host.purchase_usd is not None):
        return None
    return micros_of_usd(each) * instance.gpu_count


def _purchase(settings: Settings, name: str) -> Purchase | None:
    host, owned = settings.owned.hosts.get(name), settings.owned
    if host is None or host.purchase_usd is None or host.purchased_on is None:
        return None
    life = owned.life_years if host.life_years is None else host.life_years
    residual = owned.residual_percent if host.residual_percent is None else host.residual_percent
    return Purchase(host.purchase_usd, host.purchased_on, life, residual)


def _upkeep(settings: Settings, name: str, measured: Decimal | None) -> Upkeep:
    host, owned = settings.owned.hosts.get(name), settings.owned
    watts, hosting, staff = None, None, None
    if host is not None:
        watts, hosting, staff = host.watts, host.hosting_usd_per_month, host.staff_usd_per_month
    if measured is not None:
        watts = measured + (host.other_watts if host else 0)
    return Upkeep(
        watts=watts,
        measured=measured is not None,
        pue=owned.pue,
        usd_per_kwh=owned.usd_per_kwh,
        hosting_usd_per_month=owned.hosting_usd_per_month if hosting is None else hosting,
        staff_usd_per_month=owned.staff_usd_per_month if staff is None else staff,
    )


def measured_watts(db: Database, instance: Instance, now: int) -> Decimal | None:
    """What its GPUs drew on average over the last 30 whole days, else the last 24 hours; None unless all tell.

    What a GPU drew that was taken out since does not count.
    """
    day, hour = now // DAY_MS * DAY_MS, now // HOUR_MS * HOUR_MS
    days = rollups.rolled_days(db, instance.id, day - MEASURED_DAYS * DAY_MS, day)
    found = days or rollups.gpu_sums_by_hour(db, instance.id, hour - MEASURED_HOURS * HOUR_MS, hour)
    present = stored_readings.gpu_rows(db, instance.id).keys()
    here = ([each for each in sums if each.gpu in present] for sums in found.values()) if present else found.values()
    return _mean_watts(here, instance.gpu_count)


def _mean_watts(told: Iterable[Iterable[GpuSum]], gpus: int) -> Decimal | None:
    sums: dict[int, tuple[float, int]] = {}
    for one in (each for sums_of_gpus in told for each in sums_of_gpus if each.watts is not None):
        energy, minutes = sums.get(one.gpu, (0.0, 0))
        sums[one.gpu] = energy + (one.watts or 0.0) * one.watts_minutes, minutes + one.watts_minutes
    if len(sums) < max(gpus, 1):
        return None
    return Decimal(round(sum(energy / minutes for energy, minutes in sums.values() if minutes)))
