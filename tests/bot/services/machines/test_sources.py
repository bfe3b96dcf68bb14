"""What other sources tell, from their answer to the verdict and to the approved stop."""

from collections.abc import Iterator

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.source_history import Observation, SourceAnswer
from bot.services.acting import executor
from bot.services.machines import sources
from bot.services.machines import verdict as verdict_service
from store.machines import listings, source_history
from tests.bot.services.room import SETTINGS, Room

URL = "http://prometheus.internal:9090"


class Script:
    """A source that says what it is told to say."""

    name = "Prometheus"

    def __init__(self) -> None:
        self.answers: list[SourceAnswer] = []
        self.asked: list[tuple[list[str], dict[str, int]]] = []

    def read(self, targets, read_until, now) -> Iterator[SourceAnswer]:
        self.asked.append(([each.id for each in targets], dict(read_until)))
        yield from self.answers

    def says(self, machine: str, until: int, *utils: float | None, memory: int | None = None) -> None:
        first = until - len(utils) * MINUTE_MS
        seen = (Observation(machine, None, first + at * MINUTE_MS, util, util, memory) for at, util in enumerate(utils))
        self.answers = [SourceAnswer(URL, tuple(seen), read_until=until)]


@pytest.fixture
def room(tmp_path, clock) -> Iterator[Room]:
    opened = Room(tmp_path / "room.db", clock, settings=SETTINGS | {"prometheus": {"url": URL}})
    opened.sweep()
    yield opened
    opened.close()


@pytest.fixture
def script() -> Script:
    return Script()


def verdict(room: Room, name: str):
    verdict_service.judge_all(room.ctx)
    listing = listings.by_id(room.ctx.store.reading(), room.machine(name).id)
    assert listing is not None
    return listing.verdict


def now_of(room: Room, name: str):
    machine = room.machine(name)
    db = room.ctx.store.reading()
    return verdict_service.judge_now(room.ctx, db, machine.id, machine.gpu_count, launched_at=machine.launched_at)


def test_a_quiet_hour_by_another_source_is_a_verdict_without_an_agent(room, script):
    script.says(room.machine("train-7").id, room.clock(), *[0.0] * 60, memory=3)

    sources.read_sources(room.ctx, [script])

    found = verdict(room, "train-7")
    assert (found.state, found.idle_gpus) == ("free", 8)
    assert found.evidence == (
        "no GPU memory in use, 0 % at most; no work seen in 60 of the last 60 minutes, by Prometheus; "
        "agent: no agent has reported from it"
    )


def test_work_another_source_sees_keeps_an_approved_stop_from_happening(room, script):
    machine = room.machine("train-7")
    room.reports("train-7", 0.0)
    verdict_service.judge_all(room.ctx)
    action = room.asks("train-7")
    script.says(machine.id, room.clock(), *[0.0] * 59, 80.0)
    sources.read_sources(room.ctx, [script])

    assert now_of(room, "train-7").state == "active"
    room.approves(action)
    executor.carry_out(room.ctx)

    assert "disagree" in verdict(room, "train-7").evidence
    assert room.machine("train-7").state == "running"


def test_a_source_that_is_switched_off_no_longer_counts(tmp_path, clock, script):
    with_it = Room(tmp_path / "room.db", clock, settings=SETTINGS | {"prometheus": {"url": URL}})
    with_it.sweep()
    script.says(with_it.machine("train-7").id, clock(), *[0.0] * 60)
    sources.read_sources(with_it.ctx, [script])
    with_it.close()

    without = Room(tmp_path / "room.db", clock, fleet=with_it.fleet)

    assert verdict(without, "train-7").state == "unknown"
    without.close()


def test_each_reading_goes_on_where_the_last_ended_after_failures_and_restarts_too(room, script):
    script.says(room.machine("train-7").id, room.clock(), 0.0)
    sources.read_sources(room.ctx, [script])
    script.answers = [SourceAnswer(URL, error="it did not answer")]
    sources.read_sources(room.ctx, [script])
    room.reopen()
    sources.read_sources(room.ctx, [script])

    assert [until for _, until in script.asked] == [{}, {URL: room.clock()}, {URL: room.clock()}]
    assert source_history.places_read(room.ctx.store.reading())[0].error == "it did not answer"


def test_a_failure_is_logged_once(room, script, caplog):
    script.answers = [SourceAnswer(URL, error="it did not answer")]
    for _ in range(3):
        sources.read_sources(room.ctx, [script])
        sources.watch_sources(room.ctx)

    assert caplog.text.count("it did not answer") == 1


def test_a_clock_that_was_set_back_does_not_silence_a_source(room, script):
    script.says(room.machine("train-7").id, room.clock(), *[90.0] * 10)
    sources.read_sources(room.ctx, [script])
    room.clock.forward(-5 * HOUR_MS)
    script.says(room.machine("train-7").id, room.clock(), *[0.0] * 60)

    sources.read_sources(room.ctx, [script])

    assert script.asked[-1][1] == {}
    (trail,) = source_history.histories_of(room.ctx.store.reading(), room.machine("train-7").id, ["Prometheus"])[
        "Prometheus"
    ]
    assert trail.head == room.clock() - MINUTE_MS


def test_what_is_told_of_the_future_or_of_nobody_is_dropped(room, script):
    script.says("i-0123456789abcdef0", room.clock(), 0.0)
    sources.read_sources(room.ctx, [script])
    script.says(room.machine("train-7").id, room.clock() + HOUR_MS, 0.0)
    sources.read_sources(room.ctx, [script])

    assert source_history.histories(room.ctx.store.reading(), ["Prometheus"]) == {}


def test_trails_of_two_days_ago_are_dropped(room, script):
    script.says(room.machine("train-7").id, room.clock(), 0.0)
    sources.read_sources(room.ctx, [script])
    room.clock.forward(49 * HOUR_MS)

    sources.prune(room.ctx)

    assert source_history.histories(room.ctx.store.reading(), ["Prometheus"]) == {}


def test_a_team_with_its_own_threshold_is_judged_by_it(tmp_path, clock, script):
    teams = {"nlp": SETTINGS["teams"]["nlp"] | {"idle": {"active_percent": 30}}}
    room = Room(tmp_path / "team.db", clock, settings=SETTINGS | {"teams": teams, "prometheus": {"url": URL}})
    room.sweep()
    mine = next(each for look in room.fleet.sweep() for each in look.instances if each.tags.get("team") == "nlp")
    script.says(mine.id, clock(), *[20.0] * 60)

    sources.read_sources(room.ctx, [script])

    assert verdict(room, mine.name).state == "held"
    room.close()
