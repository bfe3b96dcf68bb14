"""AWS's price list and spot prices on this machine, in AWS's own shapes, driven by a clock alone."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.billing.aws_prices import AwsPrices
from bot.billing.prices import MICROS_PER_HOUR
from bot.domain.clock import HOUR_MS, Clock
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.standing_costs import DISK_MICROS_PER_GIB_MONTH
from bot.errors import Unreachable
from bot.sandbox.habits import chance

DEARER: Mapping[str, Decimal] = {"us-east-1": Decimal(1), "us-west-2": Decimal(1), "eu-central-1": Decimal("1.25")}
"""What a region asks, over us-east-1; elsewhere as much as in Frankfurt."""
SPOT_MOVES = 8 * HOUR_MS
ADDRESS_USD = Decimal("0.005")


def list_micros(region: str, kind: str) -> int | None:
    """What an hour of a machine costs by the list, micro-dollars."""
    micros = MICROS_PER_HOUR.get(kind)
    return None if micros is None else int(micros * DEARER.get(region, DEARER["eu-central-1"]))


class SandboxPrices:
    """`prices` is what a job asks. `asked` is what it asked: (where, operation, what).

    `reprice` makes the list say something else from now on, `refuse` makes AWS answer nothing but this sentence.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._set: dict[tuple[str, str], Decimal | None] = {}
        self._spot: dict[tuple[str, str], list[tuple[int, Decimal]]] = {}
        self._refusal: Unreachable | None = None
        self.asked: list[tuple[str, str, str]] = []
        self.prices = AwsPrices(self._list, self._ec2)

    def reprice(self, region: str, kind: str, usd: str | None) -> None:
        """The list has another price, or none."""
        self._set[region, kind] = None if usd is None else Decimal(usd)

    def respot(self, zone: str, kind: str, usd: str) -> None:
        """The spot price of a zone moves now; it keeps to what it is told from then on."""
        self._spot.setdefault((zone, kind), []).append((self._clock(), Decimal(usd)))

    def refuse(self, sentence: str, *, retryable: bool = False) -> None:
        """AWS says no; with an empty sentence it answers again."""
        self._refusal = Unreachable(sentence, retryable=retryable) if sentence else None

    def usd_per_hour(self, region: str, kind: str) -> Decimal | None:
        """What the list asks for a machine."""
        if (region, kind) in self._set:
            return self._set[region, kind]
        micros = list_micros(region, kind)
        return None if micros is None else Decimal(micros) / MICROS_PER_USD

    def _list(self, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
        kind = wanted.get("instanceType") or wanted.get("volumeApiName") or wanted.get("group", "")
        self._heard(wanted["regionCode"], operation, kind)
        usd, unit, usage = self._found(wanted)
        if usd is None:
            return {"PriceList": []}
        attributes = {**wanted, "usagetype": usage, "locationType": "AWS Region"}
        reserved = {"unit": unit, "beginRange": "0", "pricePerUnit": {"USD": "0.0000000000"}}
        priced = {"unit": unit, "beginRange": "0", "pricePerUnit": {"USD": f"{usd:.10f}"}}
        terms = {"SKU.JRTCKXETXF": {"priceDimensions": {"SKU.R": reserved, "SKU.6YS6EN2CT7": priced}}}
        return {"PriceList": [json.dumps({"product": {"attributes": attributes}, "terms": {"OnDemand": terms}})]}

    def _found(self, wanted: Mapping[str, str]) -> tuple[Decimal | None, str, str]:
        region = wanted["regionCode"]
        if "volumeApiName" in wanted:
            micros = DISK_MICROS_PER_GIB_MONTH.get(wanted["volumeApiName"])
            dearer = DEARER.get(region, DEARER["eu-central-1"])
            return None if micros is None else Decimal(micros) / MICROS_PER_USD * dearer, "GB-Mo", "EBS:VolumeUsage"
        if "group" in wanted:
            return ADDRESS_USD, "Hrs", "PublicIPv4:IdleAddress"
        kind = wanted["instanceType"]
        return self.usd_per_hour(region, kind), "Hrs", f"BoxUsage:{kind}"

    def _ec2(self, source: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        self._heard(source, operation, " ".join(asked["InstanceTypes"]))
        since = int(asked["StartTime"].timestamp() * 1000)
        region = source.rpartition("/")[2]
        found = [
            {
                "AvailabilityZone": zone,
                "InstanceType": kind,
                "ProductDescription": "Linux/UNIX",
                "SpotPrice": f"{usd:.6f}",
                "Timestamp": datetime.fromtimestamp(at / 1000, UTC),
            }
            for kind in asked["InstanceTypes"]
            for zone in (f"{region}{letter}" for letter in "abc")
            for at, usd in self._moves(zone, kind, since)
        ]
        return {"SpotPriceHistory": found, "NextToken": ""}

    def _moves(self, zone: str, kind: str, since: int) -> Iterator[tuple[int, Decimal]]:
        """The changes since then and the last one before, as AWS tells them."""
        told = self._spot.get((zone, kind), [])
        listed = self.usd_per_hour(zone[:-1], kind)
        until = told[0][0] if told else self._clock()
        if listed is not None:
            for at in range(since // SPOT_MOVES * SPOT_MOVES, until + 1, SPOT_MOVES):
                yield at, listed * Decimal(30 + round(20 * chance("spot", zone, kind, at))) / 100
        yield from [move for move in told if move[0] < since][-1:]
        yield from [move for move in told if move[0] >= since]

    def _heard(self, where: str, operation: str, what: str) -> None:
        self.asked.append((where, operation, what))
        if self._refusal is not None:
            raise self._refusal
