"""The bill by Cost Explorer: three requests a look, $0.01 each (AWS's price, 2026-11), however long the span.

It tells two dimensions apart at a time, so a look has three cuts of the same days: account and service, kind and
type, team and type. No cut names machines.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY
from bot.domain.money.accuracy import SecondOpinion
from bot.domain.money.bill import BillLine, BillLineKind, BillLook, is_gpu_type, period_of, periods_between, utc_day
from bot.domain.money.rates import MICROS_PER_USD
from bot.errors import Refused, Unreachable

CostExplorerCall = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes one call: operation, parameters. Raises Unreachable."""
COSTS = "UnblendedCost"
SPREAD = "AmortizedCost"
QUANTITY = "UsageQuantity"
MOST_COST_PAGES = 20
MACHINES = "Amazon Elastic Compute Cloud - Compute"
OPINION_LEVEL = 80
RECORD_KINDS: dict[str, BillLineKind] = {
    "Usage": "usage",
    "DiscountedUsage": "usage",
    "SavingsPlanCoveredUsage": "usage",
    "SavingsPlanNegation": "usage",
    "Recurring": "purchase",
    "Upfront": "purchase",
    "Support": "purchase",
    "Tax": "tax",
    "Credit": "credit",
    "Refund": "adjustment",
}
"""RECORD_TYPE in our words; of the others the endings tell."""
ENDINGS: dict[str, BillLineKind] = {"fee": "purchase", "subscription": "purchase", "discount": "discount"}
WITH_HOURS = frozenset({"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"})
"""A negation repeats the hours it is about."""
NO_DIMENSION = frozenset({"NoInstanceType", "NoService", "NoLinkedAccount", "NoRecordType"})


class CostExplorer:
    """AWS's own figures, some hours old and for days open to change."""

    name = "Cost Explorer"

    def __init__(self, ask: CostExplorerCall, place: str, team_tag: str) -> None:
        """`place` is whose bill it is, for people."""
        self._ask = ask
        self._place = place
        self._team_tag = team_tag

    def seal(self) -> str:
        """Only asking can tell."""
        return ""

    def check(self) -> str:
        """There is no free question to ask."""
        return (
            f"Cost Explorer of {self._place} was not asked: each answer costs $0.01, and a running Valet counts them."
        )

    def look(self, since: date, now: int, spend: Callable[[], None]) -> BillLook:
        """Ask for the days from `since` to today."""
        today = utc_day(now)
        span = {"Start": since.isoformat(), "End": (today + ONE_DAY).isoformat()}
        first = _dimension("LINKED_ACCOUNT"), _dimension("SERVICE")
        second = _dimension("RECORD_TYPE"), _dimension("INSTANCE_TYPE")
        third = {"Type": "TAG", "Key": self._team_tag}, _dimension("INSTANCE_TYPE")
        lines = [
            *(replace(_line(row), account=a, service=b) for row, a, b in self._rows(span, first, spend)),
            *(_of_kind(row, a, b) for row, a, b in self._rows(span, second, spend)),
            *(replace(_line(row), team=a.partition("$")[2], type=b) for row, a, b in self._rows(span, third, spend)),
        ]
        periods = periods_between(since, today)
        return BillLook(self.name, self._place, now, periods, tuple(lines), since, today)

    def rest_of_month(self, now: int, spend: Callable[[], None]) -> SecondOpinion:
        """AWS's own forecast from today to the month's end, for all of EC2's machines: one paid request.

        Raises Unreachable where it has too little history to say, Refused where no more may be asked today.
        """
        today = utc_day(now)
        end = (today.replace(day=28) + 4 * ONE_DAY).replace(day=1)
        spend()
        said = self._ask(
            "get_cost_forecast",
            {
                "TimePeriod": {"Start": today.isoformat(), "End": end.isoformat()},
                "Metric": "UNBLENDED_COST",
                "Granularity": "MONTHLY",
                "PredictionIntervalLevel": OPINION_LEVEL,
                "Filter": {"Dimensions": {"Key": "SERVICE", "Values": [MACHINES]}},
            },
        )
        bounds = [
            [each.get(f"PredictionInterval{side}Bound") for each in said.get("ForecastResultsByTime", [])]
            for side in ("Lower", "Upper")
        ]
        low, high = (_micros(side[0]) if len(side) == 1 and side[0] else None for side in bounds)
        return SecondOpinion(today, end - ONE_DAY, now, _usd_micros(said["Total"]), low, high)

    def _rows(
        self, span: Mapping[str, str], groups: tuple[dict[str, str], dict[str, str]], spend: Callable[[], None]
    ) -> Iterator[tuple["_Row", str, str]]:
        """Every group of every day, page by page."""
        asked: dict[str, Any] = {
            "TimePeriod": span,
            "Granularity": "DAILY",
            "Metrics": [COSTS, SPREAD, QUANTITY],
            "GroupBy": list(groups),
        }
        for _ in range(MOST_COST_PAGES):
            spend()
            said = self._ask("get_cost_and_usage", asked)
            for result in said["ResultsByTime"]:
                day = date.fromisoformat(result["TimePeriod"]["Start"])
                for group in result["Groups"]:
                    one, two = (("" if key in NO_DIMENSION else key) for key in group["Keys"])
                    yield _Row(day, group["Metrics"]), one, two
            if not said.get("NextPageToken"):
                return
            asked["NextPageToken"] = said["NextPageToken"]
        raise Unreachable(
            f"Cost Explorer has over {MOST_COST_PAGES} pages; read a FOCUS export instead", retryable=False
        )


