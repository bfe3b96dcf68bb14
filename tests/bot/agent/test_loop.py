"""The loop: one push a minute whatever the GPUs do."""

import json
import threading
import time

import pytest

from bot.agent.host import DeliveryCounter, HostTime
from bot.agent.loop import AgentLoop
from bot.agent.pause import PAUSED, Controls, ask_pause
from bot.agent.post import DoorAnswer
from bot.agent.run import Options, run
from bot.agent.sender import About, Sender
from tests.bot.agent.pretend import Hanging, PretendBot, PretendGpus

PACE = 240.0
"""A minute of the host in a quarter of a second."""
ABOUT = About("dgx-1", 0, "0.1")


def _fast_time():
    began = time.monotonic()
    return HostTime("boot-1", lambda: 6000.0 + (time.monotonic() - began) * PACE, PACE)


@pytest.fixture
def watch(tmp_path):
    def build(gpus, bot):
        host_time = _fast_time()
        sender = Sender(bot, DeliveryCounter(tmp_path, host_time), host_time, ABOUT)
        return AgentLoop(gpus, sender, host_time, about=ABOUT)

    return build


def _for_minutes(watch, minutes):
    thread = threading.Thread(target=watch.until_told, args=(15.0,))
    thread.start()
    time.sleep(minutes * 60 / PACE)
    watch.stop.set()
    thread.join(10)
    assert not thread.is_alive()


def _sent(bot):
    return [json.loads(body) for body in bot.bodies]


def test_every_minute_of_every_gpu_arrives_once(watch):
    bot, gpus = PretendBot(), PretendGpus(2)

    _for_minutes(watch(gpus, bot), 4)

    arrived = [(minute["gpu"], minute["tick"]) for push in _sent(bot) for minute in push["minutes"]]
    ticks = sorted({tick for _, tick in arrived})
    assert len(arrived) == len(set(arrived)) == 2 * len(ticks)
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
    assert len(ticks) >= 3
    assert gpus.closed == 1


def test_a_quiet_gpu_that_begins_to_work_is_told_of_at_once_and_once(watch):
    bot, gpus = PretendBot(), PretendGpus(1)
    agent = watch(gpus, bot)
    threading.Timer(2.6 * 60 / PACE, gpus.works).start()

    _for_minutes(agent, 5)

    told = [(push["tick_now"], minute) for push in _sent(bot) for minute in push["minutes"]]
    early = [minute for tick_now, minute in told[:-1] if minute["tick"] == tick_now]
    assert [(minute["gpu"], minute["util_max"]) for minute in early] == [(0, 90.0)]
    whole = [minute for tick_now, minute in told if minute["tick"] == early[0]["tick"] != tick_now]
    assert [minute["util_max"] for minute in whole] == [90.0]


def test_looks_fall_on_the_edges_of_the_hosts_own_minutes(tmp_path):
    host_time = HostTime("boot-1", lambda: 6000.0 + 53.0, ahead_s=37.0)  # a minute and a half of its own
    agent = AgentLoop(PretendGpus(1), None, host_time, about=ABOUT)

    assert host_time.tick() == 101
    assert agent._until_due(15.0) == pytest.approx(15.02)
    assert agent._until_due(60.0) == pytest.approx(30.02)


def test_programs_are_listed_once_a_minute(watch):
    bot, gpus = PretendBot(), PretendGpus(1)

    _for_minutes(watch(gpus, bot), 3)

    ticks = {minute["tick"] for push in _sent(bot) for minute in push["minutes"]}
    assert len(gpus.listed) <= len(ticks)


def test_a_missing_driver_is_reported_tried_again_and_gone_once_it_is_there(watch):
    bot, gpus = PretendBot(), PretendGpus(1)
    gpus.missing_driver = "The NVIDIA driver of this host is not loaded."
    agent = watch(gpus, bot)
    threading.Timer(2.5 * 60 / PACE, lambda: setattr(gpus, "missing_driver", None)).start()

    _for_minutes(agent, 6)

    errors = [push["error"] for push in _sent(bot)]
    assert errors[0] == "The NVIDIA driver of this host is not loaded."
    assert errors[-1] is None
    assert gpus.opened <= 6
    assert _sent(bot)[-1]["minutes"]


def test_a_driver_that_breaks_leaves_minutes_that_say_so(watch):
    bot, gpus = PretendBot(), PretendGpus(1)
    agent = watch(gpus, bot)

    def break_down():
        gpus.missing_driver = "The NVIDIA driver was upgraded but not reloaded."
        gpus.is_broken = True

    threading.Timer(2.5 * 60 / PACE, break_down).start()

    _for_minutes(agent, 6)

    last = _sent(bot)[-1]["minutes"][-1]
    assert (last["samples"], last["util_max"]) == (0, None)
    assert last["error"] == "The NVIDIA driver was upgraded but not reloaded."


def test_the_bot_may_be_away_for_some_minutes(watch):
    bot, gpus = PretendBot(*[DoorAnswer(None, "refused")] * 3), PretendGpus(1)

    _for_minutes(watch(gpus, bot), 6)

    tries = _sent(bot)
    assert len({push["seq"] for push in tries[:4]}) == 1
    arrived = [minute["tick"] for push in tries[3:] for minute in push["minutes"]]
    assert arrived == list(range(arrived[0], arrived[0] + len(arrived)))


def test_a_hanging_gpu_does_not_stop_the_others_reports(watch):
    bot, gpus = PretendBot(), PretendGpus(2)
    gpus.hang = {0: Hanging()}
    agent = watch(gpus, bot)
    agent._sampler._patience_s = 0.01

    _for_minutes(agent, 4)
    gpus.hang[0].set()

    minutes = [minute for push in _sent(bot) for minute in push["minutes"]]
    assert {minute["samples"] for minute in minutes if minute["gpu"] == 0} == {0}
    assert all(minute["util_max"] == 1.0 for minute in minutes if minute["gpu"] == 1)


def test_without_a_server_it_only_shows(capsys):
    options = Options(None, None, "dgx-1", once=True, print_=True)

    code = run(options, source=PretendGpus(2), host_time=_fast_time())

    out = capsys.readouterr().out
    assert code == 0
    assert " ".join(out.splitlines()[0].split()) == "gpu model util max util mean memory used power programs"
    assert "no reading" in out


@pytest.mark.parametrize("options", [Options(None, None, "h"), Options("https://x.example.com", None, "h")])
def test_without_server_and_token_it_says_what_to_give(options, capsys):
    assert run(options, source=PretendGpus()) == 1
    assert "--token-file" in capsys.readouterr().err


def test_minutes_of_a_pause_are_unknown_and_say_why(watch, tmp_path):
    bot, gpus = PretendBot(), PretendGpus(1)
    agent = watch(gpus, bot)
    agent._controls = Controls(tmp_path, agent._time)
    threading.Timer(2.5 * 60 / PACE, ask_pause, (tmp_path, 120, agent._time)).start()

    _for_minutes(agent, 16)

    minutes = [minute for push in _sent(bot) for minute in push["minutes"]]
    paused = [minute for minute in minutes if minute["error"] == PAUSED and not minute["samples"]]
    assert paused
    assert all(minute["util_max"] is None for minute in paused)
    assert any(push["error"] == PAUSED for push in _sent(bot))
    assert _sent(bot)[-1]["error"] is None
    assert minutes[-1]["error"] is None
    assert (gpus.opened, gpus.closed) == (2, 2)
