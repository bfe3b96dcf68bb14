"""`/cost prices`: what a GPU-hour costs from every side, and what one instance's rate is made of."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.billing import prices, quotes
from bot.billing.catalogs import catalog
from bot.billing.prices import AS_OF, HOME, is_capacity_short
from bot.billing.quotes import Gpus
from bot.domain.clock import DAY_MS
from bot.domain.days import GpuHours, day_start, gpu_hours, gpu_time, local_day
from bot.domain.machines import models
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.models import GpuKind
from bot.domain.machines.shape import COMMON_SHAPE
from bot.domain.money.price_reads import PriceTrouble, trouble_sentences
from bot.domain.money.pricebook import PriceBook, Priced
from bot.domain.money.prices import OwnMachine, Paid, PriceComparison, PriceOffer, Quote, RateFigure, TypeFigure
from bot.domain.money.scope import TOTAL
from bot.errors import Refused, Unreachable
from bot.nearest import nearest
from bot.services.context import Context
from bot.services.money import ledger, owned_rates, rates
from store.machines import listings, others, rollups
from store.money import prices as stored_prices
from store.money import spend
from store.sharing import find as stored_find

PAID_DAYS = 30
LEAST_GPU_MINUTES = 1_440
"""GPU-minutes under which a share of work says nothing."""
_NO_LIMIT = -1


def compare_prices(ctx: Context, wanted: str) -> PriceComparison:
    """Everything known about a GPU model. Raises Refused when nothing is, with the names that come closest."""
    kind = models.gpu_kind(wanted)
    quoted, troubles = _quoted(ctx, kind)
    fits = [quote for quote in quoted if kind.fits(quote.model, (quote.memory_gb or 0) * 1024)]
    paid, owned = tuple(_paid(ctx, kind)), tuple(_owned(ctx, kind))
    if not (fits or paid or owned):
        yours = gpu_models(ctx)
        known = sorted({models.short_model(each.model) for each in quoted} | set(yours))
        close = nearest(wanted, known) or yours[:3] or known[:3]
        about = [trouble for trouble in troubles if "without the machine" in trouble]
        raise Refused(" ".join([f'I know no price of "{wanted[:60]}".', *about, f"Try {', '.join(close)}."]))
    fits.sort(key=lambda each: (each.micros_per_gpu_hour, each.cloud, each.type, each.source == quotes.OUR_COPY))
    spelled = (models.short_model(each.model) for each in fits)
    shown = next((each for each in (*spelled, *gpu_models(ctx)) if each.lower() == wanted.lower()), wanted)
    return PriceComparison(shown, tuple(_best(fits)), paid, owned, PAID_DAYS, troubles)


def rate_figure(ctx: Context, listing: Listing) -> RateFigure:
    """What one instance's rate is made of."""
    instance = listing.instance
    owned = _own_machine(ctx, instance) if instance.provider == "owned" else None
    known = RateFigure(instance, models.short_model(instance.gpu_model), listing.rate, owned)
    return known if owned else with_parts(ctx, known)


def gpu_models(ctx: Context) -> list[str]:
    """The GPU models of the fleet."""
    found = stored_find.gpu_kinds(ctx.store.reading())
    return sorted({models.short_model(model) for model, _ in found if model})


def _quoted(ctx: Context, kind: GpuKind) -> tuple[list[Quote], tuple[str, ...]]:
    """What is asked for any GPU, and what is to be said of the lists, where one kind is wanted."""
    db = ctx.store.reading()
    found, troubles = (
        list(quotes.aws(rates.price_book(ctx, db), gpus_by_type(ctx))),
        trouble_sentences(stored_prices.price_troubles(db)),
    )
    for cloud, path in ctx.settings.catalogs.items():
        try:
            listed = catalog(cloud, path)
        except Unreachable as error:
            troubles.append(str(error))
        else:
            found += listed.quotes
            troubles.append(listed.left_out(kind))
    return found, tuple(trouble for trouble in troubles if trouble)


def _best(sorted_quotes: list[Quote]) -> Iterator[Quote]:
    """The cheapest of each cloud, model, memory, number of GPUs and kind."""
    seen: set[tuple[object, ...]] = set()
    for quote in sorted_quotes:
        key = (quote.cloud, quote.model, quote.memory_gb, quote.gpus, quote.spot)
        if key not in seen:
            seen.add(key)
            yield quote


