"""A machine that begins to work around the yes is never stopped, whoever measures it, whatever the stop follows from.

Time goes by in steps of five seconds: an agent looks every 15 s, and so does a Prometheus; CloudWatch has one reading
a minute, which it shows 90 s later.
"""

from collections.abc import Iterator

import pytest

from bot.agent.minutes import Folding
from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from bot.errors import Unreachable
from bot.services.acting import executor, rule_stops
from bot.services.machines import sources as sources_service
from bot.services.machines import verdict
from bot.settings.measuring import CloudWatchSettings, PrometheusSettings
from bot.telemetry.cloudwatch import CloudWatch
from bot.telemetry.prometheus import Prometheus, Value
from bot.telemetry.sample import Sample
from handlers.blocks.acting import card_parts as card_parts_blocks
from tests.bot.services.room import BOB, SETTINGS, Room, minute
from tests.bot.telemetry.pretend_cloudwatch import PretendCloudWatch
from tests.conftest import MONDAY

pytestmark = pytest.mark.slow
URL = "http://prometheus.internal:9090"
STEP = 5 * SECOND_MS
SCRAPE = 15 * SECOND_MS
BY_RULE = {"pausing": {"idle_stop_hours": 3}}
WITH_SOURCES = SETTINGS | {"prometheus": {"url": URL}, "cloudwatch": {"enabled": True}}
BASE = 1_000_000


