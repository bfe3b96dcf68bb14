"""EC2's spot prices: per type and zone, from when on. Zones are named by each account for itself."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bot.domain.money.price_reads import SpotChange
from bot.domain.money.rates import USD
from bot.errors import Unreachable

Ask = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes one call: source, operation, parameters. Raises Unreachable."""
LINUX = ("Linux/UNIX", "Linux/UNIX (Amazon VPC)")
"""Old accounts have the second one; where there are both, the first counts."""
MOST_PAGES = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def changes(ask: Ask, source: str, types: Collection[str], since: int) -> list[SpotChange]:
    """Every change of the prices of some types since then, and the last one before. Raises Unreachable."""
    found: dict[tuple[str, str, int], tuple[bool, SpotChange]] = {}
    for entry in _entries(ask, source, types, since):
        change, first = _change(entry), entry.get("ProductDescription") == LINUX[0]
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


def _entries(ask: Ask, source: str, types: Collection[str], since: int) -> Iterator[Mapping[str, Any]]:
    asked: dict[str, Any] = {
        "InstanceTypes": sorted(types),
        "ProductDescriptions": list(LINUX),
        "StartTime": EPOCH + timedelta(milliseconds=since),
        "MaxResults": 1_000,
    }
    for _ in range(MOST_PAGES):
        said = ask(source, "describe_spot_price_history", asked)
        yield from said.get("SpotPriceHistory") or ()
        if not said.get("NextToken"):
            return
        asked = {**asked, "NextToken": said["NextToken"]}
    raise Unreachable(f"The spot prices of {source} fill over {MOST_PAGES} pages", retryable=False)


def _change(entry: Mapping[str, Any]) -> SpotChange | None:
    zone, kind, at = (entry.get(name) for name in ("AvailabilityZone", "InstanceType", "Timestamp"))
    try:
        usd = Decimal(str(entry.get("SpotPrice", "")))
    except InvalidOperation:
        return None
    if not (zone and kind and at) or not usd.is_finite() or not 0 < usd < 10_000:
        return None
    micros = int((usd * USD).to_integral_value(ROUND_HALF_UP))
    return SpotChange(str(zone), str(kind), (at - EPOCH) // timedelta(milliseconds=1), micros) if micros else None
