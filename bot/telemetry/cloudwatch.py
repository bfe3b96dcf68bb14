"""What the CloudWatch agent published of GPUs, read in batches, in every account and region of the fleet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from bot.domain.clock import MINUTE
from bot.domain.measuring.trails import Target, Told
from bot.errors import Unreachable, answering
from bot.settings.sources import CLOUDWATCH, CloudWatchSettings
from bot.telemetry.cloudwatch_queries import Series, calls, discovered, observed, queries, unread

WORKERS = 8
OVERLAP = 10 * MINUTE
"""Read again every time: the agent delivers late, and a minute may have been incomplete when it was first read."""
LOOK_BACK = 15 * MINUTE
"""Before a stop: enough for the newest minute of every GPU, however late it comes."""
RETRY = 10 * MINUTE
"""How long to wait before looking again for an instance that has no metric."""
Ask = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes one call of CloudWatch: place ("ec2/111122223333/us-east-1"), operation, parameters. Raises Unreachable."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The metrics of one place, and when they were looked for."""

    at: int
    series: Mapping[str, tuple[Series, ...]]
    """By instance id."""


class CloudWatch:
    """The source of metrics of the CloudWatch agent: `nvidia_smi_*`.

    A pass makes one GetMetricData call per 500 queries (3 per series: Maximum, Average, memory) in each place.
    """

    name = CLOUDWATCH

    def __init__(self, ask: Ask, places: Sequence[str], settings: CloudWatchSettings, *, window_minutes: int) -> None:
        self._ask = ask
        self._places = frozenset(places)
        self._settings = settings
        self._backfill = (window_minutes + 20) * MINUTE
        self._found: dict[str, _Found] = {}

    def read(self, targets: Sequence[Target], read_until: Mapping[str, int], now: int) -> Iterator[Told]:
        """What each instance did since `read_until` of its place, one Told per place that is due."""
        end = now // MINUTE * MINUTE
        by_place: dict[str, list[str]] = {}
        for target in targets:
            if target.place in self._places and self._is_due(read_until.get(target.place), end):
                by_place.setdefault(target.place, []).append(target.id)
        if not by_place:
            return
        with ThreadPoolExecutor(min(WORKERS, len(by_place)), thread_name_prefix="valet-cloudwatch") as pool:
            passes = [
                pool.submit(self._read_place, place, ids, self._since(read_until.get(place), end), end)
                for place, ids in by_place.items()
            ]
            for done in as_completed(passes):
                yield done.result()

    def look(self, target: Target, among: Sequence[Target], now: int) -> Told | None:
        """What one target did up to the newest minute that is known; one that is not over may tell of work only."""
        if target.place not in self._places:
            return None
        end = -(-now // MINUTE) * MINUTE
        told = self._read_place(target.place, [target.id], end - LOOK_BACK, end)
        newest: dict[int | None, int] = {}
        for each in told.observations:
            over = each.known and each.minute + MINUTE <= now
            newest[each.gpu] = max(each.minute + MINUTE if over else 0, newest.get(each.gpu, 0))
        whole = tuple(each for each in told.observations if each.minute + MINUTE <= now or (each.util_max or 0) > 0)
        seen_until = min(newest.values(), default=None) or None
        return Told(told.place, whole, error=told.error, seen_until=seen_until)

    def _is_due(self, last: int | None, end: int) -> bool:
        return last is None or end - last >= self._settings.every_minutes * MINUTE

    def _since(self, last: int | None, end: int) -> int:
        oldest = end - self._backfill
        return oldest if last is None else max(oldest, min(last, end) - OVERLAP)

    def _read_place(self, place: str, ids: Sequence[str], since: int, end: int) -> Told:
        results: list[Mapping[str, Any]] = []
        try:
            with answering(CLOUDWATCH):
                series = self._series(place, ids, end)
        except Unreachable as error:
            return Told(place, error=str(error))
        try:
            with answering(CLOUDWATCH):
                for some in calls(queries(series, self._settings), minutes=(end - since) // MINUTE):
                    # botocore reads a number as epoch seconds
                    asked = {"MetricDataQueries": some, "StartTime": since / 1000, "EndTime": end / 1000}
                    for page in self._pages(place, "get_metric_data", asked):
                        results += page["MetricDataResults"]
        except Unreachable as error:
            return Told(place, observed(series, results), error=str(error))
        if missing := unread(results):
            return Told(place, observed(series, results), error=missing)
        return Told(place, observed(series, results), read_until=end)

    def _series(self, place: str, ids: Sequence[str], now: int) -> list[Series]:
        found = self._found.get(place)
        if found is None or self._is_old(found, ids, now):
            found = self._found[place] = self._looked_up(place, now, found)
        return [each for instance_id in ids for each in found.series.get(instance_id, ())]

    def _is_old(self, found: _Found, ids: Sequence[str], now: int) -> bool:
        if now - found.at >= self._settings.discover_minutes * MINUTE or now < found.at:
            return True
        return now - found.at >= RETRY and any(instance_id not in found.series for instance_id in ids)

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