class Scraped:
    """What a Prometheus that scrapes one machine of eight GPUs answers; it looks at the world every 15 s."""

    def __init__(self, world: "World") -> None:
        self.world, self.away, self.died_at = world, False, None

    def each(self, promql: str, at: int) -> list[Value]:
        if self.away:
            raise Unreachable("prometheus.internal:9090 did not answer: TimeoutError")
        until = min(at, self.died_at or at)
        scrapes = range(until // SCRAPE * SCRAPE, at - 60 * SECOND_MS, -SCRAPE)
        if "timestamp(" in promql:
            newest = until // SCRAPE * SCRAPE
            return self._each(newest / SECOND_MS) if at - newest < 5 * MINUTE_MS else []
        if "POWER" in promql:
            return self._each(60.0) if scrapes else []
        if "FB_USED" in promql:
            return self._each(3.0) if scrapes else []
        return self._each(max(self.world.util(each) for each in scrapes)) if scrapes else []

    def _each(self, value: float) -> list[Value]:
        return [Value({"Hostname": "train-7", "gpu": str(gpu)}, value) for gpu in range(8)]


class World:
    """One machine, the sources that measure it, and Valet."""

    def __init__(self, room: Room, sources: str) -> None:
        self.room, self.clock, self.works_from = room, room.clock, 1 << 62
        self.by_agent, self.machine = "agent" in sources, room.machine("train-7")
        self.scraped, self.aws = Scraped(self), PretendCloudWatch()
        place = self.machine.source
        told = {
            "prometheus": Prometheus(self.scraped, PrometheusSettings(url=URL), window_minutes=60),
            "cloudwatch": CloudWatch(self.aws.ask, [place], CloudWatchSettings(enabled=True), window_minutes=60),
        }
        self.others = [source for name, source in told.items() if name in sources]
        self.folding, self.agent_until = Folding(), 0
        self.shown_until = (room.clock() - 80 * MINUTE_MS) // MINUTE_MS * MINUTE_MS
        room.sources = self.others
        room.reopen()
        self.stopped_at: int | None = None
        if self.by_agent:
            room.reports("train-7", 0.0, minutes=80)
        self._tell()
        for _ in range(5):  # a Prometheus is read 20 minutes at a time
            sources_service.read_sources(room.ctx, self.others)
        verdict.judge_all(room.ctx)

    def util(self, at: int) -> float:
        return 95.0 if at >= self.works_from else 0.0

    def _tell(self) -> None:
        """Whatever is due by now is told by the agent, and shown by CloudWatch."""
        now = BASE + self.clock() // MINUTE_MS
        if self.by_agent and self.clock() % SCRAPE == 0:
            util = self.util(self.clock())
            sample = Sample(self.clock() / SECOND_MS, util, util, memory_used_mib=4, compute_processes=0)
            done = self.folding.add(now, dict.fromkeys(range(8), sample))
            if told := [*done, *self.folding.begun()]:
                self.agent_until = now
                self.room.push(self.machine.id, told, tick_now=now)
        while self.shown_until + 120 * SECOND_MS <= self.clock():
            values = {self.shown_until: self.util(self.shown_until + 30 * SECOND_MS)}
            self.aws.put(self.machine.source, "nvidia_smi_utilization_gpu", values, InstanceId=self.machine.id)
            self.shown_until += MINUTE_MS

    def goes_on(self, length: int) -> None:
        until = self.clock() + length
        while self.clock() < until:
            self.clock.forward(STEP)
            self._tell()
            if self.clock() % MINUTE_MS < STEP:
                sources_service.read_sources(self.room.ctx, self.others)
                verdict.judge_all(self.room.ctx)
                rule_stops.run_rules(self.room.ctx)
                self.room.posted()
            executor.carry_out(self.room.ctx)
            if self.stopped_at is None and self.room.machine("train-7").state != "running":
                self.stopped_at = self.clock()

    def was_stopped_at_work(self) -> bool:
        return self.stopped_at is not None and self.stopped_at > self.works_from


@pytest.fixture
def world(tmp_path, clock, request) -> Iterator[World]:
    sources, more = request.param if isinstance(request.param, tuple) else (request.param, {})
    opened = Room(tmp_path / "room.db", clock, settings=WITH_SOURCES | more)
    opened.sweep()
    clock.forward(HOUR_MS)
    yield World(opened, sources)
    opened.close()


ALL = ["agent", "prometheus", "cloudwatch", "agent prometheus", "agent cloudwatch", "agent prometheus cloudwatch"]
AROUND_THE_YES = [-70, -50, -20, -5, 5, 20, 50, 70]


@pytest.mark.parametrize("second", [0, 25, 50])
@pytest.mark.parametrize("world", ALL, indirect=True)
def test_what_idles_on_is_stopped_once_every_source_told_of_a_minute_since(world, second):
    world.goes_on(second * SECOND_MS)
    action = world.room.approves(world.room.asks("train-7"), looks=False)

    world.goes_on(MINUTE_MS - STEP)
    assert world.stopped_at is None
    world.goes_on(4 * MINUTE_MS)

    assert world.stopped_at is not None
    assert world.room.action(action).state in {"executing", "done"}


@pytest.mark.parametrize("begins", AROUND_THE_YES)
@pytest.mark.parametrize("world", [each for each in ALL if each != "cloudwatch"], indirect=True)
def test_a_machine_that_begins_to_work_around_the_yes_is_never_stopped(world, begins):
    world.goes_on(25 * SECOND_MS)
    asked = world.room.asks("train-7")
    world.works_from = world.clock() + 80 * SECOND_MS + begins * SECOND_MS
    world.goes_on(80 * SECOND_MS)
    if world.room.action(asked).state == "pending":
        world.room.approves(asked, looks=False)

    world.goes_on(20 * MINUTE_MS)

    assert not world.was_stopped_at_work()
    assert world.stopped_at is not None or "is working" in world.room.action(asked).outcome


@pytest.mark.parametrize("begins", [-70, -50, -20, -5, 5, 20])
@pytest.mark.parametrize("world", ["cloudwatch"], indirect=True)
def test_what_cloudwatch_shows_late_is_waited_for(world, begins):
    world.goes_on(25 * SECOND_MS)
    asked = world.room.asks("train-7")
    world.works_from = world.clock() + 80 * SECOND_MS + begins * SECOND_MS
    world.goes_on(80 * SECOND_MS)
    world.room.approves(asked, looks=False)

    world.goes_on(20 * MINUTE_MS)

    assert world.stopped_at is None
    assert "is working" in world.room.action(asked).outcome


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ("cloudwatch", "CloudWatch tells of work up to 3 m late."),
        ("agent cloudwatch", ""),
        ("prometheus", ""),
    ],
    indirect=["world"],
)
def test_a_card_says_before_the_yes_who_can_tell_of_work_only_late(world, said):
    world.goes_on(25 * SECOND_MS)

    facts = world.room.asks("train-7").facts

    assert card_parts_blocks.late(facts).startswith(said)
    assert bool(card_parts_blocks.late(facts)) == bool(said)
    assert facts.as_of is not None
    assert 0 <= world.clock() - facts.as_of <= 4 * MINUTE_MS


