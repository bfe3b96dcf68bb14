"""`/cost prices`: what a GPU-hour costs from every side, and what one instance's rate is made of."""

import re
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.billing import offers
from bot.domain.clock import DAY, HOUR
from bot.domain.days import local_day
from bot.domain.fleet import Instance
from bot.domain.listing import Filter, Listing
from bot.domain.market import Comparison, Figure, Held, Offer, Paid
from bot.domain.report import Scope
from bot.errors import Refused, Unreachable
from bot.nearest import nearest
from bot.services import forecasting, owning
from bot.services.desk import Desk
from store import listings, rollups, usage

DAYS = 30
LEAST_MINUTES = 1_440
"""GPU-minutes under which a share of work says nothing."""
ALL = -1
_MEMORY = re.compile(r"(?<=[^\d])[\s_-]*(\d{2,3})\s*(?:gib|gb|g)?$", re.ASCII)


def compare(desk: Desk, wanted: str) -> Comparison:
    """Everything known about a GPU model. Raises Refused when nothing is, with the names that come closest."""
    offered, troubles = _offered(desk)
    fits = [each for each in offered if same_model(wanted, each.model, each.memory_gb)]
    paid, held = tuple(_paid(desk, wanted)), tuple(_held(desk, wanted))
    if not (fits or paid or held):
        known = sorted({each.model for each in offered} | set(models(desk)))
        close = nearest(wanted, known) or models(desk)[:3] or known[:3]
        raise Refused(f'I know no price of "{wanted[:60]}". Try {", ".join(close)}.')
    fits.sort(key=lambda each: (each.micros_per_gpu_hour, each.cloud, each.type))
    return Comparison(wanted, tuple(_best(fits)), paid, held, DAYS, troubles)


def figure(desk: Desk, listing: Listing) -> Figure:
    """What one instance's rate is made of."""
    instance = listing.instance
    held = _held_one(desk, instance) if instance.provider == "owned" else None
    return Figure(instance, short_name(instance.gpu_model), listing.rate, held)


def models(desk: Desk) -> list[str]:
    """The GPU models of the fleet, by the names clouds use."""
    found = listings.page(desk.store.reading(), Filter(), limit=ALL)
    return sorted({short_name(each.instance.gpu_model) for each in found if each.instance.gpu_model})


def short_name(model: str) -> str:
    """As clouds call it: A100 for "A100-SXM4-80GB"; as given where no cloud has it."""
    names = {offer.model for offer in offers.aws() if same_model(offer.model, model)}
    return max(names, key=len, default=model)


def same_model(wanted: str, model: str, memory_gb: float | None = None) -> bool:
    """Whether what a person typed (h100, A100-80, "rtx 6000") means this model."""
    names = _plain(model)
    beginnings = {"".join(names[:count]) for count in range(1, len(names) + 1)}
    if "".join(_plain(wanted)) in beginnings:
        return True
    sized = _MEMORY.search(wanted.lower())
    if sized is None or "".join(_plain(wanted[: sized.start()])) not in beginnings:
        return False
    return memory_gb is not None and abs(memory_gb - int(sized[1])) <= 0.08 * int(sized[1])


def _plain(model: str) -> list[str]:
    words = re.split(r"[\s_-]+", model.lower())
    return [word for word in words if word not in {"", "nvidia", "tesla", "geforce"}]


def _offered(desk: Desk) -> tuple[list[Offer], tuple[str, ...]]:
    found, troubles = list(offers.aws()), []
    for cloud, path in desk.settings.catalogs.items():
        try:
            found += offers.catalog(cloud, path)
        except Unreachable as error:
            troubles.append(str(error))
    return found, tuple(troubles)


def _best(sorted_offers: list[Offer]) -> Iterator[Offer]:
    """The cheapest of each cloud, memory, number of GPUs and kind."""
    seen: set[tuple[object, ...]] = set()
    for offer in sorted_offers:
        key = (offer.cloud, offer.memory_gb, offer.gpus, offer.spot)
        if key not in seen:
            seen.add(key)
            yield offer


def _paid(desk: Desk, wanted: str) -> Iterator[Paid]:
    forecasting.catch_up(desk)
    since = local_day(desk.clock(), ZoneInfo(desk.settings.digest.timezone)) - timedelta(days=DAYS)
    for row in usage.by_type(desk.store.reading(), Scope(), since):
        if same_model(wanted, row["gpu_model"], _gigabytes(row["gpu_memory_mib"])):
            hours, priced = (row[name] * row["gpu_count"] / HOUR for name in ("ms", "priced_ms"))
            yield Paid(row["type"], row["machines"], priced, row["micros"], hours - priced)


def _held(desk: Desk, wanted: str) -> Iterator[Held]:
    owned = listings.page(desk.store.reading(), Filter(provider="owned"), limit=ALL)
    for instance in sorted((each.instance for each in owned), key=lambda each: each.name):
        if same_model(wanted, instance.gpu_model, _gigabytes(instance.gpu_memory_mib)):
            yield _held_one(desk, instance)


def _held_one(desk: Desk, instance: Instance) -> Held:
    return Held(instance, owning.cost(desk, instance), _busy(desk, instance.id))


def _busy(desk: Desk, host: str) -> float | None:
    day = desk.clock() // DAY * DAY
    sums = [gpu for each in rollups.days_of(desk.store.reading(), host, day - DAYS * DAY, day).values() for gpu in each]
    known = sum(gpu.known for gpu in sums)
    return sum(gpu.active for gpu in sums) / known if known >= LEAST_MINUTES else None


def _gigabytes(mib: int) -> float | None:
    return mib / 1024 or None
