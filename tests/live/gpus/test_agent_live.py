"""`valet agent` as a process, with the real nvidia-ml-py below it and the real door before it."""

import re
import signal
import time

import pytest

from tests.live.gpus.bot import TOKEN, serve

AGENT = "from bot.agent.command import agent; agent()"


def _arguments(server, token_file, *more):
    return ["--server", f"http://127.0.0.1:{server.port}", "--token-file", str(token_file), "--host", "dgx-1", *more]


@pytest.fixture
def running(gpu_host, runs):
    """Start the agent on the host with a recent driver."""
    return lambda: runs(gpu_host)


def test_once_delivers_one_minute_and_ends_well(gpu_host, bot, server, token_file):
    gpu_host.does("gpus 2\n0 util 80\n* watts 300\n* memory 81559 4000 551\n* compute 4194999 3900\n")

    done = gpu_host.python(AGENT, *_arguments(server, token_file, "--once"))

    assert done.returncode == 0, done.stderr
    (push,) = bot.pushes
    busy, quiet = push.minutes
    assert (push.host, push.driver, [gpu.name for gpu in push.gpus]) == (
        "dgx-1",
        "580.95.05",
        ["NVIDIA H100 80GB HBM3"] * 2,
    )
    assert (busy.samples, busy.util_max, busy.memory_used_mib, busy.compute_processes) == (2, 80.0, 4000, 1)
    assert (quiet.samples, quiet.util_max) == (2, 0.0)
    assert 290 < busy.watts < 310


def test_once_twice_is_two_deliveries(gpu_host, bot, server, token_file):
    gpu_host.does("gpus 1\n")

    for _ in range(2):
        assert gpu_host.python(AGENT, *_arguments(server, token_file, "--once")).returncode == 0

    assert bot.pushes[1].seq == bot.pushes[0].seq + 1


def test_once_with_a_gpu_of_every_mood_reports_each_for_what_it_is(gpu_host, bot, server, token_file):
    gpu_host.does(
        "gpus 6\n* util 10\n1 fail * 15\n2 mig 1\n3 fail MemoryInfo_v2 13\n3 memory 81559 100 551\n"
        "4 hang UtilizationRates 30000\n5 history 90 0 97\n"
    )

    done = gpu_host.python(AGENT, *_arguments(server, token_file, "--once"))

    minutes = {minute.gpu: minute for minute in bot.minutes}
    assert done.returncode == 0, done.stderr
    assert (minutes[0].util_max, minutes[0].error) == (10.0, None)
    assert (minutes[1].util_max, minutes[1].samples, minutes[1].error) == (None, 0, "GPU is lost")
    assert (minutes[2].util_max, minutes[2].mig, minutes[2].error) == (None, True, None)
    assert (minutes[3].util_max, minutes[3].memory_used_mib) == (10.0, 651)
    assert (minutes[4].util_max, minutes[4].samples, minutes[4].error) == (None, 0, "no answer within 2 s")
    assert minutes[5].util_max == 97.0


def test_once_without_a_driver_says_so_here_and_to_the_bot(host_without_driver, bot, server, token_file):
    done = host_without_driver.python(AGENT, *_arguments(server, token_file, "--once"))

    assert done.returncode == 1
    assert "There is no NVIDIA driver on this host" in done.stderr
    assert bot.pushes[0].error.startswith("There is no NVIDIA driver on this host")
    assert bot.minutes == []


def test_once_with_a_wrong_token_fails_and_says_why_without_the_token(gpu_host, bot, server, token_file):
    gpu_host.does("gpus 1\n")
    bot.tokens.clear()

    done = gpu_host.python(AGENT, *_arguments(server, token_file, "--once"))

    assert done.returncode == 1
    assert "refuses this host's token (401" in done.stderr
    assert TOKEN not in done.stderr + done.stdout


def test_another_hosts_name_is_refused(gpu_host, bot, server, token_file):
    gpu_host.does("gpus 1\n")

    done = gpu_host.python(AGENT, *_arguments(server, token_file, "--once", "--host", "dgx-2"))

    assert done.returncode == 1
    assert "403" in done.stderr
    assert bot.pushes == []


def test_an_open_token_file_is_refused(gpu_host, server, token_file):
    token_file.chmod(0o644)

    done = gpu_host.python(AGENT, *_arguments(server, token_file, "--once"))

    assert (done.returncode, done.stderr) == (
        1,
        f"Everybody on this host can read the token in {token_file}: run `chmod 600 {token_file}`.\n",
    )