IDLE_LIMIT = {"teams": {name: team | BY_RULE for name, team in SETTINGS["teams"].items()}}


@pytest.mark.parametrize("begins", [-20, 5, 50])
@pytest.mark.parametrize("world", [(each, IDLE_LIMIT) for each in ("agent", "prometheus")], indirect=True)
def test_a_stop_by_rule_looks_as_well(world, begins):
    while not (found := world.room.under_way()):
        world.goes_on(MINUTE_MS)
        assert world.clock() < MONDAY + 5 * HOUR_MS
    assert found[0].facts.rule == "idle"
    world.works_from = world.clock() + begins * SECOND_MS

    world.goes_on(20 * MINUTE_MS)

    assert not world.was_stopped_at_work()
    assert world.stopped_at is None or begins > 0


@pytest.mark.parametrize("world", ["agent prometheus"], indirect=True)
def test_a_source_that_does_not_answer_leaves_the_machine_running_and_that_is_said(world):
    asked = world.room.approves(world.room.asks("train-7"), looks=False)
    world.scraped.away = True

    world.goes_on(2 * MINUTE_MS)
    assert "Prometheus can't be asked just now" in world.room.action(asked).outcome
    world.goes_on(20 * MINUTE_MS)

    ended = world.room.action(asked)
    assert (ended.state, world.stopped_at) == ("aborted", None)
    assert "prometheus.internal:9090 did not answer" in ended.outcome


@pytest.mark.parametrize("world", ["prometheus"], indirect=True)
def test_a_series_that_ends_is_not_an_idle_machine(world):
    asked = world.room.approves(world.room.asks("train-7"), looks=False)
    world.scraped.died_at = world.clock() + 20 * SECOND_MS

    world.goes_on(20 * MINUTE_MS)

    assert (world.room.action(asked).state, world.stopped_at) == ("aborted", None)


@pytest.mark.parametrize("world", ["agent"], indirect=True)
def test_an_agent_that_falls_silent_after_the_yes_leaves_the_machine_running(world):
    asked = world.room.approves(world.room.asks("train-7"), looks=False)
    world.by_agent = False

    world.goes_on(20 * MINUTE_MS)

    ended = world.room.action(asked)
    assert (ended.state, world.stopped_at) == ("aborted", None)
    assert "its agent is silent" in ended.outcome


@pytest.mark.parametrize("world", ["agent"], indirect=True)
def test_minutes_that_an_agent_delivers_late_are_as_old_as_they_are(world):
    asked = world.room.approves(world.room.asks("train-7"), looks=False)
    world.by_agent = False
    world.goes_on(4 * MINUTE_MS)
    late = world.agent_until
    world.room.push(world.machine.id, [minute(gpu, late, 0.0) for gpu in range(8)], tick_now=late + 4)

    world.goes_on(20 * MINUTE_MS)

    assert (world.room.action(asked).state, world.stopped_at) == ("aborted", None)


@pytest.mark.parametrize("world", ["prometheus"], indirect=True)
def test_right_after_a_boot_no_source_calls_a_machine_idle(world):
    booted = world.room.push(world.machine.id, [minute(gpu, 1, None) for gpu in range(8)], tick_now=2, boot="next")
    assert booted
    verdict.judge_all(world.room.ctx)

    with pytest.raises(Exception, match="can't tell whether train-7 works"):
        world.room.asks("train-7", BOB)