def _paid(ctx: Context, kind: GpuKind) -> Iterator[Paid]:
    ledger.catch_up_spend(ctx)
    since = local_day(ctx.clock(), ZoneInfo(ctx.settings.digest.timezone)) - timedelta(days=PAID_DAYS)
    db = ctx.store.reading()
    estimated = spend.estimated(db, day_start(since, ZoneInfo(ctx.settings.digest.timezone)))
    for row in spend.by_type(db, TOTAL, since):
        if kind.fits(row["gpu_model"], row["gpu_memory_mib"]):
            hours, priced = (gpu_hours(gpu_time(row[name], row["gpu_count"])) for name in ("ms", "priced_ms"))
            exact = row["type"] not in estimated
            yield Paid(row["type"], row["machines"], priced, row["micros"], GpuHours(hours - priced), exact)


def _owned(ctx: Context, kind: GpuKind) -> Iterator[OwnMachine]:
    owned = listings.listings_page(ctx.store.reading(), FleetFilter(provider="owned"), limit=_NO_LIMIT)
    for instance in sorted((listing.instance for listing in owned), key=lambda instance: instance.name):
        if kind.fits(instance.gpu_model, instance.gpu_memory_mib):
            yield _own_machine(ctx, instance)


def _own_machine(ctx: Context, instance: Instance) -> OwnMachine:
    day, db = ctx.clock() // DAY_MS * DAY_MS, ctx.store.reading()
    days = rollups.rolled_days(db, instance.id, day - PAID_DAYS * DAY_MS, day).values()
    sums = [gpu for each in days for gpu in each]
    known = sum(gpu.known for gpu in sums)
    busy = sum(gpu.active for gpu in sums) / known if known >= LEAST_GPU_MINUTES else None
    return OwnMachine(
        instance, owned_rates.owned_cost_now(ctx, instance), busy, known // 60 // max(instance.gpu_count, 1)
    )


_EC2_TYPE = re.compile(r"[a-z]+\d[a-z0-9-]*\.(\d*x?large|nano|micro|small|medium|metal(-[a-z0-9]+)?)", re.ASCII)
"""How EC2 names types; machines have names with dots, too."""


def with_parts(ctx: Context, known: RateFigure) -> RateFigure:
    """A rented machine's figure, with the parts of its rate and why they may be old."""
    db, instance = ctx.store.reading(), known.instance
    book = rates.price_book(ctx, db, instance.source)
    priced = book.priced(instance)
    troubles = tuple(
        trouble_sentences(trouble for trouble in stored_prices.price_troubles(db) if _concerns(trouble, instance))
    )
    if priced is not None and priced.rate != known.rate:  # the next look writes the newer one down
        priced = None
    if instance.lifecycle != "spot":
        return replace(known, priced=priced, troubles=troubles)
    shape = instance.shape or COMMON_SHAPE
    spans = stored_prices.spot_spans(db, shape.spot_name(instance.type), book.now)
    here = next((each for each in spans if (each.source, each.zone) == (instance.source, instance.zone)), None)
    asked = book.priced(replace(instance, lifecycle="on-demand"))
    return replace(known, priced=priced, troubles=troubles, spot=here, on_demand=asked)


def _concerns(trouble: PriceTrouble, instance: Instance) -> bool:
    if trouble.sheet == "spot":
        return instance.lifecycle == "spot" and trouble.place == instance.source
    return instance.lifecycle == "on-demand" and trouble.place == instance.region


def prices_of_type(ctx: Context, kind: str) -> TypeFigure | None:
    """What an instance type costs wherever that is known; None where nothing is known of it."""
    db = ctx.store.reading()
    book = rates.price_book(ctx, db)
    used = sorted(source for source, each in listings.rented_places(db) if each == kind)
    used += [template.source for template in ctx.settings.templates.values() if template.type == kind]
    listed = [f"ec2//{region}" for region, each in sorted(book.listed) if each == kind]
    offers = tuple(_offers(book, kind, list(dict.fromkeys([*used, *listed])) or [f"ec2//{HOME}"]))
    spots = tuple(stored_prices.spot_spans(db, kind, book.now))
    if not offers and not spots:
        return None
    model, gpus = _gpus(ctx, kind)
    there = {*used, *(source.rpartition("/")[2] for source in used)}
    troubles = tuple(
        trouble_sentences(trouble for trouble in stored_prices.price_troubles(db) if trouble.place in there)
    )
    return TypeFigure(kind, model, gpus, offers, spots, troubles)


