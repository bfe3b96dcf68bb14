"""What to ask CloudWatch, and what its answers say: plain dicts in and out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.readings import MOST_MIB, MOST_PCT, may_be_ratio, within_bounds
from bot.domain.machines.source_history import Observation, SourceAnswer, Target
from bot.errors import Unreachable, answering
from bot.settings.measuring import CLOUDWATCH, CloudWatchSettings

QUERIES_PER_CALL = 500
POINTS_PER_CALL = 100_800
MIG_DIMENSIONS = frozenset({"gpu_index", "compute_index", "gpu_instance_id", "compute_instance_id"})
"""The agent's plugin names slices of a GPU by these; the driver has no utilisation for them, so what is there is not
to be trusted."""


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """One metric to read: of a GPU, or of an instance as a whole."""

    instance_id: str
    gpu: int | None
    dimensions: tuple[tuple[str, str], ...]


def discovered(metrics: Iterable[Mapping[str, Any]]) -> dict[str, tuple[MetricSeries, ...]]:
    """The series to read of each instance, from the entries of ListMetrics.

    The aggregate by InstanceId alone where there is one (a query per instance), else one per GPU. CloudWatch answers
    only for exactly the dimensions a metric was published with. An instance with MIG slices is left out.
    """
    by_instance: dict[str, set[tuple[tuple[str, str], ...]]] = {}
    for metric in metrics:
        named = {each["Name"]: each.get("Value", "") for each in metric.get("Dimensions", ())}
        if named.get("InstanceId"):
            by_instance.setdefault(named["InstanceId"], set()).add(tuple(sorted(named.items())))
    chosen = ((instance_id, _chosen(instance_id, seen)) for instance_id, seen in by_instance.items())
    return dict(chosen)


def _chosen(instance_id: str, seen: set[tuple[tuple[str, str], ...]]) -> tuple[MetricSeries, ...]:
    if any(name in MIG_DIMENSIONS for dimensions in seen for name, _ in dimensions):
        return ()
    alone = (("InstanceId", instance_id),)
    if alone in seen:
        return (MetricSeries(instance_id, None, alone),)
    series = [MetricSeries(instance_id, _index(dict(dimensions)), dimensions) for dimensions in sorted(seen)]
    return tuple(each for each in series if each.gpu is not None) or tuple(series)


def _index(named: Mapping[str, str]) -> int | None:
    index = named.get("index", "")
    return int(index) if index.isascii() and index.isdigit() else None


def queries(series: Sequence[MetricSeries], settings: CloudWatchSettings) -> list[dict[str, Any]]:
    """What to ask of each series: its Maximum and Average, and the memory in use. Ids are "max7" for series 7."""
    asked = [("max", settings.metric, "Maximum"), ("avg", settings.metric, "Average")]
    if settings.memory_metric:
        asked.append(("mem", settings.memory_metric, "Maximum"))
    return [
        _query(f"{name}{number}", settings.namespace, metric, each, statistic=statistic)
        for number, each in enumerate(series)
        for name, metric, statistic in asked
    ]


def calls(asked: Sequence[dict[str, Any]], *, minutes: int) -> Iterator[list[dict[str, Any]]]:
    """The queries in portions for one call each, over so many minutes: within the limits on queries and points."""
    size = max(1, min(QUERIES_PER_CALL, POINTS_PER_CALL // max(1, minutes)))
    for at in range(0, len(asked), size):
        yield list(asked[at : at + size])


def _query(name: str, namespace: str, metric: str, series: MetricSeries, *, statistic: str) -> dict[str, Any]:
    dimensions = [{"Name": key, "Value": value} for key, value in series.dimensions]
    told = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": told, "Period": 60, "Stat": statistic}, "ReturnData": True}


def observed(series: Sequence[MetricSeries], results: Iterable[Mapping[str, Any]]) -> tuple[Observation, ...]:
    """What the answers to `queries(series)` say; values that can't be are left out. A minute without one is unknown."""
    found: dict[tuple[int, int], dict[str, float]] = {}
    for result in results:
        kind, number = result["Id"][:3], int(result["Id"][3:])
        for moment, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
            if _can_be(kind, value):
                minute = int(moment.timestamp()) * 1000 // MINUTE_MS * MINUTE_MS
                found.setdefault((number, minute), {})[kind] = value
    return tuple(_observation(series[number], minute, values) for (number, minute), values in found.items())


def _can_be(kind: str, value: float) -> bool:
    return within_bounds(value, MOST_MIB if kind == "mem" else MOST_PCT) is not None


def _observation(series: MetricSeries, minute: int, values: Mapping[str, float]) -> Observation:
    memory = values.get("mem")
    return Observation(
        instance_id=series.instance_id,
        gpu=series.gpu,
        minute=minute,
        util_max=values.get("max"),
        util_mean=values.get("avg"),
        memory_used_mib=None if memory is None else int(memory),
        may_be_ratio=may_be_ratio(values.get("max")),
    )


def why_metrics_unread(results: Iterable[Mapping[str, Any]]) -> str:
    """Why some of the series asked for have no values here, as a sentence; empty where all were answered."""
    states = {str(result.get("StatusCode", "")) for result in results}
    if "Forbidden" in states:
        return "CloudWatch forbids some of the metrics to Valet's role; it lacks cloudwatch:GetMetricData for them"
    if "InternalError" in states:
        return "CloudWatch could not read some of the metrics; they are asked for again"
    return ""


