"""Whoever holds a host's token can tell of other GPUs; what the true ones did is not erased by that."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import Gpu
from bot.errors import Refused
from bot.services.acting import executor
from bot.services.machines import owned
from bot.services.machines import verdict as verdict_service
from tests.bot.services.room import minute

THIEF = {"boot": "thief", "started_tick": 0}


@pytest.fixture
def single(room):
    """A rented machine with one GPU, which works, as its agent has told for over an hour."""
    room.fleet.change("train-7", gpu_count=1)
    room.sweep()
    room.clock.forward(2 * HOUR_MS)
    room.reports("train-7", 95.0)
    verdict_service.judge_all(room.ctx)
    return room


def steals(room, gpu, *, uuid="GPU-other", minutes=75, host=None):
    """Another delivery under the host's token: one GPU that was idle for all these minutes."""
    now = 5_000 + room.clock() // MINUTE_MS
    told = [minute(gpu, tick, 0.0) for tick in range(now - minutes, now)]
    host = host or room.machine("train-7").id
    for start in range(0, len(told), 40):
        room.push(host, told[start : start + 40], tick_now=now, gpus=(Gpu(gpu, uuid, "NVIDIA A100", 81920),), **THIEF)
    verdict_service.judge_all(room.ctx)


def verdict(room, name="train-7"):
    machine = room.machine(name)
    db = room.ctx.store.reading()
    return verdict_service.judge_now(room.ctx, db, machine.id, machine.gpu_count, launched_at=machine.launched_at)


@pytest.mark.parametrize("gpu", [0, 1, 5])
def test_a_delivery_that_tells_of_another_gpu_erases_no_work_of_the_hour(single, gpu):
    steals(single, gpu)
    steals(single, gpu)

    assert verdict(single).state == "active"
    with pytest.raises(Refused, match="working"):
        single.asks("train-7")


@pytest.mark.parametrize("gpu", [0, 1, 5])
def test_one_yes_after_a_thiefs_delivery_stops_no_machine_that_works(single, gpu):
    single.reports("train-7", 0.0, minutes=75, boot="quiet")
    single.clock.forward(2 * HOUR_MS)
    single.reports("train-7", 0.0)
    action = single.asks("train-7")
    single.clock.forward(MINUTE_MS)
    single.reports("train-7", 95.0, minutes=1)
    single.approves(action, looks=False)
    for _ in range(10):
        single.clock.forward(MINUTE_MS)
        steals(single, gpu)
        executor.carry_out(single.ctx)

    assert single.machine("train-7").state == "running"


def test_minutes_of_a_gpu_that_was_not_there_before_prove_no_quiet_hour(single):
    single.clock.forward(3 * HOUR_MS)
    steals(single, 0)

    assert verdict(single).state == "unknown"

    steals(single, 0)
    assert verdict(single).state == "unknown"


def test_a_gpu_told_of_no_more_is_unknown_after_its_hour_however_others_idle(single):
    for _ in range(130):
        single.clock.forward(MINUTE_MS)
        steals(single, 5, minutes=2)

    said = verdict(single)
    assert (said.state, said.evidence) == ("unknown", "only 1 of 2 GPUs report")


def test_the_true_agent_that_is_heard_again_ends_the_doubt_at_the_next_launch(single):
    steals(single, 5)
    single.fleet.restart("train-7")
    single.sweep()
    single.clock.forward(70 * MINUTE_MS)
    single.reports("train-7", 0.0, minutes=70, boot="next")

    assert verdict(single).state == "free"


def test_another_gpu_in_the_slot_takes_over_the_hours_work_and_no_quiet(room):
    room.reports("train-7", 95.0)
    swapped = tuple(Gpu(gpu, f"GPU-new-{gpu}", "NVIDIA A100", 81920) for gpu in range(8))
    now = 1_000_000 + room.clock() // MINUTE_MS
    for start in range(75, 0, -25):
        told = [minute(gpu, tick, 0.0) for tick in range(now - start, now - start + 25) for gpu in range(8)]
        room.push(room.machine("train-7").id, told, tick_now=now, gpus=swapped)

    assert verdict(room).state == "active"


def test_work_of_the_hour_is_not_said_away_by_a_count_either(room):
    for _ in range(70):
        room.clock.forward(MINUTE_MS)
        tick = 1_000_000 + room.clock() // MINUTE_MS
        room.push("dgx-9", [minute(gpu, tick - 1, 90.0) for gpu in range(2)], tick_now=tick)
    for _ in range(5):
        room.clock.forward(MINUTE_MS)
        tick += 1
        room.push("dgx-9", [minute(0, tick - 1, 0.0)], tick_now=tick)

    with pytest.raises(Refused, match="GPU 1 of dgx-9 worked 6 minutes ago, and its agent does not see it now"):
        owned.confirm_gpus(room.ctx, "dgx-9", "U0DEE", 1)

    for _ in range(60):
        room.clock.forward(MINUTE_MS)
        tick += 1
        room.push("dgx-9", [minute(0, tick - 1, 0.0)], tick_now=tick)
    verdict_service.judge_all(room.ctx)
    assert owned.confirm_gpus(room.ctx, "dgx-9", "U0DEE", 1).instance.gpu_count == 1
