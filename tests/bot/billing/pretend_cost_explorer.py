"""A Cost Explorer that groups charges as AWS's does, two dimensions at a time, in pages; it counts its requests."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from bot.domain.bill import DAY

NONE = {"INSTANCE_TYPE": "NoInstanceType", "SERVICE": "NoService"}


@dataclass(frozen=True)
class Cost:
    """One charge."""

    day: date
    usd: str
    service: str = "Amazon Elastic Compute Cloud - Compute"
    account: str = "111122223333"
    team: str = ""
    type: str = ""
    record: str = "Usage"
    amortized: str | None = None
    hours: str = "0"

    def key(self, group: dict[str, str]) -> str:
        if group["Type"] == "TAG":
            return f"{group['Key']}${self.team}"
        name = {"LINKED_ACCOUNT": "account", "SERVICE": "service", "RECORD_TYPE": "record", "INSTANCE_TYPE": "type"}
        return getattr(self, name[group["Key"]]) or NONE.get(group["Key"], "")


@dataclass
class PretendCostExplorer:
    """`ask` is what the source calls; `asked` is what it asked."""

    costs: list[Cost]
    page: int = 1_000
    unit: str = "USD"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, operation: str, asked: Any) -> Any:
        assert operation == "get_cost_and_usage"
        self.asked.append(dict(asked))
        assert len(asked["GroupBy"]) == 2
        assert asked["Granularity"] == "DAILY"
        first, end = (date.fromisoformat(asked["TimePeriod"][name]) for name in ("Start", "End"))
        days = [first + number * DAY for number in range((end - first).days)]
        rows = [(day, keys, sums) for day in days for keys, sums in self._groups(day, asked["GroupBy"]).items()]
        at = int(asked.get("NextPageToken", "0"))
        some = rows[at : at + self.page]
        more = {"NextPageToken": str(at + self.page)} if at + self.page < len(rows) else {}
        return {"ResultsByTime": [self._day(day, some) for day in days], **more}

    def _groups(self, day: date, groups: list[dict[str, str]]) -> dict[tuple[str, ...], Counter[str]]:
        found: dict[tuple[str, ...], Counter[str]] = {}
        for cost in self.costs:
            if cost.day != day:
                continue
            sums = found.setdefault(tuple(cost.key(group) for group in groups), Counter())
            sums["UnblendedCost"] += Decimal(cost.usd)
            sums["AmortizedCost"] += Decimal(cost.amortized or cost.usd)
            sums["UsageQuantity"] += Decimal(cost.hours)
        return found

    def _day(self, day: date, rows: list[Any]) -> dict[str, Any]:
        return {
            "TimePeriod": {"Start": day.isoformat(), "End": (day + DAY).isoformat()},
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
