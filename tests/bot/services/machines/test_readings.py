"""What agents deliver, in whatever order, twice, late or not at all: never idle while it works."""

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import Gpu
from bot.services.machines import verdict
from store.machines import agents, listings
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings
from tests.bot.services.room import minute
from tests.examples import examples

HOSTS = (f"i-{number:08x}" for number in itertools.count())
BOOTED = 500
"""Ticks since boot at the first minute of a plan."""
SAMPLES = {"a": (90.0, 4), "q": (0.0, 4), "u": (0.0, 1)}
GONE = "-"


@dataclass(frozen=True)
class Plan:
    """What one GPU did, minute by minute, and how it was told: minute -> delays of its deliveries, in minutes."""

    states: str
    delays: dict[int, tuple[int, ...]] = field(default_factory=dict)
    phase: int = 0
    """Milliseconds by which the host's minutes begin later than ours."""
    lag: int = 0
    """Milliseconds a delivery takes."""
    jumps: dict[int, int] = field(default_factory=dict)
    """Minute -> milliseconds by which our clock is put on or back then."""


segments = st.lists(st.tuples(st.sampled_from("aqqqqu-"), st.integers(1, 70)), min_size=1, max_size=6).map(
    lambda parts: "".join(state * length for state, length in parts)[:180]
)
plans = st.builds(
    Plan,
    segments,
    st.dictionaries(st.integers(0, 179), st.lists(st.integers(0, 90), max_size=2).map(tuple), max_size=12),
    phase=st.integers(0, MINUTE_MS - 1),
    lag=st.integers(0, 20_000),
)
jumps = st.dictionaries(st.integers(0, 179), st.integers(-3 * HOUR_MS, 3 * HOUR_MS), max_size=2)


def play(room, host: str, plan: Plan):
    """Let the plan happen; the verdict at its end, right after the last delivery."""
    began = room.clock.now = room.clock.now // MINUTE_MS * MINUTE_MS + 10 * HOUR_MS
    shift = 0
    for now in range(1, len(plan.states) + 1):
        shift += plan.jumps.get(now, 0)
        room.clock.now = began + now * MINUTE_MS + plan.phase + plan.lag + shift
        due = [at for at in range(now) if now - 1 - at in plan.delays.get(at, (0,)) and plan.states[at] != GONE]
        told = [minute(0, BOOTED + at, SAMPLES[plan.states[at]][0], samples=SAMPLES[plan.states[at]][1]) for at in due]
        gpus = (Gpu(0, "GPU-0", "NVIDIA A100", 81920),)
        room.push(host, told[::-1] if now % 2 else told, tick_now=BOOTED + now, gpus=gpus)
    return verdict.judge_now(room.ctx, room.ctx.store.reading(), host, 1)


def delivered(plan: Plan) -> set[int]:
    end = len(plan.states)
    return {
        at
        for at in range(end)
        if plan.states[at] != GONE and any(at + 1 + late <= end for late in plan.delays.get(at, (0,)))
    }


fixture_is_shared = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.slow
@fixture_is_shared
@given(plan=plans)
def test_no_order_gap_or_double_makes_a_gpu_idle_that_worked_within_the_hour(room, plan):
    verdict = play(room, next(HOSTS), plan)

    worked = [at for at in delivered(plan) if plan.states[at] == "a"]
    if any(len(plan.states) - at <= 60 for at in worked):
        assert not verdict.is_idle


@pytest.mark.slow
@fixture_is_shared
@given(plan=plans, jumps=jumps)
def test_no_jump_of_our_clock_makes_a_gpu_idle_that_worked_within_the_hour(room, plan, jumps):
    plan = Plan(plan.states, plan.delays, plan.phase, plan.lag, jumps)

    verdict = play(room, next(HOSTS), plan)

    worked = [at for at in delivered(plan) if plan.states[at] == "a"]
    if any(len(plan.states) - at <= 56 for at in worked):  # a jump of two minutes goes unnoticed, twice
        assert not verdict.is_idle


@pytest.mark.slow
@fixture_is_shared
@given(plan=plans)
def test_idle_means_nine_tenths_of_the_hour_were_seen_quiet(room, plan):
    verdict = play(room, next(HOSTS), plan)

    quiet = [at for at in delivered(plan) if plan.states[at] == "q" and len(plan.states) - at <= 61]
    if verdict.is_idle:
        assert len(quiet) >= 54


