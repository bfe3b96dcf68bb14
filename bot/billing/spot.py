"""EC2's spot prices: per type and zone, from when on. Zones are named by each account for itself."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bot.domain.machines.shape import LINUX, parts_of
from bot.domain.money.price_reads import SpotChange
from bot.domain.money.rates import MICROS_PER_USD
from bot.errors import Unreachable

SpotCall = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes one call: source, operation, parameters. Raises Unreachable."""
PRODUCTS: Mapping[str, str] = {
    LINUX: "Linux/UNIX",
    f"{LINUX}:0010": "Red Hat Enterprise Linux",
    f"{LINUX}:000g": "SUSE Linux",
    f"{LINUX}:0002": "Windows",
}
"""The systems that have spot prices, by UsageOperation, as EC2's price history names them."""
VPC_SUFFIX = " (Amazon VPC)"
"""Old accounts have products with this behind their name; where there are both, the plain one counts."""
MOST_SPOT_PAGES = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def has_price(name: str) -> bool:
    """Whether what a price's name is of can have a spot price."""
    return parts_of(name)[1] in PRODUCTS


def spot_changes(ask: SpotCall, source: str, names: Collection[str], since: int) -> list[SpotChange]:
    """Every change of the prices of some types (`Shape.spot_name`) since then, and the last one before.

    Raises Unreachable.
    """
    by_usage: dict[str, dict[str, str]] = {}
    for name in names:
        kind, usage, _ = parts_of(name)
        by_usage.setdefault(usage, {})[kind] = name
    told = ((of_kind, usage) for usage, of_kind in by_usage.items() if usage in PRODUCTS)
    return [
        replace(each, type=of_kind[each.type])
        for of_kind, usage in told
        for each in _of_product(ask, source, of_kind, PRODUCTS[usage], since=since)
    ]


def _of_product(ask: SpotCall, source: str, types: Collection[str], product: str, *, since: int) -> list[SpotChange]:
    found: dict[tuple[str, str, int], tuple[bool, SpotChange]] = {}
    for entry in _entries(ask, source, types, product, since=since):
        change, first = _change(entry), entry.get("ProductDescription") == product
        if change is None or change.type not in types:
            continue
        key = (change.zone, change.type, change.at)
        if first or key not in found:
            found[key] = (first, change)
    return list(_in_force((change for _, change in found.values()), since))


def _in_force(told: Iterable[SpotChange], since: int) -> Iterator[SpotChange]:
    """Those from then on, and of those before only the last of each zone and type."""
    before: dict[tuple[str, str], SpotChange] = {}
    for change in sorted(told, key=lambda each: each.at):
        if change.at >= since:
            yield change
        else:
            before[change.zone, change.type] = change
    yield from before.values()


def _entries(
    ask: SpotCall, source: str, types: Collection[str], product: str, *, since: int
) -> Iterator[Mapping[str, Any]]:
    asked: dict[str, Any] = {
        "InstanceTypes": sorted(types),
        "ProductDescriptions": [product, f"{product}{VPC_SUFFIX}"],
        "StartTime": _EPOCH + timedelta(milliseconds=since),
        "MaxResults": 1_000,
    }
    for _ in range(MOST_SPOT_PAGES):
        said = ask(source, "describe_spot_price_history", asked)
        yield from said["SpotPriceHistory"]
        if not said.get("NextToken"):
            return
        asked = {**asked, "NextToken": said["NextToken"]}
    raise Unreachable(f"The spot prices of {source} fill over {MOST_SPOT_PAGES} pages", retryable=False)


def _change(entry: Mapping[str, Any]) -> SpotChange | None:
    zone, kind, at = (entry.get(name) for name in ("AvailabilityZone", "InstanceType", "Timestamp"))
    try:
        usd = Decimal(str(entry.get("SpotPrice", "")))
    except InvalidOperation:
        return None
    if not (zone and kind and at) or not usd.is_finite() or not 0 < usd < 10_000:
        return None
    micros = int((usd * MICROS_PER_USD).to_integral_value(ROUND_HALF_UP))
    return SpotChange(str(zone), str(kind), (at - _EPOCH) // timedelta(milliseconds=1), micros) if micros else None