class _Row:
    """One group of one day."""

    def __init__(self, day: date, metrics: Mapping[str, Mapping[str, str]]) -> None:
        self.day = day
        self._metrics = metrics

    def micros(self, metric: str) -> int | None:
        """An amount in micro-dollars; None where it was not told. Raises Refused for another currency."""
        told = self._metrics.get(metric)
        if told is None:
            return None
        return _usd_micros(told)

    @property
    def hours_ms(self) -> int | None:
        """The quantity, taken for hours."""
        told = self._metrics.get(QUANTITY)
        return None if told is None else int(_number(told["Amount"]) * HOUR_MS)


def _usd_micros(told: Mapping[str, str]) -> int:
    """An amount in micro-dollars; nothing is nothing in every currency. Raises Refused for another currency."""
    amount, unit = _number(told["Amount"]), told.get("Unit") or "USD"
    if amount and unit != "USD":
        raise Refused(f"Cost Explorer's amounts are in {unit}, but Valet counts in USD.")
    return _micros(told["Amount"])


def _micros(amount: str) -> int:
    return int((_number(amount) * MICROS_PER_USD).to_integral_value())


def _dimension(key: str) -> dict[str, str]:
    return {"Type": "DIMENSION", "Key": key}


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Unreachable(f'Cost Explorer says "{text[:40]}" where an amount should be') from None


def _line(row: _Row) -> BillLine:
    """What the group cost, to be told apart."""
    billed = row.micros(COSTS)
    if billed is None:
        raise Unreachable(f"Cost Explorer left out {COSTS}")
    return BillLine(period_of(row.day), row.day, billed, effective_micros=row.micros(SPREAD))


def _of_kind(row: _Row, record: str, machines: str) -> BillLine:
    counts = record in WITH_HOURS and is_gpu_type(machines)
    hours = row.hours_ms if counts else None
    return replace(_line(row), kind=_kind(record), type=machines, running_ms=hours)


def _kind(record: str) -> BillLineKind:
    """RIFee and Support fee are fees, Private Rate Card Discount and EdpDiscount are discounts."""
    ends = (kind for ending, kind in ENDINGS.items() if record.lower().endswith(ending))
    return RECORD_KINDS.get(record) or next(ends, None) or "other"
