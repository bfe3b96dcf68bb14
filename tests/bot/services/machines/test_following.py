"""What is carried on from one delivery to the next, over restarts: the power floor, keep-alives, quiet spells."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import Gpu
from bot.services.machines import readings
from bot.services.machines import verdict as verdict_service
from store.machines import readings as stored_readings
from store.machines import rollups
from tests.bot.services.machines.test_readings import BOOTED, GONE, HOSTS, SAMPLES, fixture_is_shared, plans, segments
from tests.bot.services.room import minute

HOST = "dgx-1"
HELD = {"compute_processes": 1, "memory_used_mib": 3_000}


def tell(room, length: int, *, util: float = 0.0, watts: float = 60.0, count: int = 1, **more) -> None:
    """So many minutes of a host's GPUs, the newest having just ended."""
    for first in range(0, length, 60):
        part = min(60, length - first)
        room.clock.forward(part * MINUTE_MS)
        now = 1_000_000 + room.clock() // MINUTE_MS
        told = [minute(gpu, now - ago, util, watts=watts, **more) for ago in range(part, 0, -1) for gpu in range(count)]
        room.push(HOST, told, tick_now=now)


def verdict(room):
    return verdict_service.judge_now(room.ctx, room.ctx.store.reading(), HOST, 1)


def test_power_over_the_learned_floor_is_work_though_utilisation_says_nothing(room):
    tell(room, 70)
    assert verdict(room).state == "free"

    tell(room, 1, watts=76.0)

    assert verdict(room).state == "active"
    assert "power alone" in verdict(room).evidence


def test_the_floor_survives_a_restart_of_the_bot(room):
    tell(room, 70)
    room.reopen()

    tell(room, 1, watts=76.0)

    assert verdict(room).state == "active"


def test_a_context_that_appears_is_not_measured_by_the_empty_floor(room):
    tell(room, 70)

    tell(room, 70, watts=100.0, **HELD)

    assert verdict(room).state == "held"


def test_a_gpu_that_draws_much_at_once_is_not_vetoed_by_an_unlearned_floor(room):
    tell(room, 70, watts=300.0, **HELD)

    assert verdict(room).state == "held"


def test_a_mig_gpu_without_processes_is_quiet_until_its_power_rises(room):
    tell(room, 70, util=None, mig=True)
    assert verdict(room).state == "free"

    tell(room, 1, util=None, mig=True, watts=90.0)

    assert verdict(room).state == "active"


def test_a_mig_gpu_with_a_process_is_never_idle_and_said_to_be_unmeasurable(room):
    tell(room, 70, util=None, mig=True, **HELD)

    assert verdict(room).state == "unknown"
    assert "no reading of its use" in verdict(room).evidence


def test_flat_low_work_near_the_floor_for_hours_is_suspected_and_stays_active(room):
    tell(room, 30, **HELD)

    tell(room, 240, util=8.0, watts=66.0, **HELD)

    assert verdict(room).state == "active"
    assert "suspected keep-alive on GPU 0" in verdict(room).evidence


def test_work_that_draws_power_is_no_keep_alive(room):
    tell(room, 30, **HELD)

    tell(room, 240, util=8.0, watts=90.0, **HELD)

    assert verdict(room).evidence.endswith("in the last one")


def test_a_short_burst_among_pulses_ends_the_suspicion(room):
    tell(room, 30, **HELD)
    tell(room, 240, util=8.0, watts=66.0, **HELD)
    tell(room, 1, util=90.0, watts=300.0, **HELD)
    tell(room, 60, util=8.0, watts=66.0, **HELD)

    assert "keep-alive" not in verdict(room).evidence


