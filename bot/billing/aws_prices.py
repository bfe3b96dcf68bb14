"""AWS's price list, asked for one thing at a time. It is public and the same for every account; asking is free.

The filters are those with which karpenter-provider-aws reads it (github.com/aws/karpenter-provider-aws,
pkg/providers/pricing/pricing.go, Apache-2.0). Every product comes as JSON in a string, with terms and price dimensions
under made-up keys; reserved capacity is among them at 0.0, which is no price.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bot.billing import spot
from bot.domain.machines.shape import DEDICATED, LINUX, SYSTEMS, is_region, parts_of
from bot.domain.money.price_reads import PriceAnswer, SpotChange, WantedPrice
from bot.domain.money.rates import MICROS_PER_USD
from bot.errors import Unreachable
from bot.settings import Settings

PricingCall = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes one call: operation, parameters. Raises Unreachable."""
MOST_PRICE_PAGES = 10
MOST_USD = 100_000
INSTANCE = {"capacitystatus": "Used", "marketoption": "OnDemand"}
ON_SHARED = {"tenancy": "Shared", "productFamily": "Compute Instance"}
DEDICATED_FILTER = {"tenancy": "Dedicated", "productFamily": "Compute Instance"}
METAL = {"tenancy": "Dedicated", "productFamily": "Compute Instance (bare metal)"}
"""A machine without a hypervisor has its host for itself."""
ADDRESS_USAGE = "PublicIPv4:IdleAddress"
"""What an address costs that no running machine uses."""


def look_up(ask: PricingCall, wanted: WantedPrice, now: int) -> PriceAnswer:
    """The price of one thing on the list; none where AWS names none, or several. Raises Unreachable."""
    today = datetime.fromtimestamp(now / 1000, UTC).isoformat()
    found = {price for product in _products(ask, wanted) for price in _prices(product, wanted, today)}
    if not found:
        return PriceAnswer(None, "AWS lists no price")
    if len(found) > 1:
        return PriceAnswer(None, f"AWS lists {len(found)} different prices")
    return PriceAnswer(found.pop())


def _products(ask: PricingCall, wanted: WantedPrice) -> Iterator[Any]:
    service, filters = _filters(wanted)
    asked: dict[str, Any] = {
        "ServiceCode": service,
        "Filters": [
            {"Type": "TERM_MATCH", "Field": name, "Value": value}
            for name, value in {"regionCode": wanted.place, **filters}.items()
        ],
        "MaxResults": 100,
    }
    for _ in range(MOST_PRICE_PAGES):
        said = ask("get_products", asked)
        for text in said["PriceList"]:
            yield _parsed(text)
        if not said.get("NextToken"):
            return
        asked = {**asked, "NextToken": said["NextToken"]}


def _filters(wanted: WantedPrice) -> tuple[str, dict[str, str]]:
    """The service to ask, and what narrows its products down."""
    if wanted.what == "volume":
        return "AmazonEC2", {"productFamily": "Storage", "volumeApiName": wanted.name}
    if wanted.what == "address":
        return "AmazonVPC", {"group": "VPCPublicIPv4Address"}
    kind, usage, tenancy = parts_of(wanted.name)
    system = SYSTEMS[usage]
    where = METAL if ".metal" in kind else DEDICATED_FILTER if tenancy == DEDICATED else ON_SHARED
    runs = {"preInstalledSw": system.software, "operatingSystem": system.operating_system}
    licence = {} if system.operating_system == "Linux" else {"licenseModel": system.licence}
    return "AmazonEC2", {"serviceCode": "AmazonEC2", "instanceType": kind, **runs, **licence, **INSTANCE, **where}


def _parsed(text: object) -> Any:
    """One product; what is no JSON is no product."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _prices(product: Any, wanted: WantedPrice, today: str) -> Iterator[int]:
    """What a product's on-demand terms ask, if it is the one that was wanted."""
    if not _is_it(_table(_table(_table(product).get("product")).get("attributes")), wanted):
        return
    for term in _in_force(_table(_table(_table(product).get("terms")).get("OnDemand")).values(), today):
        for dimension in _table(_table(term).get("priceDimensions")).values():
            micros = _micros(_table(dimension), "GB-MO" if wanted.what == "volume" else "H")
            if micros:
                yield micros


