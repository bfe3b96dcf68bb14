"""A Cost Explorer on this machine: it groups charges two dimensions at a time, day by day, in pages, as AWS's does."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.reconciliation import MeteredMachine

EMPTY_KEYS = {"INSTANCE_TYPE": "NoInstanceType", "SERVICE": "NoService"}
DIMENSION_NAMES = {"LINKED_ACCOUNT": "account", "SERVICE": "service", "RECORD_TYPE": "record", "INSTANCE_TYPE": "type"}
EC2_SERVICE = "Amazon Elastic Compute Cloud - Compute"
DISCOUNT = Decimal("0.07")
"""What this company pays below the list."""
DISKS, TAX = Decimal("0.035"), Decimal("0.02")
"""Beside what machines cost, and of it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One charge."""

    day: date
    usd: str
    service: str = EC2_SERVICE
    account: str = "111122223333"
    team: str = ""
    type: str = ""
    record: str = "Usage"
    amortized: str | None = None
    hours: str = "0"

    def key(self, group: Mapping[str, str]) -> str:
        """What it is grouped under."""
        if group["Type"] == "TAG":
            return f"{group['Key']}${self.team}"
        return str(getattr(self, DIMENSION_NAMES[group["Key"]])) or EMPTY_KEYS.get(group["Key"], "")


@dataclass(slots=True)
class SandboxCostExplorer:
    """`ask` answers as the client's method does; `asked` is what it was asked."""

    costs: Callable[[], Iterable[Cost]]
    page: int = 1_000
    unit: str = "USD"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer GetCostAndUsage and GetCostForecast, and nothing else."""
        if operation == "get_cost_forecast" and asked["Granularity"] == "MONTHLY":
            self.asked.append(dict(asked))
            return self._forecast(asked)
        if operation != "get_cost_and_usage" or asked["Granularity"] != "DAILY" or len(asked["GroupBy"]) != 2:
            raise ValueError(f"the sandbox's Cost Explorer does not answer {operation} of {asked}")
        self.asked.append(dict(asked))
        first, end = (date.fromisoformat(asked["TimePeriod"][name]) for name in ("Start", "End"))
        days = [first + number * ONE_DAY for number in range((end - first).days)]
        costs = list(self.costs())
        rows = [(day, *group) for day in days for group in _groups(costs, day, asked["GroupBy"])]
        at = int(asked.get("NextPageToken", "0"))
        some = rows[at : at + self.page]
        more = {"NextPageToken": str(at + self.page)} if at + self.page < len(rows) else {}
        return {"ResultsByTime": [self._day(day, some) for day in days], **more}

    def _forecast(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The mean of the four weeks before, carried on; as AWS, it knows nothing of what is planned."""
        first, end = (date.fromisoformat(asked["TimePeriod"][name]) for name in ("Start", "End"))
        wanted = asked["Filter"]["Dimensions"]["Values"]
        since = first - 28 * ONE_DAY
        spent = [Decimal(each.usd) for each in self.costs() if since <= each.day < first and each.service in wanted]
        total = sum(spent, Decimal(0)) / 28 * (end - first).days
        told = {"TimePeriod": asked["TimePeriod"], "MeanValue": str(total)}
        bounds = {
            "PredictionIntervalLowerBound": str(total * 9 / 10),
            "PredictionIntervalUpperBound": str(total * 11 / 10),
        }
        return {"Total": {"Amount": str(total), "Unit": self.unit}, "ForecastResultsByTime": [told | bounds]}

    def _day(self, day: date, rows: Iterable[tuple[date, tuple[str, ...], Mapping[str, Decimal]]]) -> dict[str, Any]:
        return {
            "TimePeriod": {"Start": day.isoformat(), "End": (day + ONE_DAY).isoformat()},
            "Total": {},
            "Estimated": True,
            "Groups": [
                {"Keys": list(keys), "Metrics": {name: self._amount(name, sums[name]) for name in sums}}
                for at, keys, sums in rows
                if at == day
            ],
        }

    def _amount(self, name: str, amount: Decimal) -> dict[str, str]:
        return {"Amount": str(amount), "Unit": "N/A" if name == "UsageQuantity" else self.unit}


def _groups(
    costs: Iterable[Cost], day: date, groups: Iterable[Mapping[str, str]]
) -> Iterator[tuple[tuple[str, ...], dict[str, Decimal]]]:
    found: dict[tuple[str, ...], Counter[str]] = {}
    for cost in costs:
        if cost.day == day:
            sums: Any = found.setdefault(tuple(cost.key(group) for group in groups), Counter())
            sums["UnblendedCost"] += Decimal(cost.usd)
            sums["AmortizedCost"] += Decimal(cost.amortized or cost.usd)
            sums["UsageQuantity"] += Decimal(cost.hours)
    for keys, summed in found.items():
        yield keys, {name: Decimal(amount) for name, amount in summed.items()}


def billed(metered: Iterable[MeteredMachine]) -> Iterator[Cost]:
    """What a provider would bill for these machines: below the list, with disks and tax beside it."""
    for each in metered:
        usd = Decimal(each.micros) / MICROS_PER_USD
        hours = str(Decimal(each.running_ms) / HOUR_MS)
        yield Cost(each.day, str(usd * (1 - DISCOUNT)), team=each.team, type=each.type, hours=hours)
        yield Cost(each.day, str(usd * DISKS), "EC2 - Other", team=each.team)
        yield Cost(each.day, str(usd * TAX), "Tax", record="Tax")
