"""`/cost prices`: what a GPU-hour costs from every side, and what one instance's rate is made of."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.billing import quotes
from bot.billing.catalogs import catalog
from bot.domain import models
from bot.domain.clock import DAY
from bot.domain.days import day_start, local_day
from bot.domain.fleet import Instance
from bot.domain.listing import Filter, Listing
from bot.domain.models import Kind
from bot.domain.money.market import Comparison, Figure, OwnMachine, Paid, Quote
from bot.domain.money.price_reads import sentences
from bot.domain.money.report import Scope
from bot.domain.times import GpuHours, gpu_hours, gpu_time
from bot.errors import Refused, Unreachable
from bot.nearest import nearest
from bot.services.desk import Desk
from bot.services.money import explaining_prices, forecasting, owning, pricing, type_names
from store import listings
from store.measuring import rollups
from store.money import prices, usage

DAYS = 30
LEAST_MINUTES = 1_440
"""GPU-minutes under which a share of work says nothing."""
ALL = -1


def compare(desk: Desk, wanted: str) -> Comparison:
    """Everything known about a GPU model. Raises Refused when nothing is, with the names that come closest."""
    kind = models.kind(wanted)
    quoted, troubles = _quoted(desk, kind)
    fits = [each for each in quoted if kind.fits(each.model, (each.memory_gb or 0) * 1024)]
    paid, owned = tuple(_paid(desk, kind)), tuple(_owned(desk, kind))
    if not (fits or paid or owned):
        yours = names(desk)
        known = sorted({models.short(each.model) for each in quoted} | set(yours))
        close = nearest(wanted, known) or yours[:3] or known[:3]
        about = [each for each in troubles if "without the machine" in each]
        raise Refused(" ".join([f'I know no price of "{wanted[:60]}".', *about, f"Try {', '.join(close)}."]))
    fits.sort(key=lambda each: (each.micros_per_gpu_hour, each.cloud, each.type, each.source == quotes.OUR_COPY))
    spelled = (models.short(each.model) for each in fits)
    shown = next((each for each in (*spelled, *names(desk)) if each.lower() == wanted.lower()), wanted)
    return Comparison(shown, tuple(_best(fits)), paid, owned, DAYS, troubles)


def figure(desk: Desk, listing: Listing) -> Figure:
    """What one instance's rate is made of."""
    instance = listing.instance
    owned = _own_machine(desk, instance) if instance.provider == "owned" else None
    known = Figure(instance, models.short(instance.gpu_model), listing.rate, owned)
    return known if owned else explaining_prices.with_parts(desk, known)


def names(desk: Desk) -> list[str]:
    """The GPU models of the fleet."""
    found = listings.page(desk.store.reading(), Filter(), limit=ALL)
    return sorted({models.short(each.instance.gpu_model) for each in found if each.instance.gpu_model})


def _quoted(desk: Desk, kind: Kind) -> tuple[list[Quote], tuple[str, ...]]:
    """What is asked for any GPU, and what is to be said of the lists, where one kind is wanted."""
    db = desk.store.reading()
    found, troubles = list(quotes.aws(pricing.book(desk, db), type_names.carried(desk))), sentences(prices.troubles(db))
    for cloud, path in desk.settings.catalogs.items():
        try:
            listed = catalog(cloud, path)
        except Unreachable as error:
            troubles.append(str(error))
        else:
            found += listed.quotes
            troubles.append(listed.left_out(kind))
    return found, tuple(each for each in troubles if each)


def _best(sorted_quotes: list[Quote]) -> Iterator[Quote]:
    """The cheapest of each cloud, model, memory, number of GPUs and kind."""
    seen: set[tuple[object, ...]] = set()
    for quote in sorted_quotes:
        key = (quote.cloud, quote.model, quote.memory_gb, quote.gpus, quote.spot)
        if key not in seen:
            seen.add(key)
            yield quote


def _paid(desk: Desk, kind: Kind) -> Iterator[Paid]:
    forecasting.catch_up(desk)
    since = local_day(desk.clock(), ZoneInfo(desk.settings.digest.timezone)) - timedelta(days=DAYS)
    db = desk.store.reading()
    estimated = usage.estimated(db, day_start(since, ZoneInfo(desk.settings.digest.timezone)))
    for row in usage.by_type(db, Scope(), since):
        if kind.fits(row["gpu_model"], row["gpu_memory_mib"]):
            hours, priced = (gpu_hours(gpu_time(row[name], row["gpu_count"])) for name in ("ms", "priced_ms"))
            exact = row["type"] not in estimated
            yield Paid(row["type"], row["machines"], priced, row["micros"], GpuHours(hours - priced), exact)


def _owned(desk: Desk, kind: Kind) -> Iterator[OwnMachine]:
    owned = listings.page(desk.store.reading(), Filter(provider="owned"), limit=ALL)
    for instance in sorted((each.instance for each in owned), key=lambda each: each.name):
        if kind.fits(instance.gpu_model, instance.gpu_memory_mib):
            yield _own_machine(desk, instance)


def _own_machine(desk: Desk, instance: Instance) -> OwnMachine:
    day, db = desk.clock() // DAY * DAY, desk.store.reading()
    days = rollups.days_of(db, instance.id, day - DAYS * DAY, day).values()
    sums = [gpu for each in days for gpu in each]
    known = sum(gpu.known for gpu in sums)
    busy = sum(gpu.active for gpu in sums) / known if known >= LEAST_MINUTES else None
    return OwnMachine(instance, owning.cost(desk, instance), busy, known // 60 // max(instance.gpu_count, 1))
