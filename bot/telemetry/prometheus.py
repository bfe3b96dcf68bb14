"""What a Prometheus-compatible server knows of GPUs, by dcgm-exporter's names old and new, or names you set."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.domain.clock import MINUTE, SECOND
from bot.domain.measuring.ranges import MOST_PCT, MOST_WATTS, may_be_ratio, mib, percent_of_ratio, within
from bot.domain.measuring.trails import Observation, Target, Told
from bot.errors import Unreachable, answering
from bot.settings.sources import PROMETHEUS, PrometheusSettings
from bot.telemetry.hosts import HostNames
from bot.telemetry.prometheus_api import PrometheusApi, Value

SETTLE = 10 * SECOND
"""A minute is read this long after its end, when its last scrape is in."""
MINUTES_PER_PASS = 20
NO_VALUE = "2147483632"
"""The least of the numbers that DCGM has for "no value"; old exporters pass them on as 9223372036854775794 and such."""
Place = tuple[str, int | None]
"""Instance id, and index of the GPU."""
EVERY_HOST = ("",)


class Prometheus:
    """The source of GPU metrics on a Prometheus-compatible server.

    A pass makes three instant queries a minute read and one for memory, for the whole fleet; the server aggregates.
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
                with answering(PROMETHEUS):
                    seen = self._minute(names, until, with_memory=until == end)
            except Unreachable as error:
                yield Told(place, error=str(error))
                return
            yield Told(place, seen, read_until=until)

    def look(self, target: Target, among: Sequence[Target], now: int) -> Told | None:
        """The last minute of one target up to its newest sample, in five instant queries about it alone."""
        names, place = HostNames(self._settings, among), self._settings.url
        hosts = [f"{label}=~{names.pattern_of(target.id)}" for label in self._settings.host_labels]
        try:
            with answering(PROMETHEUS):
                newest = self._by_gpu(names, self.newest_query(hosts), now)
                seen = self._minute(names, now, hosts, with_memory=True)
        except Unreachable as error:
            return Told(place, error=str(error))
        until = {gpu: min(now, int(at * SECOND)) for (one, gpu), at in newest.items() if one == target.id}
        told = {
            each.gpu: replace(each, minute=(until[each.gpu] - 1) // MINUTE * MINUTE)
            for each in seen
            if each.instance_id == target.id and each.gpu in until
        }
        is_whole = all(gpu in told and told[gpu].util_max is not None for gpu in until)
        return Told(place, tuple(told.values()), seen_until=min(until.values(), default=None) if is_whole else None)

    def _minute(
        self, names: HostNames, until: int, hosts: Sequence[str] = EVERY_HOST, *, with_memory: bool
    ) -> tuple[Observation, ...]:
        """What was seen in the minute that ends at `until`."""
        highest = self._by_part(names, self.util_query("max_over_time", hosts), until)
        mean = self._by_part(names, self.util_query("avg_over_time", hosts), until)
        memory: dict[Place, float] = {}
        if with_memory and self._settings.memory_metrics:
            memory = self._by_gpu(names, self.memory_query(hosts), until)
        power: dict[Place, float] = {}
        if self._settings.power_metrics:
            power = self._by_gpu(names, self.power_query(hosts), until)
        found = []
        for place in dict.fromkeys([*highest, *power]):
            (instance_id, gpu), tops = place, highest.get(place, {})
            util_max, util_mean = self._use(tops, mean.get(place, {}))
            observation = Observation(
                instance_id=instance_id,
                gpu=gpu,
                minute=until - MINUTE,
                util_max=util_max,
                util_mean=util_mean,
                memory_used_mib=mib(memory.get(place)),
                watts=within(power.get(place), MOST_WATTS),
                may_be_ratio=self._may_be_ratio(tops),
            )
            found.append(observation)
        return tuple(found)

    def _use(self, highest: Mapping[int, float], mean: Mapping[int, float]) -> tuple[float | None, float | None]:
        """Highest and mean percent by the metrics that lie within their range, their mean as well."""
        known = [
            (top, average)
            for part, value in highest.items()
            if (top := self._percent(part, value)) is not None
            and (average := self._percent(part, mean.get(part, value))) is not None
        ]
        return max((top for top, _ in known), default=None), max((average for _, average in known), default=None)

    def _percent(self, part: int, value: float) -> float | None:
        return within(value, MOST_PCT) if self._is_percentage(part) else percent_of_ratio(value)

    def _is_percentage(self, part: int) -> bool:
        return part < len(self._settings.percent_metrics)

    def _may_be_ratio(self, highest: Mapping[int, float]) -> bool:
        return any(self._is_percentage(part) and may_be_ratio(value) for part, value in highest.items())

    def util_query(self, over_time: str, hosts: Sequence[str] = EVERY_HOST) -> str:
        """What each metric says by host and GPU over one minute, as it is; MIG by profiling alone.

        The label "valet" has the number of the metric among those in the settings. `hosts` are matchers of which one
        must fit.
        """
        parts = [(number, self._over(over_time, each)) for number, each in self._signals(hosts)]
        return self._highest(parts, apart=True)

    def newest_query(self, hosts: Sequence[str]) -> str:
        """When each GPU was last read for how busy it is, epoch seconds."""
        return self._highest([(number, f"timestamp({each})") for number, each in self._signals(hosts)])

    def memory_query(self, hosts: Sequence[str] = EVERY_HOST) -> str:
        """MiB in use by host and GPU; of a GPU in slices, that of the fullest."""
        series = _series(self._settings.memory_metrics, hosts)
        return self._highest([(number, self._over("max_over_time", each)) for number, each in series])

    def power_query(self, hosts: Sequence[str] = EVERY_HOST) -> str:
        """Mean watts by host and GPU over one minute; where several metrics tell, the highest."""
        series = _series(self._settings.power_metrics, hosts)
        return self._highest([(number, self._over("avg_over_time", each)) for number, each in series])

    def _signals(self, hosts: Sequence[str]) -> list[tuple[int, str]]:
        """The series that say how busy a GPU is, each with the number of its metric."""
        known = self._settings
        whole = (*known.percent_metrics, *known.ratio_metrics)
        return _series((*whole, *known.profiling_metrics), hosts, not_sliced=len(whole))

    def _over(self, function: str, series: str) -> str:
        return f"{function}({series}[{max(60, 2 * self._settings.scrape_seconds)}s]) < {NO_VALUE}"

    def _highest(self, parts: Iterable[tuple[int, str]], *, apart: bool = False) -> str:
        # `or` drops what has the same labels as something to its left; a label of their own keeps all of them.
        marked = [f'label_replace({part}, "valet", "{number}", "", "")' for number, part in parts]
        kept = [*self._settings.host_labels, self._settings.gpu_label, *(["valet"] if apart else [])]
        labels = ", ".join(kept)
        return f"max by ({labels}) ({' or '.join(marked)})" if marked else "vector(0) < 0"

    def _by_gpu(self, names: HostNames, query: str, at: int) -> dict[Place, float]:
        return {place: max(parts.values()) for place, parts in self._by_part(names, query, at).items()}

    def _by_part(self, names: HostNames, query: str, at: int) -> dict[Place, dict[int, float]]:
        """What each metric says of each GPU, by the metric's number."""
        found: dict[Place, dict[int, float]] = {}
        for each in self._api.query(query, at):
            instance_id = names.instance_of(each.labels)
            if instance_id is not None:
                parts, number = found.setdefault((instance_id, self._gpu(each)), {}), int(each.labels.get("valet", "0"))
                parts[number] = max(each.value, parts.get(number, each.value))
        return found

    def _gpu(self, value: Value) -> int | None:
        index = value.labels.get(self._settings.gpu_label, "")
        return int(index) if index.isascii() and index.isdigit() and len(index) <= 4 else None


def _series(metrics: Sequence[str], hosts: Sequence[str], *, not_sliced: int = 0) -> list[tuple[int, str]]:
    """Selectors of metrics for each of some matchers of hosts, with the metric's number; the first few without MIG."""
    found = []
    for number, metric in enumerate(metrics):
        for host in hosts:
            matchers = ", ".join(filter(None, ('GPU_I_ID=""' if number < not_sliced else "", host)))
            found.append((number, f"{metric}{{{matchers}}}" if matchers else metric))
    return found
