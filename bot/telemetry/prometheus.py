"""Instant queries to a Prometheus-compatible server, over the standard library's HTTP."""

import http.client
import json
import math
import ssl
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from pydantic_core import from_json

from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.readings import MOST_PCT, MOST_WATTS, may_be_ratio, mib, percent_of_ratio, within_bounds
from bot.domain.machines.source_history import Observation, SourceAnswer, Target
from bot.errors import Unreachable, answering
from bot.settings.measuring import PROMETHEUS, PrometheusSettings
from bot.telemetry.hosts import HostNames

PROMETHEUS_TIMEOUT_S = 20
MOST_BYTES = 128 * 1024 * 1024
"""An answer longer than this is refused, however small it came: 100,000 GPUs take about 10 MB."""
PIECE_BYTES = 64 * 1024
GZIP_BITS = 31
"""As zlib wants it said that gzip is around what it takes apart."""
TELLING_STATUSES = frozenset({400, 422, 503})
"""Statuses whose body says in words what is wrong."""


class Value(NamedTuple):
    """One series of an answer; a tuple, since there are hundreds of thousands."""

    labels: Mapping[str, str]
    value: float


class PrometheusApi:
    """One server. Redirects are not followed, so that the token goes nowhere else."""

    def __init__(
        self,
        url: str,
        *,
        token_file: str = "",
        tenant: str = "",
        timeout_s: float = PROMETHEUS_TIMEOUT_S,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._parts = urlsplit(url)
        self._token_file = token_file
        self._tenant = tenant
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes

    def query(self, promql: str, at: int) -> list[Value]:
        """The answer to an instant query at an instant (epoch milliseconds), without NaN and infinities.

        Raises Unreachable.
        """
        return list(self.each(promql, at))

    def each(self, promql: str, at: int) -> Iterator[Value]:
        """As `query`, one by one: of a large answer only a part is there as objects at a time. Raises Unreachable."""
        form = urlencode({"query": promql, "time": f"{at / SECOND_MS:.3f}", "timeout": f"{self._timeout_s:.0f}s"})
        yield from _values(self._post("/api/v1/query", form))

    def _post(self, path: str, form: str) -> bytes:
        connection = self._connection()
        try:
            connection.request("POST", self._parts.path.rstrip("/") + path, form.encode(), self._headers())
            answer = connection.getresponse()
            body = _unpacked(answer, self._most_bytes)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self._parts.netloc} did not answer: {type(error).__name__}") from error
        except zlib.error as error:
            raise Unreachable(f"{self._parts.netloc} gave an answer that can't be unpacked") from error
        finally:
            connection.close()
        if len(body) > self._most_bytes:
            said = f"{self._parts.netloc} answered with more than {self._most_bytes >> 20} MB"
            raise Unreachable(said, retryable=False)
        if answer.status != http.HTTPStatus.OK:
            said = f": {_error(body)}" if answer.status in TELLING_STATUSES else ""
            raise Unreachable(f"{self._parts.netloc} answered with HTTP {answer.status}{said}")
        return body

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout_s)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "gpu-valet"}
        headers["Accept-Encoding"] = "gzip"
        if self._tenant:
            headers["X-Scope-OrgID"] = self._tenant
        if self._token_file:
            headers["Authorization"] = f"Bearer {self._token()}"
        return headers

    def _token(self) -> str:
        try:
            token = Path(self._token_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unreachable(f"{self._token_file} can't be read: {type(error).__name__}") from error
        if not token.isascii() or not token.isprintable():
            raise Unreachable(f"{self._token_file} holds more than a token")
        return token


def _unpacked(answer: http.client.HTTPResponse, most_bytes: int) -> bytes:
    """The body, one byte more than so many at most, however much a small answer would unpack to."""
    if answer.headers.get("Content-Encoding", "").strip().lower() not in {"gzip", "x-gzip"}:
        return answer.read(most_bytes + 1)
    gzip, body = zlib.decompressobj(GZIP_BITS), bytearray()
    while not gzip.eof and len(body) <= most_bytes:
        piece = gzip.unconsumed_tail or answer.read(PIECE_BYTES)
        if not piece:
            raise http.client.IncompleteRead(b"")
        body += gzip.decompress(piece, most_bytes + 1 - len(body))
    return bytes(body)


def _error(body: bytes) -> str:
    try:
        said = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
    return " ".join(str(said).split())[:200]


BEGIN, BETWEEN, END = b'"result":[{"metric":', b'},{"metric":', b"}]"
"""What stands around series in an answer without blanks; in a string the quotes in it would be escaped."""
SERIES_AT_A_TIME = 200


def _values(body: bytes, at_a_time: int = SERIES_AT_A_TIME) -> Iterator[Value]:
    """The series of an answer, without NaN and infinities; label names and values that recur are kept once."""
    try:
        for series in _parts(body, at_a_time):
            for each in series:
                labels, value = each["metric"], float(each["value"][1])
                if math.isfinite(value):
                    yield Value(_labels(labels), value)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Unreachable("the server's answer is not Prometheus's", retryable=False) from error


def _labels(labels: Any) -> dict[str, str]:
    if type(labels) is not dict:
        raise TypeError(labels)
    return labels


def _parts(body: bytes, at_a_time: int) -> Iterator[list[Any]]:
    """The series, some at a time: the objects of all of a large answer would take ten times its size.

    The answer as a whole is looked at once they were, without them: it must be JSON, too.
    """
    begin = body.find(BEGIN)
    end = body.rfind(END)
    if begin < 0 or end < begin:
        yield from_json(body)["data"]["result"]
        return
    at = begin + len(BEGIN) - len(b'{"metric":')
    while at < end:
        until = at
        for _ in range(at_a_time):
            until = body.find(BETWEEN, until + 1, end)
            if until < 0:
                break
        stop = end + 1 if until < 0 else until + 1
        yield from_json(b"[" + body[at:stop] + b"]", cache_strings="all")
        at = stop + 1
    if from_json(body[:begin] + b'"result":[' + body[end + 1 :])["data"]["result"] != []:
        raise ValueError


SETTLE_MS = 10 * SECOND_MS
"""A minute is read this long after its end, when its last scrape is in."""
MINUTES_PER_PASS = 20
NO_VALUE = "2147483632"
"""The least of the numbers that DCGM has for "no value"; old exporters pass them on as 9223372036854775794 and such."""
GpuPlace = tuple[str, int | None]
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
        self._backfill = (window_minutes + 20) * MINUTE_MS

    def read(self, targets: Sequence[Target], read_until: Mapping[str, int], now: int) -> Iterator[SourceAnswer]:
        """Every whole minute since the last one read, oldest first, a bounded number of them."""
        place, names = self._settings.url, HostNames(self._settings, targets)
        end = (now - SETTLE_MS) // MINUTE_MS * MINUTE_MS
        at = max(end - self._backfill, min(read_until.get(place, 0), end))
        ends = range(at + MINUTE_MS, end + 1, MINUTE_MS)[:MINUTES_PER_PASS]
        for until in ends:
            try:
                with answering(PROMETHEUS):
                    seen = self._minute(names, until, with_memory=until == end)
            except Unreachable as error:
                yield SourceAnswer(place, error=str(error))
                return
            yield SourceAnswer(place, seen, read_until=until)

    def look(self, target: Target, among: Sequence[Target], now: int) -> SourceAnswer | None:
        """The last minute of one target up to its newest sample, in five instant queries about it alone."""
        names, place = HostNames(self._settings, among), self._settings.url
        hosts = [f"{label}=~{names.pattern_of(target.id)}" for label in self._settings.host_labels]
        try:
            with answering(PROMETHEUS):
                newest = self._by_gpu(names, self.newest_query(hosts), now)
                seen = self._minute(names, now, hosts, with_memory=True)
        except Unreachable as error:
            return SourceAnswer(place, error=str(error))
        until = {gpu: min(now, int(at * SECOND_MS)) for (one, gpu), at in newest.items() if one == target.id}
        told = {
            each.gpu: replace(each, minute=(until[each.gpu] - 1) // MINUTE_MS * MINUTE_MS)
            for each in seen
            if each.instance_id == target.id and each.gpu in until
        }
        is_whole = all(gpu in told and told[gpu].util_max is not None for gpu in until)
        return SourceAnswer(
            place, tuple(told.values()), seen_until=min(until.values(), default=None) if is_whole else None
        )

    def _minute(
        self, names: HostNames, until: int, hosts: Sequence[str] = EVERY_HOST, *, with_memory: bool
    ) -> tuple[Observation, ...]:
        """What was seen in the minute that ends at `until`."""
        highest = self._by_part(names, self.util_query("max_over_time", hosts), until)
        mean = self._by_part(names, self.util_query("avg_over_time", hosts), until)
        memory: dict[GpuPlace, float] = {}
        if with_memory and self._settings.memory_metrics:
            memory = self._by_gpu(names, self.memory_query(hosts), until)
        power: dict[GpuPlace, float] = {}
        if self._settings.power_metrics:
            power = self._by_gpu(names, self.power_query(hosts), until)
        found = []
        for place in dict.fromkeys([*highest, *power]):
            (instance_id, gpu), tops = place, highest.get(place, {})
            util_max, util_mean = self._use(tops, mean.get(place, {}))
            observation = Observation(
                instance_id=instance_id,
                gpu=gpu,
                minute=until - MINUTE_MS,
                util_max=util_max,
                util_mean=util_mean,
                memory_used_mib=mib(memory.get(place)),
                watts=within_bounds(power.get(place), MOST_WATTS),
                may_be_ratio=self._may_be_ratio(tops),
            )
            found.append(observation)
        return tuple(found)

    def _use(self, highest: Mapping[int, float], mean: Mapping[int, float]) -> tuple[float | None, float | None]:
        """Highest and mean percent by the metrics that lie within their range, their mean as well."""
        highest_known: float | None = None
        mean_known: float | None = None
        for part, value in highest.items():
            top, average = self._percent(part, value), self._percent(part, mean.get(part, value))
            if top is not None and average is not None:
                highest_known = top if highest_known is None else max(top, highest_known)
                mean_known = average if mean_known is None else max(average, mean_known)
        return highest_known, mean_known

    def _percent(self, part: int, value: float) -> float | None:
        return within_bounds(value, MOST_PCT) if self._is_percentage(part) else percent_of_ratio(value)

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

    def _by_gpu(self, names: HostNames, query: str, at: int) -> dict[GpuPlace, float]:
        found: dict[GpuPlace, float] = {}
        for place, _, value in self._placed(names, query, at):
            found[place] = max(value, found.get(place, value))
        return found

    def _by_part(self, names: HostNames, query: str, at: int) -> dict[GpuPlace, dict[int, float]]:
        """What each metric says of each GPU, by the metric's number."""
        found: dict[GpuPlace, dict[int, float]] = {}
        for place, number, value in self._placed(names, query, at):
            parts = found.get(place)
            if parts is None:
                found[place] = {number: value}
            else:
                parts[number] = max(value, parts.get(number, value))
        return found

    def _placed(self, names: HostNames, query: str, at: int) -> Iterator[tuple[GpuPlace, int, float]]:
        """Of which GPU each series is, the number of its metric, and what it says."""
        gpu_label = self._settings.gpu_label
        for labels, value in self._api.each(query, at):
            instance_id = names.instance_of(labels)
            if instance_id is not None:
                yield (instance_id, _gpu(labels.get(gpu_label, ""))), int(labels.get("valet", "0")), value


@lru_cache(maxsize=256)
def _gpu(index: str) -> int | None:
    return int(index) if index.isascii() and index.isdigit() and len(index) <= 4 else None


def _series(metrics: Sequence[str], hosts: Sequence[str], *, not_sliced: int = 0) -> list[tuple[int, str]]:
    """Selectors of metrics for each of some matchers of hosts, with the metric's number; the first few without MIG."""
    found = []
    for number, metric in enumerate(metrics):
        for host in hosts:
            matchers = ", ".join(filter(None, ('GPU_I_ID=""' if number < not_sliced else "", host)))
            found.append((number, f"{metric}{{{matchers}}}" if matchers else metric))
    return found
