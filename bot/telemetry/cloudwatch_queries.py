"""What to ask CloudWatch, and what its answers say: plain dicts in and out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.clock import MINUTE
from bot.domain.measuring.ranges import MOST_MIB, MOST_PCT, may_be_ratio, within
from bot.domain.measuring.trails import Observation
from bot.settings.sources import CloudWatchSettings

QUERIES_PER_CALL = 500
POINTS_PER_CALL = 100_800
MIG_DIMENSIONS = frozenset({"gpu_index", "compute_index", "gpu_instance_id", "compute_instance_id"})
"""The agent's plugin names slices of a GPU by these; the driver has no utilisation for them, so what is there is not
to be trusted."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric to read: of a GPU, or of an instance as a whole."""

    instance_id: str
    gpu: int | None
    dimensions: tuple[tuple[str, str], ...]


def discovered(metrics: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Series, ...]]:
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


def _chosen(instance_id: str, seen: set[tuple[tuple[str, str], ...]]) -> tuple[Series, ...]:
    if any(name in MIG_DIMENSIONS for dimensions in seen for name, _ in dimensions):
        return ()
    alone = (("InstanceId", instance_id),)
    if alone in seen:
        return (Series(instance_id, None, alone),)
    series = [Series(instance_id, _index(dict(dimensions)), dimensions) for dimensions in sorted(seen)]
    return tuple(each for each in series if each.gpu is not None) or tuple(series)


def _index(named: Mapping[str, str]) -> int | None:
    index = named.get("index", "")
    return int(index) if index.isascii() and index.isdigit() else None


def queries(series: Sequence[Series], settings: CloudWatchSettings) -> list[dict[str, Any]]:
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


def _query(name: str, namespace: str, metric: str, series: Series, *, statistic: str) -> dict[str, Any]:
    dimensions = [{"Name": key, "Value": value} for key, value in series.dimensions]
    told = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": told, "Period": 60, "Stat": statistic}, "ReturnData": True}


def observed(series: Sequence[Series], results: Iterable[Mapping[str, Any]]) -> tuple[Observation, ...]:
    """What the answers to `queries(series)` say; values that can't be are left out. A minute without one is unknown."""
    found: dict[tuple[int, int], dict[str, float]] = {}
    for result in results:
        kind, number = result["Id"][:3], int(result["Id"][3:])
        for moment, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
            if _can_be(kind, value):
                minute = int(moment.timestamp()) * 1000 // MINUTE * MINUTE
                found.setdefault((number, minute), {})[kind] = value
    return tuple(_observation(series[number], minute, values) for (number, minute), values in found.items())


def _can_be(kind: str, value: float) -> bool:
    return within(value, MOST_MIB if kind == "mem" else MOST_PCT) is not None


def _observation(series: Series, minute: int, values: Mapping[str, float]) -> Observation:
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


def unread(results: Iterable[Mapping[str, Any]]) -> str:
    """Why some of the series asked for have no values here, as a sentence; empty where all were answered."""
    states = {str(result.get("StatusCode", "")) for result in results}
    if "Forbidden" in states:
        return "CloudWatch forbids some of the metrics to Valet's role; it lacks cloudwatch:GetMetricData for them"
    if "InternalError" in states:
        return "CloudWatch could not read some of the metrics; they are asked for again"
    return ""