def _offers(book: PriceBook, kind: str, sources: list[str]) -> Iterator[PriceOffer]:
    """What is paid there; a region has one line, or one for each account that pays differently."""
    by_region: dict[str, list[tuple[str, Priced]]] = {}
    for source in sources:
        like = Instance("", kind, "ec2", source, kind, "unknown", shape=COMMON_SHAPE)
        priced, known = book.priced(like), by_region.setdefault(like.region, [])
        if priced is not None and priced not in [each for _, each in known] and (like.account or not known):
            known.append((like.account, priced))
    for region, known in by_region.items():
        for account, priced in known:
            yield PriceOffer(region if len(known) == 1 else f"{region} in {account}", priced)


def without_price(ctx: Context, kind: str) -> str:
    """Why a type of which no price is known has none, and what to set; empty for a type that is not known at all."""
    db = ctx.store.reading()
    other = others.uncovered_kind(db, kind) or (quotes.other_of(kind) if _EC2_TYPE.fullmatch(kind) else "")
    if other:
        return f"{kind} has {other}. Valet looks after machines with NVIDIA GPUs only, so it reads no price of it."
    model, gpus = _gpus(ctx, kind)
    asked = stored_prices.unlisted(db, kind)
    if not (gpus or asked):
        return ""
    carries = f" ({gpus}x{model})" if gpus else ""
    where = [f"{each['why']} in {each['place']} (asked {rates.utc_date(each['asked_at'])})" for each in asked[:3]]
    told = f"{'; '.join(where)}." if where else f"AWS's list of {HOME}, {AS_OF}, names none."
    ahead = (
        " Such types are sold in capacity blocks, which are paid ahead, or as spot." if is_capacity_short(kind) else ""
    )
    return (
        f"{kind}{carries} has no on-demand price that is known. {told}{ahead} "
        f'Set what you pay for an hour of it as `prices."{kind}"` in valet.toml.'
    )


def _gpus(ctx: Context, kind: str) -> tuple[str, int]:
    """Model and number of the GPUs of a type."""
    known = quotes.quoted_gpus(kind, gpus_by_type(ctx))
    return (models.short_model(known[0]), known[2]) if known else ("", 0)


_COUNTED = re.compile(r"(\d{1,2}) ?(?:x|\u00d7) ?(.+)|(.+?) ?(?:x|\u00d7) ?(\d{1,2})", re.ASCII)


def types_of_family(text: str) -> list[str]:
    """The types with a list price whose name begins so, as p4d or g5; the smallest first."""
    found = [each for each in prices.MICROS_PER_HOUR if each.partition(".")[0] == text.lower()]
    return sorted(found, key=lambda each: prices.MICROS_PER_HOUR[each])


def gpus_by_type(ctx: Context) -> dict[str, Gpus]:
    """What types carry that our own table lacks: by the fleet, the launch templates and the price lists."""
    found: dict[str, Gpus] = {}
    for cloud, path in ctx.settings.catalogs.items():
        with suppress(Unreachable):
            listed = catalog(cloud, path).quotes
            found |= {each.type: (each.model, each.memory_gb or 0, each.gpus) for each in listed}
    templates = [template for template in ctx.settings.templates.values() if template.gpu_model and template.gpu_count]
    found |= {each.type: (each.gpu_model, each.gpu_memory_mib // 1024, each.gpu_count) for each in templates}
    seen = listings.type_gpus(ctx.store.reading()).items()
    return found | {kind: (model, round(mib / 1024), count) for kind, (model, mib, count) in seen}


def types_called(text: str, known: Iterable[str], gpus: Mapping[str, Gpus]) -> list[str]:
    """Those of the known types that are meant: by the beginning of their name, else by their GPUs.

    `gpus` is what they carry, as `gpus_by_type` tells it.
    """
    plain, types = text.lower().strip(), list(known)
    family = [each for each in types if each.partition(".")[0] == plain]
    counted = _COUNTED.fullmatch(plain)
    count, model = (counted[1] or counted[4], counted[2] or counted[3]) if counted else ("", plain)
    try:
        wanted = models.gpu_kind(model)
    except Refused:
        return family
    return family or [each for each in types if wanted.core and _bears(quotes.quoted_gpus(each, gpus), wanted, count)]


def _bears(gpus: Gpus | None, wanted: GpuKind, count: str) -> bool:
    return gpus is not None and wanted.fits(gpus[0], gpus[1] * 1024) and count in {"", str(gpus[2])}