def _in_force(terms: Iterable[Any], today: str) -> Iterator[Any]:
    """The newest terms that have begun."""
    begun = [(str(_table(each).get("effectiveDate", "")), each) for each in terms]
    begun = [(date, each) for date, each in begun if date <= today]
    newest = max((date for date, _ in begun), default="")
    return (each for date, each in begun if date == newest)


def _is_it(attributes: Mapping[str, Any], wanted: WantedPrice) -> bool:
    in_region = attributes.get("locationType", "AWS Region") == "AWS Region"
    if in_region != is_region(wanted.place):
        return False
    usage = str(attributes.get("usagetype", ""))
    if wanted.what == "address":
        return usage.endswith(ADDRESS_USAGE)
    if wanted.what == "volume":
        return attributes.get("volumeApiName") == wanted.name
    kind, usage, tenancy = parts_of(wanted.name)
    alone = tenancy == DEDICATED or ".metal" in kind
    return (
        bool(attributes.get("instanceType") == kind)
        and _as(attributes, "operation", _billed_as(usage))
        and _as(attributes, "tenancy", "Dedicated" if alone else "Shared")
    )


def _billed_as(usage: str) -> str:
    """The operation under which a system is listed: Red Hat on a company's own licence is listed as Linux."""
    return LINUX if SYSTEMS[usage].operating_system == "Linux" and SYSTEMS[usage].software == "NA" else usage


def _as(attributes: Mapping[str, Any], name: str, value: str) -> bool:
    """Where the product says so at all."""
    return bool(attributes.get(name, value) == value)


def _micros(dimension: Mapping[str, Any], unit: str) -> int | None:
    """What one unit costs from the first on, in micro-dollars; None for other units, currencies and 0.0."""
    first = str(dimension.get("beginRange", "0")) in {"0", ""}
    if not first or not str(dimension.get("unit", "")).upper().startswith(unit):
        return None
    try:
        usd = Decimal(str(_table(dimension.get("pricePerUnit")).get("USD", "")))
    except InvalidOperation:
        return None
    if not usd.is_finite() or not 0 < usd < MOST_USD:
        return None
    return int((usd * MICROS_PER_USD).to_integral_value(ROUND_HALF_UP))


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


if TYPE_CHECKING:
    from bot.providers.clients import Clients


@dataclass(frozen=True, slots=True)
class AwsPrices:
    """Both sources. Slow: only a job asks, people are answered from the store."""

    ask_list: PricingCall
    ask_ec2: spot.SpotCall

    def look_up(self, wanted: WantedPrice, now: int) -> PriceAnswer:
        """What the price list says of one thing. Raises Unreachable."""
        return look_up(self.ask_list, wanted, now)

    def spot(self, source: str, types: Collection[str], since: int) -> list[SpotChange]:
        """The changes of spot prices in one account and region since then. Raises Unreachable."""
        return spot.spot_changes(self.ask_ec2, source, types, since)


def aws_prices(settings: Settings, clients: "Clients | None" = None) -> AwsPrices | None:
    """Made ready, and nothing asked yet; None where there is no account, or the settings say no."""
    if not settings.aws or not settings.price_list.enabled:
        return None
    from bot.providers.accounts import AwsAccount
    from bot.providers.clients import Clients, asker

    clients, endpoint = clients or Clients(), settings.price_list.region
    accounts = [each.account for each in settings.aws]
    askers = [AwsAccount((endpoint,), each.role_arn, each.external_id, each.name) for each in accounts]
    places = list(dict.fromkeys(each.source(endpoint) for each in askers))
    ask = asker(clients, askers, "pricing")
    return AwsPrices(_first_that_may(ask, places), asker(clients, accounts, "ec2"))


def _first_that_may(ask: Callable[[str, str, Mapping[str, Any]], Any], places: Sequence[str]) -> PricingCall:
    """Asks with the credentials of one account after the other, until one is allowed to: the list is the same."""

    def asked(operation: str, parameters: Mapping[str, Any]) -> Any:
        refusal = Unreachable("No account can ask for prices", retryable=False)
        for place in places:
            try:
                return ask(place, operation, parameters)
            except Unreachable as error:
                if error.retryable:
                    raise
                refusal = error
        raise refusal

    return asked