@pytest.mark.slow
@fixture_is_shared
@given(plan=plans)
def test_the_trace_is_what_a_plain_count_of_the_minutes_gives(room, plan):
    host = next(HOSTS)

    play(room, host, plan)

    db, now = room.ctx.store.reading(), room.clock.now
    began = now // MINUTE_MS * MINUTE_MS - 12 * HOUR_MS
    kept = stored_readings.minutes_between(db, host, began, began + 24 * HOUR_MS)
    stored = [{"minute": at, "state": points[0].state} for at, points in sorted(kept.items())]
    window = range(now // MINUTE_MS * MINUTE_MS - 60 * MINUTE_MS, now // MINUTE_MS * MINUTE_MS)
    active = [row["minute"] for row in stored if row["state"] == "active"]
    (one,) = stored_readings.traces_of(db, host, now, window_minutes=60)
    assert stored_readings.traces(db, now, {host: 60})[host] == [one]
    assert one.quiet_minutes == sum(row["state"] == "quiet" and row["minute"] in window for row in stored)
    assert one.last_active_at == max(active, default=None)
    assert one.last_minute_at == max((row["minute"] for row in stored), default=None)
    if one.quiet_since is not None:
        assert one.quiet_since > max(active, default=0)
        assert {row["state"] for row in stored if row["minute"] >= one.quiet_since} <= {"quiet", "unknown"}


def verdict_of(room, name: str = "train-7") -> str:
    machine = room.machine(name)
    db = room.ctx.store.reading()
    return verdict.judge_now(room.ctx, db, machine.id, machine.gpu_count, launched_at=machine.launched_at).state


def test_an_hour_of_quiet_is_free(room):
    room.reports("train-7", 0.0, minutes=61)

    assert verdict_of(room) == "free"


def test_a_hole_longer_than_the_rule_allows_starts_the_spell_again(room):
    room.reports("train-7", 0.0, minutes=75)
    room.clock.forward(8 * MINUTE_MS)
    room.reports("train-7", 0.0, minutes=1)

    assert verdict_of(room) == "unknown"


def test_a_machine_that_rebooted_a_moment_ago_is_not_idle(room):
    """It was quiet for hours and is again; whoever rebooted it wants it. EC2's launch time does not change."""
    room.reports("train-7", 0.0)
    room.clock.forward(2 * MINUTE_MS)
    told = [minute(gpu, 0, 0.0) for gpu in range(8)]

    room.push(room.machine("train-7").id, told, tick_now=1, boot="second")

    assert verdict_of(room) == "unknown"


def test_a_machine_that_was_started_again_is_not_idle_by_what_was_seen_before(room):
    room.reports("train-7", 0.0)
    room.fleet.restart("train-7")
    room.clock.forward(MINUTE_MS)

    assert verdict_of(room) == "unknown"


def test_a_swapped_gpu_starts_a_spell_of_its_own(room):
    room.reports("train-7", 0.0)
    room.clock.forward(MINUTE_MS)
    gpus = tuple(Gpu(gpu, f"GPU-new-{gpu}", "NVIDIA A100", 81920) for gpu in range(8))
    tick = 1_000_000 + room.clock() // MINUTE_MS
    told = [minute(gpu, tick - 1, 0.0) for gpu in range(8)]

    room.push(room.machine("train-7").id, told, tick_now=tick, gpus=gpus)

    assert verdict_of(room) == "unknown"


def test_a_gpu_that_was_taken_out_does_not_keep_the_rest_unknown_for_ever(room):
    room.reports("train-7", 0.0)
    room.fleet.change("train-7", gpu_count=4)
    room.sweep()
    room.clock.forward(MINUTE_MS)
    room.reports("train-7", 0.0, minutes=1)

    assert verdict_of(room) == "free"


def test_a_silent_agent_is_not_taken_for_an_idle_machine(room):
    room.reports("train-7", 0.0)
    room.clock.forward(3 * MINUTE_MS)

    assert verdict_of(room) == "unknown"


def test_an_agent_that_only_says_it_lives_is_not_taken_for_one_that_sees(room):
    room.reports("train-7", 0.0)
    for _ in range(4):
        room.clock.forward(MINUTE_MS)
        room.push(room.machine("train-7").id, [], tick_now=1_000_000 + room.clock() // MINUTE_MS, error="no driver")

    assert verdict_of(room) == "unknown"


def test_a_delivery_counts_once(room):
    room.push("dgx-1", [minute(0, 99, 0.0)], tick_now=100)
    room.seq -= 1

    assert room.push("dgx-1", [minute(0, 99, 0.0)], tick_now=100) == 0


def test_an_owned_host_appears_with_its_first_report(room):
    room.push("dgx-9", [minute(gpu, 99, 0.0) for gpu in range(8)], tick_now=100)

    row = stored_fleet.by_id(room.ctx.store.reading(), "dgx-9")
    assert row is not None
    assert (row["provider"], row["state"], row["gpu_model"], row["gpu_count"]) == ("owned", "running", "A100", 8)


def test_an_owned_host_without_a_driver_keeps_its_gpus(room):
    room.push("dgx-9", [minute(gpu, 99, 0.0) for gpu in range(8)], tick_now=100)

    room.push("dgx-9", [], tick_now=101, error="the driver is gone")

    row = stored_fleet.by_id(room.ctx.store.reading(), "dgx-9")
    assert row is not None
    assert (row["gpu_model"], row["gpu_count"]) == ("A100", 8)


def test_a_host_has_one_live_token_and_a_revoked_one_opens_nothing(room):
    with room.ctx.store.writing() as db:
        agents.add(db, "dgx-1", "old", 1)
        agents.add(db, "dgx-1", "new", 2)

    db = room.ctx.store.reading()
    assert (agents.host_of(db, "old"), agents.host_of(db, "new")) == (None, "dgx-1")
    with room.ctx.store.writing() as writer:
        assert agents.revoke_token(writer, "dgx-1", 3)
        assert not agents.revoke_token(writer, "dgx-1", 4)
    assert agents.host_of(db, "new") is None


def test_a_minute_that_is_not_over_tells_of_work_at_once_and_vetoes_nothing(room):
    room.reports("train-7", 0.0)
    now = 1_000_000 + room.clock() // MINUTE_MS
    quiet = [minute(gpu, now, 3.0, samples=1) for gpu in range(8)]
    room.push(room.machine("train-7").id, quiet, tick_now=now)
    assert verdict_of(room) == "free"

    room.push(room.machine("train-7").id, [minute(0, now, 90.0, samples=1), *quiet[1:]], tick_now=now)
    assert verdict_of(room) == "partial"

    room.clock.forward(MINUTE_MS)
    room.push(
        room.machine("train-7").id, [minute(gpu, now, 95.0 if gpu == 0 else 0.0) for gpu in range(8)], tick_now=now + 1
    )
    db, host = room.ctx.store.reading(), room.machine("train-7").id
    kept = stored_readings.minutes_between(db, host, room.clock() - MINUTE_MS, room.clock())[room.clock() - MINUTE_MS]
    assert [(each.state, each.util_max, each.util_mean) for each in kept[:2]] == [
        ("active", 95.0, 95.0),
        ("quiet", 0.0, 0.0),
    ]
    assert verdict_of(room) == "partial"


def test_idle_counts_from_when_it_became_idle_through_work_and_back(room):
    def told(util: float, minutes: int):
        room.clock.forward(minutes * MINUTE_MS)
        room.reports("train-7", util, minutes=minutes)
        verdict.judge_all(room.ctx)
        found = listings.by_id(room.ctx.store.reading(), room.machine("train-7").id)
        assert found is not None
        assert found.verdict is not None
        return found.verdict

    began = room.clock() // MINUTE_MS * MINUTE_MS
    assert [told(0.0, 75).since, told(0.0, 10).since] == [began, began]
    worked = told(90.0, 10)
    assert (worked.state, worked.since) == ("active", began + 94 * MINUTE_MS)
    assert told(0.0, 30).state == "active", "it worked within the hour"
    back = told(0.0, 35)
    assert (back.is_idle, back.since) == (True, began + 95 * MINUTE_MS)
    assert told(0.0, 120).since == back.since
