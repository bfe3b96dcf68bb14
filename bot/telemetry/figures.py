"""Figures for Prometheus: what /metrics shows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.telemetry.families import FAMILIES, Kind

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """One metric: `values` maps the label values, in the order of `labels`, to a number; () for one without labels.

    What is not known has no entry; it is never 0.
    """

    name: str
    help: str
    values: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()
    kind: Kind = "gauge"


def metric_family(name: str, values: Mapping[Any, float] | float) -> MetricFamily:
    """A family of the table with its values: by label, by several labels, or a plain number for one without any.

    Raises KeyError for a name that is not in the table.
    """
    family = FAMILIES[name]
    by_labels = values if isinstance(values, Mapping) else {(): values}
    numbers = {(key,) if isinstance(key, str) else key: float(value) for key, value in by_labels.items()}
    return MetricFamily(family.name, family.help, numbers, family.labels, family.kind)


class _Figures(Collector):
    def __init__(self, figures: Callable[[], Iterable[MetricFamily]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for figure in self._figures():
            family = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
            metric = family(figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.values.items():
                metric.add_metric(labels, value)
            yield metric


def exposition(figures: Iterable[MetricFamily]) -> bytes:
    """The figures in Prometheus' text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(lambda: figures))
    return generate_latest(registry)
