"""What `--print` says of the verdict: the bot's rule, and how long it still takes."""

import pytest

from bot.agent.print import RULE, GpuOutlook
from bot.domain.machines.readings import Gpu, Minute, Process

GPU = Gpu(0, "GPU-0", "H100", 81559)
TWO = (GPU, Gpu(1, "GPU-1", "H100", 81559))


def _minute(tick, gpu=0, **values):
    usual = {"samples": 4, "util_max": 0.0, "memory_used_mib": 4, "compute_processes": 0}
    return Minute(gpu=gpu, tick=tick, **(usual | values))


def _lines(outlook, tick, gpus=(GPU,)):
    return outlook.text(gpus, tick).splitlines()


@pytest.fixture
def outlook():
    return GpuOutlook(started_tick=100)


def test_before_the_first_minute_it_tells_what_is_needed(outlook):
    assert _lines(outlook, 100) == [
        "gpu 0: unknown; 75 more minutes without work until it counts as idle",
        f"host: unknown; no whole minute seen yet ({RULE})",
    ]


def test_quiet_minutes_count_down_after_the_agent_has_settled(outlook):
    outlook.add(_minute(tick) for tick in range(100, 135))

    assert (
        _lines(outlook, 135)[0]
        == "gpu 0: unknown; no work for 20 minutes; 40 more minutes without work until it counts as idle"
    )


def test_after_an_hour_it_is_free(outlook):
    outlook.add(_minute(tick) for tick in range(100, 175))

    gpu, host = _lines(outlook, 175)
    assert gpu == "gpu 0: idle; no work for 60 minutes"
    assert host.startswith("host: idle; no programs, its GPU at 0 %; no work seen in 60 of the last 60 minutes")


def test_one_minute_before_it_is_not(outlook):
    outlook.add(_minute(tick) for tick in range(100, 174))

    assert _lines(outlook, 174)[0].startswith("gpu 0: unknown; no work for 59 minutes; 1 more")


def test_a_context_makes_it_held(outlook):
    held = {"memory_used_mib": 40960, "compute_processes": 1, "processes": (Process("python3", "ada", 40900),)}
    outlook.add(_minute(tick, **held) for tick in range(100, 175))

    gpu, host = _lines(outlook, 175)
    assert gpu == "gpu 0: idle, keeps memory; no work for 60 minutes"
    assert host.startswith("host: idle, keeps memory; python3 keeps 40 GB")


def test_one_busy_minute_starts_it_again(outlook):
    outlook.add(_minute(tick, util_max=50.0 if tick == 170 else 0.0) for tick in range(100, 175))

    gpu, host = _lines(outlook, 175)
    assert gpu == "gpu 0: in use; last worked 5 minutes ago; 56 more minutes without work until it counts as idle"
    assert host.startswith("host: in use")


def test_a_lost_gpu_is_unknown_with_its_error_and_the_host_too(outlook):
    for tick in range(100, 175):
        lost = {"samples": 0, "util_max": None, "memory_used_mib": None, "compute_processes": None}
        outlook.add([_minute(tick), _minute(tick, gpu=1, error="GPU is lost", **lost)])

    first, second, host = _lines(outlook, 175, TWO)
    assert first.startswith("gpu 0: idle")
    assert second.startswith("gpu 1: unknown; GPU is lost; ")
    assert host.startswith("host: unknown")


def test_an_idle_and_a_busy_gpu_make_a_partial_host(outlook):
    for tick in range(100, 175):
        outlook.add([_minute(tick), _minute(tick, gpu=1, util_max=99.0)])

    assert _lines(outlook, 175, TWO)[-1].startswith("host: partly idle; 1 of 2 GPUs worked")


def test_a_hole_starts_it_again(outlook):
    outlook.add(_minute(tick) for tick in [*range(115, 150), *range(160, 175)])

    assert _lines(outlook, 175)[0].startswith("gpu 0: unknown; no work for 15 minutes; 45 more")


def test_a_host_without_gpus_is_unknown(outlook):
    assert _lines(outlook, 175, ()) == ["host: unknown"]


def test_what_the_bot_knows_besides_is_said_with_every_verdict(outlook):
    outlook.add(_minute(tick) for tick in range(100, 175))

    assert _lines(outlook, 175)[-1].endswith("weighs the power each GPU draws when idle, as learned over days)")