def play_with_restarts(room, host: str, plan, restarts: dict[int, str]):
    """A plan during which the bot, the agent or the host starts anew at some minutes, and hours are rolled up."""
    began = room.clock.now = room.clock.now // MINUTE_MS * MINUTE_MS + 10 * HOUR_MS
    boot, zero, started = "boot-0", 0, 0
    for now in range(1, len(plan.states) + 1):
        room.clock.now = began + now * MINUTE_MS + plan.phase + plan.lag
        what = restarts.get(now, "")
        if what == "bot":
            room.reopen()
        elif what == "host":
            boot, zero, started = f"boot-{now}", now + BOOTED, 0
        elif what == "agent":
            started = BOOTED + now - zero
        due = [at for at in range(max(0, zero - BOOTED), now) if now - 1 - at in plan.delays.get(at, (0,))]
        told = [
            minute(0, BOOTED + at - zero, SAMPLES[plan.states[at]][0], samples=SAMPLES[plan.states[at]][1])
            for at in due
            if plan.states[at] != GONE
        ]
        gpus = (Gpu(0, "GPU-0", "NVIDIA A100", 81920),)
        room.push(host, told, tick_now=BOOTED + now - zero, gpus=gpus, boot=boot, started_tick=started)
        if now % 50 == 0:
            readings.roll_up_readings(room.ctx)
    return verdict_service.judge_now(room.ctx, room.ctx.store.reading(), host, 1)


restarts = st.dictionaries(st.integers(1, 180), st.sampled_from(["bot", "agent", "host"]), max_size=4)


@pytest.mark.slow
@fixture_is_shared
@given(plan=plans, restarts=restarts)
def test_no_restart_of_anything_makes_a_gpu_idle_that_worked_within_the_hour(room, plan, restarts):
    host = next(HOSTS)
    end = len(plan.states)

    said = play_with_restarts(room, host, plan, restarts)

    db, now = room.ctx.store.reading(), room.clock.now // MINUTE_MS * MINUTE_MS
    kept = stored_readings.minutes_between(db, host, now - 60 * MINUTE_MS, now + 2 * MINUTE_MS)
    if any(point.state == "active" for points in kept.values() for point in points):
        assert not said.is_idle
    # its first 15 minutes do not count, and six are all that may be missing
    if any(10 <= end - at <= 44 for at, what in restarts.items() if what != "bot"):
        assert not said.is_idle


@pytest.mark.slow
@fixture_is_shared
@given(plan=plans, restarts=restarts)
def test_no_minute_is_counted_twice_in_any_hour(room, plan, restarts):
    host = next(HOSTS)
    play_with_restarts(room, host, plan, restarts)
    last = room.clock.now // HOUR_MS * HOUR_MS + HOUR_MS

    room.clock.forward(2 * HOUR_MS)
    readings.roll_up_readings(room.ctx)

    db = room.ctx.store.reading()
    kept = stored_readings.minutes_between(db, host, last - 12 * HOUR_MS, last)
    hours = rollups.gpu_sums_by_hour(db, host, last - 12 * HOUR_MS, last)
    states = [point.state for points in kept.values() for point in points]
    assert sum(each.active for parts in hours.values() for each in parts) == states.count("active")
    assert sum(each.quiet for parts in hours.values() for each in parts) == states.count("quiet")
    assert all(each.known <= 60 for parts in hours.values() for each in parts)


@fixture_is_shared
@given(quiet=segments)
def test_power_never_makes_idle_what_is_not(room, quiet):
    """The same minutes with and without watts: what is idle with them is idle without."""
    hosts, said = (next(HOSTS), next(HOSTS)), []
    for host, watts in zip(hosts, (60.0, None), strict=True):
        room.clock.now = room.clock.now // MINUTE_MS * MINUTE_MS + 10 * HOUR_MS
        told = [
            replace(minute(0, BOOTED + at, SAMPLES[state][0], samples=SAMPLES[state][1]), watts=watts)
            for at, state in enumerate(quiet)
            if state != GONE
        ]
        room.push(host, told, tick_now=BOOTED + len(quiet))
        said.append(verdict_service.judge_now(room.ctx, room.ctx.store.reading(), host, 1))

    assert not said[0].is_idle or said[1].is_idle
