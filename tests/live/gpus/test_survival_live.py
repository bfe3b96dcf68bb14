"""What happens to GPUs and drivers while the agent runs: it goes on, and what it did not see is unknown."""

import shutil
import signal

from tests.live.gpus.library import GpuHost, build


def _upgrade(host, number, script):
    """Replace the library's file as a package manager does, and load the driver that goes with it."""
    build(host.folder / "new", number=number)
    library = host.libraries / "libnvidia-ml.so.1"
    library.unlink()
    shutil.move(host.folder / "new/libnvidia-ml.so.1", library)
    host.does(script)


def test_a_driver_upgraded_under_it_is_followed_with_its_new_library(nvml_libraries, tmp_path, bot, runs):
    host = GpuHost(tmp_path, build(tmp_path / "libraries"))
    host.does("gpus 1\nkernel 1\n0 util 11\n")
    agent = runs(host)
    bot.waits_for(lambda: any(minute.util_max == 11.0 for minute in bot.minutes))

    _upgrade(host, 2, "gpus 1\nkernel 2\n0 util 22\n")
    bot.waits_for(lambda: any(minute.util_max == 22.0 for minute in bot.minutes))
    agent.send_signal(signal.SIGTERM)

    before = next(push for push in bot.pushes if any(minute.util_max == 11.0 for minute in push.minutes))
    after = next(push for push in bot.pushes if any(minute.util_max == 22.0 for minute in push.minutes))
    assert agent.wait(10) == 0
    assert after.started_tick > before.started_tick
    assert after.boot_id == before.boot_id
    assert len({push.seq for push in bot.pushes}) == len(bot.pushes)


def test_an_upgrade_that_is_not_loaded_yet_is_said_and_waited_for(gpu_host, bot, runs):
    gpu_host.does("gpus 1\n0 util 11\n")
    agent = runs(gpu_host)
    bot.waits_for(lambda: bot.minutes)

    gpu_host.does("gpus 1\nkernel 2\n")
    bot.waits_for(lambda: any("upgraded but not reloaded" in (push.error or "") for push in bot.pushes))
    gpu_host.does("gpus 1\n0 util 22\n")
    bot.waits_for(lambda: bot.pushes[-1].error is None and bot.minutes[-1].util_max == 22.0)
    agent.send_signal(signal.SIGTERM)

    assert agent.wait(10) == 0
    assert all(minute.util_max is not None or not minute.samples for minute in bot.minutes)


def test_a_gpu_that_hangs_for_seconds_is_back_afterwards_and_the_others_were_on_time(gpu_host, bot, runs):
    gpu_host.does("gpus 3\n* util 44\n")
    agent = runs(gpu_host)
    bot.waits_for(lambda: bot.minutes)

    gpu_host.does("gpus 3\n* util 44\n1 hang UtilizationRates 5000\n")
    bot.waits_for(lambda: any(minute.gpu == 1 and not minute.samples for minute in bot.minutes))
    began = bot.minutes[-1].tick
    gpu_host.does("gpus 3\n* util 55\n")
    bot.waits_for(lambda: any(minute.gpu == 1 and minute.util_max == 55.0 for minute in bot.minutes))
    agent.send_signal(signal.SIGTERM)

    assert agent.wait(10) == 0
    for gpu in (0, 2):
        ticks = [minute.tick for minute in bot.minutes if minute.gpu == gpu and minute.tick >= began and minute.samples]
        assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))


def test_mig_switched_on_makes_utilisation_unknown_until_it_is_off_again(gpu_host, bot, runs):
    gpu_host.does("gpus 2\n* util 44\n")
    agent = runs(gpu_host)
    bot.waits_for(lambda: bot.minutes)

    gpu_host.does("gpus 2\n* util 0\n1 mig 1\n")
    bot.waits_for(lambda: any(minute.mig and minute.util_max is None for minute in bot.minutes))
    gpu_host.does("gpus 2\n* util 66\n")
    bot.waits_for(lambda: any(minute.gpu == 1 and minute.util_max == 66.0 for minute in bot.minutes))
    agent.send_signal(signal.SIGTERM)

    assert agent.wait(10) == 0
    assert not any(minute.mig for minute in bot.minutes if minute.gpu == 0)
