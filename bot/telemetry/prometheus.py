"""What a Prometheus-compatible server knows of GPUs, by dcgm-exporter's names old and new, or names you set."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.domain.clock import MINUTE, SECOND
from bot.domain.measuring.trails import Observation, Target, Told
from bot.errors import Unreachable
from bot.settings.sources import PROMETHEUS, PrometheusSettings
from bot.telemetry.hosts import HostNames
from bot.telemetry.prometheus_api import PrometheusApi, Value

SETTLE = 10 * SECOND
"""A minute is read this long after its end, when its last scrape is in."""
MINUTES_PER_PASS = 20
SENTINEL = "1e15"
"""Old exporters pass DCGM's "no value" on as 9223372036854775794 and the like."""


class Prometheus:
    """The source of GPU metrics on a Prometheus-compatible server.

    A pass makes two instant queries a minute read and one for memory, for the whole fleet; the server aggregates.
    """

    name = PROMETHEUS

    def __init__(self, api: PrometheusApi, settings: PrometheusSettings, *, window_minutes: int) -> None:
        self._api = api
        self._settings = settings
        self._backfill = (window_minutes + 20) * MINUTE

    def read(self, targets: Sequence[Target], read_until: Mapping[str, int], now: int) -> Iterator[Told]:
        """Every whole minute since the last one read, oldest first, a bounded number of them."""
        place, names = self._settings.url, HostNames(self._settings, targets)
        end = (now - SETTLE) // MINUTE * MINUTE
        at = max(end - self._backfill, min(read_until.get(place, 0), end))
        ends = range(at + MINUTE, end + 1, MINUTE)[:MINUTES_PER_PASS]
        for until in ends:
            try:
                seen = self._minute(names, until, with_memory=until == end)
            except Unreachable as error:
                yield Told(place, error=str(error))
                return
            yield Told(place, seen, read_until=until)

    def _minute(self, names: HostNames, until: int, *, with_memory: bool) -> tuple[Observation, ...]:
        """What was seen in the minute that ends at `until`."""
        highest = self._by_gpu(names, self.util_query("max_over_time"), until)
        mean = self._by_gpu(names, self.util_query("avg_over_time"), until)
        memory: dict[tuple[str, int | None], float] = {}
        if with_memory and self._settings.memory_metrics:
            memory = self._by_gpu(names, self.memory_query(), until)
        return tuple(
            Observation(
                instance_id,
                gpu,
                until - MINUTE,
                value,
                mean.get((instance_id, gpu)),
                _whole(memory.get((instance_id, gpu))),
            )
            for (instance_id, gpu), value in highest.items()
            if value >= 0
        )

    def util_query(self, over_time: str) -> str:
        """Percent by host and GPU over one minute: any signal that says active counts, MIG by profiling alone."""
        known = self._settings
        whole = '{GPU_I_ID=""}'
        parts = [(1, f"{metric}{whole}") for metric in known.percent_metrics]
        parts += [(100, f"{metric}{whole}") for metric in known.ratio_metrics]
        parts += [(100, metric) for metric in known.profiling_metrics]
        return self._highest([f"{times} * ({self._over(over_time, series)})" for times, series in parts])

    def memory_query(self) -> str:
        """MiB in use by host and GPU; of a GPU in slices, that of the fullest."""
        return self._highest([self._over("max_over_time", metric) for metric in self._settings.memory_metrics])

    def _over(self, function: str, series: str) -> str:
        return f"{function}({series}[{max(60, 2 * self._settings.scrape_seconds)}s]) < {SENTINEL}"

    def _highest(self, parts: Iterable[str]) -> str:
        # `or` drops what has the same labels as something to its left; a label of their own keeps all of them.
        marked = [f'label_replace({part}, "valet", "{number}", "", "")' for number, part in enumerate(parts)]
        labels = ", ".join([*self._settings.host_labels, self._settings.gpu_label])
        return f"max by ({labels}) ({' or '.join(marked)})" if marked else "vector(0) < 0"

    def _by_gpu(self, names: HostNames, query: str, at: int) -> dict[tuple[str, int | None], float]:
        found: dict[tuple[str, int | None], float] = {}
        for each in self._api.query(query, at):
            instance_id = names.instance_of(each.labels)
            if instance_id is not None:
                key = (instance_id, self._gpu(each))
                found[key] = max(each.value, found.get(key, each.value))
        return found

    def _gpu(self, value: Value) -> int | None:
        index = value.labels.get(self._settings.gpu_label, "")
        return int(index) if index.isascii() and index.isdigit() and len(index) <= 4 else None


def _whole(value: float | None) -> int | None:
    return None if value is None or value < 0 else int(value)
