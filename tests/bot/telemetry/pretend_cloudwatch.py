"""A CloudWatch that is as strict as AWS's: exact dimensions, 500 queries and 100,800 points a call, pages."""

from datetime import UTC, datetime
from typing import Any

from bot.domain.clock import MINUTE_MS
from bot.errors import Unreachable

Key = tuple[str, str, tuple[tuple[str, str], ...]]


class PretendCloudWatch:
    """Put metrics in with `put`; `ask` is what the source calls; `calls` is what it called."""

    def __init__(self, *, page: int = 500, points_a_page: int = 100_800) -> None:
        self.kept: dict[tuple[str, Key], dict[int, list[float]]] = {}
        self.calls: list[tuple[str, str]] = []
        self.failing: set[tuple[str, str]] = set()
        self.states: dict[str, str] = {}
        """What is told of a query beside its values, where that is not "Complete"."""
        self.page = page
        self.points_a_page = points_a_page

    def put(
        self, place: str, metric: str, values: dict[int, float], *, namespace: str = "CWAgent", **named: str
    ) -> None:
        key = (namespace, metric, tuple(sorted(named.items())))
        for minute, value in values.items():
            self.kept.setdefault((place, key), {}).setdefault(minute, []).append(value)

    def count(self, operation: str) -> int:
        return sum(1 for _, called in self.calls if called == operation)

    def ask(self, place: str, operation: str, asked: Any) -> Any:
        self.calls.append((place, operation))
        if (place, operation) in self.failing:
            raise Unreachable(f"AWS did not answer for {place}: Throttling")
        return getattr(self, operation)(place, **asked)

    def list_metrics(self, place, *, Namespace, MetricName, Dimensions, RecentlyActive, NextToken="0"):  # noqa: N803
        assert RecentlyActive == "PT3H"
        wanted = {each["Name"] for each in Dimensions}
        found = [
            {"Namespace": key[0], "MetricName": key[1], "Dimensions": _pairs(key[2])}
            for where, key in self.kept
            if (where, *key[:2]) == (place, Namespace, MetricName) and wanted <= dict(key[2]).keys()
        ]
        at = int(NextToken)
        more = {"NextToken": str(at + self.page)} if at + self.page < len(found) else {}
        return {"Metrics": found[at : at + self.page], **more}

    def get_metric_data(self, place, *, MetricDataQueries, StartTime, EndTime, NextToken="0"):  # noqa: N803
        assert len(MetricDataQueries) <= 500
        assert len(MetricDataQueries) * (EndTime - StartTime) / 60 <= 100_800
        points = [
            (query["Id"], minute, value)
            for query in MetricDataQueries
            for minute, value in self._read(place, query["MetricStat"])
            if StartTime * 1000 <= minute < EndTime * 1000
        ]
        at = int(NextToken)
        results: dict[str, Any] = {
            query["Id"]: {"Id": query["Id"], "Timestamps": [], "Values": [], "StatusCode": "Complete"}
            for query in MetricDataQueries
        }
        for name, state in self.states.items():
            results[name]["StatusCode"] = state
        for name, minute, value in points[at : at + self.points_a_page]:
            results[name]["Timestamps"].append(datetime.fromtimestamp(minute / 1000, UTC))
            results[name]["Values"].append(value)
        more = {"NextToken": str(at + self.points_a_page)} if at + self.points_a_page < len(points) else {}
        return {"MetricDataResults": list(results.values()), "Messages": [], **more}

    def _read(self, place: str, stat: Any) -> list[tuple[int, float]]:
        told = stat["Metric"]
        dimensions = tuple(sorted((each["Name"], each["Value"]) for each in told["Dimensions"]))
        values = self.kept.get((place, (told["Namespace"], told["MetricName"], dimensions)), {})
        fold = {"Maximum": max, "Average": lambda each: sum(each) / len(each)}[stat["Stat"]]
        return [(minute, fold(each)) for minute, each in sorted(values.items(), reverse=True)]


def _pairs(named: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in named]


def minutes(until: int, *values: float) -> dict[int, float]:
    """Values of the minutes that end at `until`."""
    first = until - len(values) * MINUTE_MS
    return {first + at * MINUTE_MS: value for at, value in enumerate(values)}