CLOUDWATCH_WORKERS = 8
READ_AGAIN_MS = 10 * MINUTE_MS
"""Read again every time: the agent delivers late, and a minute may have been incomplete when it was first read."""
DECISION_LOOK_BACK_MS = 15 * MINUTE_MS
"""Before a stop: enough for the newest minute of every GPU, however late it comes."""
METRIC_RETRY_MS = 10 * MINUTE_MS
"""How long to wait before looking again for an instance that has no metric."""
CloudWatchCall = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes one call of CloudWatch: place ("ec2/111122223333/us-east-1"), operation, parameters. Raises Unreachable."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The metrics of one place, and when they were looked for."""

    at: int
    series: Mapping[str, tuple[MetricSeries, ...]]
    """By instance id."""


class CloudWatch:
    """The source of metrics of the CloudWatch agent: `nvidia_smi_*`.

    A pass makes one GetMetricData call per 500 queries (3 per series: Maximum, Average, memory) in each place.
    """

    name = CLOUDWATCH

    def __init__(
        self, ask: CloudWatchCall, places: Sequence[str], settings: CloudWatchSettings, *, window_minutes: int
    ) -> None:
        self._ask = ask
        self._places = frozenset(places)
        self._settings = settings
        self._backfill = (window_minutes + 20) * MINUTE_MS
        self._found: dict[str, _Found] = {}

    def read(self, targets: Sequence[Target], read_until: Mapping[str, int], now: int) -> Iterator[SourceAnswer]:
        """What each instance did since `read_until` of its place, one SourceAnswer per place that is due."""
        end = now // MINUTE_MS * MINUTE_MS
        by_place: dict[str, list[str]] = {}
        for target in targets:
            if target.place in self._places and self._is_due(read_until.get(target.place), end):
                by_place.setdefault(target.place, []).append(target.id)
        if not by_place:
            return
        with ThreadPoolExecutor(min(CLOUDWATCH_WORKERS, len(by_place)), thread_name_prefix="valet-cloudwatch") as pool:
            passes = [
                pool.submit(self._read_place, place, ids, self._since(read_until.get(place), end), end)
                for place, ids in by_place.items()
            ]
            for done in as_completed(passes):
                yield done.result()

    def look(self, target: Target, among: Sequence[Target], now: int) -> SourceAnswer | None:
        """What one target did up to the newest minute that is known; one that is not over may tell of work only."""
        if target.place not in self._places:
            return None
        end = -(-now // MINUTE_MS) * MINUTE_MS
        told = self._read_place(target.place, [target.id], end - DECISION_LOOK_BACK_MS, end)
        newest: dict[int | None, int] = {}
        for each in told.observations:
            over = each.known and each.minute + MINUTE_MS <= now
            newest[each.gpu] = max(each.minute + MINUTE_MS if over else 0, newest.get(each.gpu, 0))
        whole = tuple(each for each in told.observations if each.minute + MINUTE_MS <= now or (each.util_max or 0) > 0)
        seen_until = min(newest.values(), default=None) or None
        return SourceAnswer(told.place, whole, error=told.error, seen_until=seen_until)

    def _is_due(self, last: int | None, end: int) -> bool:
        return last is None or end - last >= self._settings.every_minutes * MINUTE_MS

    def _since(self, last: int | None, end: int) -> int:
        oldest = end - self._backfill
        return oldest if last is None else max(oldest, min(last, end) - READ_AGAIN_MS)

    def _read_place(self, place: str, ids: Sequence[str], since: int, end: int) -> SourceAnswer:
        results: list[Mapping[str, Any]] = []
        try:
            with answering(CLOUDWATCH):
                series = self._series(place, ids, end)
        except Unreachable as error:
            return SourceAnswer(place, error=str(error))
        try:
            with answering(CLOUDWATCH):
                for some in calls(queries(series, self._settings), minutes=(end - since) // MINUTE_MS):
                    # botocore reads a number as epoch seconds
                    asked = {"MetricDataQueries": some, "StartTime": since / 1000, "EndTime": end / 1000}
                    for page in self._pages(place, "get_metric_data", asked):
                        results += page["MetricDataResults"]
        except Unreachable as error:
            return SourceAnswer(place, observed(series, results), error=str(error))
        if missing := why_metrics_unread(results):
            return SourceAnswer(place, observed(series, results), error=missing)
        return SourceAnswer(place, observed(series, results), read_until=end)

    def _series(self, place: str, ids: Sequence[str], now: int) -> list[MetricSeries]:
        found = self._found.get(place)
        if found is None or self._is_old(found, ids, now):
            found = self._found[place] = self._looked_up(place, now, found)
        return [each for instance_id in ids for each in found.series.get(instance_id, ())]

    def _is_old(self, found: _Found, ids: Sequence[str], now: int) -> bool:
        if now - found.at >= self._settings.discover_minutes * MINUTE_MS or now < found.at:
            return True
        return now - found.at >= METRIC_RETRY_MS and any(instance_id not in found.series for instance_id in ids)

    def _looked_up(self, place: str, now: int, before: _Found | None) -> _Found:
        asked = {
            "Namespace": self._settings.namespace,
            "MetricName": self._settings.metric,
            "Dimensions": [{"Name": "InstanceId"}],
            "RecentlyActive": "PT3H",
        }
        try:
            pages = self._pages(place, "list_metrics", asked)
            return _Found(now, discovered(metric for page in pages for metric in page["Metrics"]))
        except Unreachable:
            if before is None:
                raise
            return before

    def _pages(self, place: str, operation: str, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        page = self._ask(place, operation, asked)
        yield page
        while page.get("NextToken"):
            page = self._ask(place, operation, {**asked, "NextToken": page["NextToken"]})
            yield page
