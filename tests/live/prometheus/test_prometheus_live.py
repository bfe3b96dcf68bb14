"""The Prometheus source against a real server: dcgm-exporter's metrics by all their names."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.clock import MINUTE_MS, SECOND_MS, system_clock
from bot.domain.machines.fleet import SourceSnapshot
from bot.domain.machines.source_history import Observation, Target
from bot.errors import Unreachable
from bot.services.machines import sources, verdict
from bot.settings.measuring import PrometheusSettings
from bot.telemetry.prometheus import SETTLE_MS, Prometheus, PrometheusApi
from store.machines import listings
from tests.bot.services.room import SETTINGS, Room
from tests.conftest import MONDAY
from tests.live.prometheus.server import Series, exporter, openmetrics, prometheus

END = MONDAY // SECOND_MS
OLD, NEW = "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_UTIL_RATIO"
PROFILED, USED = "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_FB_USED"


def every_30_s(value: float, first: int = 90, last: int = 0) -> dict[int, float]:
    """The value every 30 s, from `first` to `last` minutes before the end, a little after the half minute."""
    return dict.fromkeys(range(END - 60 * first + 10, END - 60 * last, 30), value)


def host(metric: str, label: str, name: str, values: dict[int, float], gpu: int = 0, more: str = "") -> Series:
    return metric, f'{label}="{name}",gpu="{gpu}",UUID="GPU-{name}-{gpu}"{more}', values


HISTORY = [
    host(OLD, "Hostname", "quiet", every_30_s(0)),
    host(USED, "Hostname", "quiet", every_30_s(3)),
    # the same, by the names that come
    host(NEW, "hostname", "renamed.gpu.internal", every_30_s(0)),
    host(USED, "hostname", "renamed.gpu.internal", every_30_s(40_000)),
    # ten seconds of work, seen by one scrape
    host(OLD, "Hostname", "burst", every_30_s(0) | {END - 20 * 60 + 10: 63.0}),
    # one GPU of two works, said by a ratio
    host(NEW, "Hostname", "half", every_30_s(0), 0),
    host(NEW, "Hostname", "half", every_30_s(0.4), 1),
    # work that only the profiling metric sees
    host(OLD, "Hostname", "profiled", every_30_s(0)),
    host(PROFILED, "Hostname", "profiled", every_30_s(0.5)),
    # slices read as 0 where the profiling metric is off
    host(OLD, "Hostname", "slices", every_30_s(0), 0, ',GPU_I_ID="1",GPU_I_PROFILE="1g.10gb"'),
    host(OLD, "Hostname", "sentinel", every_30_s(9.223372036854775794e18)),
    host(OLD, "Hostname", "fresh", every_30_s(0, first=20)),
    host(OLD, "Hostname", "gap", every_30_s(0, first=90, last=40) | every_30_s(0, first=25)),
    # numbers that can't be: now and then, always, and as memory
    host(OLD, "Hostname", "corrupt", every_30_s(0) | {END - 60 * ago + 10: 4294967295.0 for ago in (15, 70)}),
    host(OLD, "Hostname", "no_value", every_30_s(0)),
    host(PROFILED, "Hostname", "no_value", every_30_s(140737488355328.0)),
    host(OLD, "Hostname", "too_much", every_30_s(0)),
    host(USED, "Hostname", "too_much", every_30_s(99_999_999)),
    host(OLD, "Hostname", "below", every_30_s(-1)),
    # a ratio by the name of a percentage, and a percentage by that of a ratio
    host(OLD, "Hostname", "ratio", every_30_s(0.98)),
    host(OLD, "Hostname", "sometimes", every_30_s(0) | {END - 20 * 60 + 10: 0.98}),
    host(NEW, "hostname", "percent", every_30_s(37)),
    # one pod after the other, each with its own series
    host(OLD, "Hostname", "pods", every_30_s(0, last=30), 0, ',exported_pod="a"'),
    host(OLD, "Hostname", "pods", every_30_s(0, first=30), 0, ',exported_pod=""'),
]
EXPECTED = {
    "quiet": "free",
    "renamed": "held",
    "burst": "active",
    "half": "partial",
    "profiled": "active",
    "slices": "unknown",
    "sentinel": "unknown",
    "fresh": "unknown",
    "gap": "unknown",
    "corrupt": "held",
    "no_value": "held",
    "too_much": "held",
    "below": "unknown",
    "ratio": "unknown",
    "sometimes": "unknown",
    "percent": "unknown",
    "pods": "held",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("history"), history=openmetrics(HISTORY)) as address:
        yield address


class Fleet:
    """A provider with one machine per host of the history."""

    def __init__(self, room_fleet, names) -> None:
        (look,) = list(room_fleet.sweep())[:1]
        self.pattern = next(each for each in look.instances if each.state == "running")
        self.names = names

    def sweep(self):
        made = [
            replace(
                self.pattern, id=f"i-{number:08x}", name=name, gpu_count=2 if name == "half" else 1, launched_at=None
            )
            for number, name in enumerate(self.names)
        ]
        yield SourceSnapshot(self.pattern.source, tuple(made))


def test_a_history_is_judged_by_the_rule_whatever_its_names(tmp_path, clock, url):
    settings = SETTINGS | {"prometheus": {"url": url}}
    room = Room(tmp_path / "room.db", clock, settings=settings)
    room.fleet = Fleet(room.fleet, EXPECTED)
    room.reopen()
    room.sweep()
    clock.forward(SETTLE_MS)
    source = Prometheus(PrometheusApi(url), room.settings.prometheus, window_minutes=60)

    for _ in range(4):  # it reads 20 minutes at a time
        sources.read_sources(room.ctx, [source])
    verdict.judge_all(room.ctx)

    db = room.ctx.store.reading()
    found = {name: listings.by_id(db, f"i-{number:08x}") for number, name in enumerate(EXPECTED)}
    assert {name: each.state if each else "" for name, each in found.items()} == EXPECTED
    assert found["too_much"].verdict.evidence.startswith(
        "memory not known, 0 % at most; no work seen in 60 of the last 60 minutes"
    )
    assert "0.98, which is either a small percentage or a ratio" in found["ratio"].verdict.evidence
    room.close()


def observations(
    url: str, now: int, *targets: Target, read_until: int = MONDAY - MINUTE_MS, **settings
) -> list[Observation]:
    known = PrometheusSettings(url=url, **settings)
    source = Prometheus(PrometheusApi(url, token_file=known.token_file), known, window_minutes=60)
    told = list(source.read(targets, {url: read_until}, now))
    assert [each.error for each in told if each.error] == []
    return [each for one in told for each in one.observations]


def test_one_minute_of_one_gpu_with_its_highest_its_mean_and_its_memory(url):
    target = Target("i-1", "renamed", "owned")

    assert observations(url, MONDAY + SETTLE_MS, target) == [Observation("i-1", 0, MONDAY - MINUTE_MS, 0, 0, 40_000)]


def test_hosts_can_be_named_by_a_map_and_by_a_template(url):
    mapped = observations(url, MONDAY + SETTLE_MS, Target("i-1", "train-7", "owned"), hosts={"QUIET": "i-1"})
    filled = observations(
        url, MONDAY + SETTLE_MS, Target("i-1", "renamed", "owned"), host_names=["{name}.gpu.internal"], hosts={}
    )

    assert [each.instance_id for each in (*mapped, *filled)] == ["i-1", "i-1"]


def test_a_minute_is_read_once_it_is_over_and_never_twice(url):
    target = Target("i-1", "quiet", "owned")

    assert observations(url, MONDAY + SETTLE_MS - 1, target) == []
    assert observations(url, MONDAY + SETTLE_MS, target, read_until=MONDAY) == []


def test_a_server_that_scrapes_an_endpoint_now(tmp_path: Path):
    text = f'{OLD}{{gpu="0",UUID="GPU-0",Hostname="ip-10-0-0-1.ec2.internal"}} 17\n'
    with exporter(text) as said, prometheus(tmp_path, scrape=said.port) as url:
        api, pause = PrometheusApi(url), threading.Event()
        scraped: list[float] = []
        while not scraped:
            scraped = [each.value for each in api.query(f"max(timestamp({OLD}))", at=system_clock())]
            pause.wait(0.1)
        until = (int(scraped[0]) // 60 + 1) * MINUTE_MS
        target = Target("i-1", "train-7", "owned")

        seen = observations(
            url, until + SETTLE_MS, target, read_until=until - MINUTE_MS, hosts={"ip-10-0-0-1.ec2.internal": "train-7"}
        )

    assert [(each.instance_id, each.gpu, each.util_max) for each in seen] == [("i-1", 0, 17.0)]


def look(url: str, name: str, now: int, **settings):
    known = PrometheusSettings(url=url, **settings)
    target, twin = Target("i-1", name, "owned"), Target("i-2", "another", "owned")
    return Prometheus(PrometheusApi(url), known, window_minutes=60).look(target, [twin, target], now)


def test_a_look_at_one_host_sees_the_last_minute_up_to_its_newest_sample(url):
    newest = MONDAY - 20 * SECOND_MS

    seen = look(url, "renamed", MONDAY)

    assert seen.observations == (Observation("i-1", 0, MONDAY - MINUTE_MS, 0, 0, 40_000),)
    assert (seen.seen_until, seen.error) == (newest, "")
    assert look(url, "burst", MONDAY - 19 * MINUTE_MS - 40 * SECOND_MS).observations[0].util_max == 63
    assert look(url, "quiet", MONDAY + 30 * SECOND_MS).seen_until == newest
    mapped = look(url, "train-7", MONDAY, hosts={"Quiet": "i-1"})
    assert [each.instance_id for each in mapped.observations] == ["i-1"]


def test_a_look_at_a_host_that_fell_silent_or_is_unknown_tells_of_nothing(url):
    assert look(url, "quiet", MONDAY + 3 * MINUTE_MS).seen_until is None
    assert look(url, "sentinel", MONDAY).seen_until is None
    unknown = look(url, 'not "there"\\', MONDAY)
    assert (unknown.observations, unknown.seen_until, unknown.error) == ((), None, "")
    assert "did not answer" in look("http://127.0.0.1:9", "quiet", MONDAY).error


def test_what_the_server_says_is_wrong_is_passed_on(url):
    with pytest.raises(Unreachable, match="HTTP 400: invalid parameter"):
        PrometheusApi(url).query("max by (", at=MONDAY)

    broken = Prometheus(PrometheusApi(f"{url}/nowhere"), PrometheusSettings(url=url), window_minutes=60)
    (told,) = broken.read([Target("i-1", "quiet", "owned")], {}, MONDAY + SETTLE_MS)
    assert told.error.endswith("answered with HTTP 404")


def test_a_server_that_is_gone_is_an_error_and_not_silence():
    known = PrometheusSettings(url="http://127.0.0.1:9")
    source = Prometheus(PrometheusApi("http://127.0.0.1:9"), known, window_minutes=60)

    (told,) = source.read([Target("i-1", "quiet", "owned")], {}, MONDAY)

    assert (told.observations, told.read_until) == ((), None)
    assert told.error == "127.0.0.1:9 did not answer: ConnectionRefusedError"