def test_print_shows_what_it_sees(gpu_host):
    gpu_host.does("gpus 2\n0 util 80\n0 memory 81559 4000 551\n1 fail * 15\n")

    done = gpu_host.python(AGENT, "--once", "--print")

    head, first, second, *verdict = (re.split(r"\s{2,}", line.strip()) for line in done.stdout.splitlines())
    assert head == ["gpu", "model", "util max", "util mean", "memory used", "power", "programs"]
    assert first[:5] == ["0", "NVIDIA H100 80GB HBM3", "80 %", "80 %", "4,000 of 81,559 MiB"]
    assert second[2:] == ["no reading"] * 4 + ["GPU is lost"]
    assert verdict[0][0].startswith("gpu 0: unknown; ")
    assert verdict[2][0].startswith("host: unknown; no whole minute seen yet")


def test_the_service_follows_what_the_gpus_do(gpu_host, bot, running):
    gpu_host.does("gpus 2\n* util 90\n")
    agent = running()
    bot.waits_for(lambda: any(minute.util_max == 90.0 for minute in bot.minutes))

    gpu_host.does("gpus 2\n0 fail * 15\n1 util 0\n")
    bot.waits_for(lambda: any(minute.error == "GPU is lost" and not minute.samples for minute in bot.minutes))
    gpu_host.does("gpus 2\n* util 33\n")
    bot.waits_for(lambda: any(minute.gpu == 0 and minute.util_max == 33.0 for minute in bot.minutes))
    agent.send_signal(signal.SIGTERM)

    assert agent.wait(10) == 0
    samples: dict[tuple[int, int], list[int]] = {}
    for minute in bot.minutes:
        samples.setdefault((minute.gpu, minute.tick), []).append(minute.samples)
    # a minute comes twice at most: as it begins to work, and at its end or the agent's
    assert all(len(told) <= 2 and told == sorted(told) for told in samples.values())
    assert max(minute.samples for minute in bot.minutes) == 4


def test_a_gpu_that_hangs_does_not_keep_the_others_from_reporting(gpu_host, bot, running):
    gpu_host.does("gpus 2\n0 hang UtilizationRates 60000\n1 util 44\n")
    agent = running()

    bot.waits_for(lambda: len({minute.tick for minute in bot.minutes if minute.util_max == 44.0}) >= 3)
    agent.send_signal(signal.SIGTERM)

    assert agent.wait(10) == 0
    assert {minute.samples for minute in bot.minutes if minute.gpu == 0} == {0}


def test_minutes_wait_while_the_bot_is_away(gpu_host, bot, running, server):
    gpu_host.does("gpus 1\n0 util 5\n")
    agent = running()
    bot.waits_for(lambda: bot.minutes)

    server.stop()
    away_from = bot.minutes[-1].tick
    time.sleep(2)
    again = serve(bot, server.port)
    bot.waits_for(lambda: bot.minutes[-1].tick >= away_from + 3)
    agent.send_signal(signal.SIGTERM)
    code = agent.wait(10)
    again.stop()

    ticks = [minute.tick for minute in bot.minutes]
    assert code == 0
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))


def test_sigterm_sends_the_minute_begun(gpu_host, bot, running):
    gpu_host.does("gpus 1\n0 util 5\n")
    agent = running()
    bot.waits_for(lambda: bot.minutes)
    before = bot.minutes[-1].tick
    time.sleep(0.6)

    agent.send_signal(signal.SIGTERM)

    assert agent.wait(10) == 0
    assert bot.minutes[-1].tick > before


def test_sigterm_with_no_bot_ends_within_its_time(gpu_host, bot, running, server):
    gpu_host.does("gpus 1\n0 util 5\n")
    agent = running()
    bot.waits_for(lambda: bot.minutes)
    server.stop()

    agent.send_signal(signal.SIGTERM)

    assert agent.wait(10) == 0


def test_a_killed_agent_sends_its_unsent_minutes_after_its_restart(gpu_host, bot, running, server):
    gpu_host.does("gpus 1\n0 util 77\n")
    agent = running()
    bot.waits_for(lambda: bot.minutes)
    server.stop()
    away_from = bot.minutes[-1].tick
    time.sleep(3)
    agent.kill()
    agent.wait()

    gpu_host.does("gpus 1\n0 util 11\n")
    again = serve(bot, server.port)
    second = running()
    bot.waits_for(lambda: any(minute.util_max == 11.0 for minute in bot.minutes))
    second.send_signal(signal.SIGTERM)
    code = second.wait(10)
    again.stop()

    late = [minute.tick for minute in bot.minutes if minute.util_max == 77.0 and minute.tick > away_from]
    assert code == 0
    assert len(late) == len(set(late)) >= 2
