"""The spool: what the bot has not had outlives the agent, once each, and only within one boot."""

import json
import logging
import resource
import stat

import pytest

from bot.agent.host import DeliveryCounter, HostTime
from bot.agent.post import DoorAnswer
from bot.agent.sender import About, Sender
from bot.agent.spool import MAX_BYTES, Spool, _line
from bot.domain.machines.readings import Minute, Process
from bot.telemetry.wire import MAX_MINUTES
from tests.bot.agent.pretend import PretendBot

AWAY = DoorAnswer(None, "refused")
PROGRAMS = (Process("python3", "ada", 2000),)


@pytest.fixture
def agent(tmp_path):
    """Start an agent's sender on the host; the one before it is gone without a word, as after `kill -9`."""
    running = []

    def build(bot, *, boot="boot-1", started=90, tick=100, host="dgx-1", max_bytes=MAX_BYTES):
        for spool in running:
            spool.close()
        host_time = HostTime(boot, lambda: tick * 60.0)
        about = About(host, started, "0.1")
        running.append(Spool(tmp_path, boot_id=boot, host=host, max_bytes=max_bytes))
        sender = Sender(bot, DeliveryCounter(tmp_path, host_time), host_time, about, spool=running[-1])
        sender._restore(running[-1])
        sender.see = lambda *ticks: sender.offer([_minute(tick) for tick in ticks], about)
        return sender

    yield build
    for spool in running:
        spool.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "unsent.jsonl"


def _minute(tick):
    return Minute(gpu=0, tick=tick, samples=4, util_max=1.5, watts=70.2, processes=PROGRAMS)


def _fails(sender):
    """One try in vain, after which the thread of the sender would rest."""
    assert sender.send() > 0
    sender._keep()


def _empties(sender):
    while sender.unsent:
        assert sender.send() == 0.0


def _sent(bot):
    return [json.loads(body) for body in bot.bodies]


def _ticks(bot):
    return [minute["tick"] for push in _sent(bot) for minute in push["minutes"]]


def test_unsent_minutes_survive_a_restart_whole_and_in_order(agent):
    before = agent(PretendBot(AWAY))
    before.see(96, 97)
    _fails(before)
    before.see(98)
    before._keep()

    bot = PretendBot()
    after = agent(bot, started=99, tick=101)
    after.see(99)
    _empties(after)

    minutes = [minute for push in _sent(bot) for minute in push["minutes"]]
    assert [minute["tick"] for minute in minutes] == [96, 97, 98, 99]
    assert minutes[0]["watts"] == 70.2
    assert minutes[0]["processes"] == [{"name": "python3", "user": "ada", "memory_mib": 2000}]


def test_a_delivery_whose_answer_was_lost_keeps_its_number_over_the_restart(agent):
    first_bot = PretendBot(AWAY)
    before = agent(first_bot)
    before.see(96, 97)
    _fails(before)
    before.see(98)
    before._keep()

    bot = PretendBot()
    after = agent(bot)
    _empties(after)

    lost, *later = _sent(bot)
    assert lost["seq"] == _sent(first_bot)[0]["seq"]
    assert [minute["tick"] for minute in lost["minutes"]] == [96, 97]
    assert all(push["seq"] > lost["seq"] for push in later)


def test_minutes_are_sent_with_the_start_of_the_agent_that_saw_them(agent):
    before = agent(PretendBot(AWAY), started=50)
    before.see(97)
    _fails(before)

    bot = PretendBot()
    after = agent(bot, started=99)
    after.see(100)
    _empties(after)

    assert [(push["started_tick"], len(push["minutes"])) for push in _sent(bot)] == [(50, 1), (99, 1)]


def test_a_minute_seen_by_two_runs_of_the_agent_goes_in_two_deliveries(agent):
    before = agent(PretendBot(AWAY), started=99)
    before.see(99)
    _fails(before)

    bot = PretendBot()
    after = agent(bot, started=99)
    after.see(99, 100)
    _empties(after)

    assert [[minute["tick"] for minute in push["minutes"]] for push in _sent(bot)] == [[99], [99, 100]]


def test_what_arrived_before_the_restart_is_not_sent_again(agent):
    before = agent(PretendBot(AWAY, DoorAnswer(200)), tick=1000)
    before.see(*range(MAX_MINUTES + 3))
    _fails(before)
    before.send()

    bot = PretendBot()
    _empties(agent(bot, tick=1000))

    assert _ticks(bot) == [500, 501, 502]


def test_once_the_bot_has_everything_the_file_is_empty_and_stays_so(agent, file):
    sender = agent(PretendBot(AWAY))
    sender.see(98)
    _fails(sender)
    was = file.stat().st_size

    _empties(sender)
    sender.see(99)
    _empties(sender)

    assert was > 0
    assert file.stat().st_size == 0


def test_minutes_of_an_earlier_boot_are_dropped_here_and_in_the_push(agent, caplog):
    before = agent(PretendBot(AWAY))
    before.see(96, 97)
    _fails(before)

    bot = PretendBot()
    with caplog.at_level(logging.WARNING):
        after = agent(bot, boot="boot-2", started=0, tick=2)
    after.see(1)
    _empties(after)
    after.see(2)
    _empties(after)

    assert _ticks(bot) == [1, 2]
    assert [push["error"] for push in _sent(bot)] == ["2 minutes were dropped here unsent.", None]
    assert "Dropped 2 unsent minutes of an earlier boot" in caplog.text


def test_minutes_of_another_host_name_are_not_sent_as_ours(agent):
    before = agent(PretendBot(AWAY), host="dgx-1")
    before.see(96)
    _fails(before)

    bot = PretendBot()
    after = agent(bot, host="dgx-2")
    after.see(99)
    _empties(after)

    assert _ticks(bot) == [99]


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_torn_last_line_costs_that_line_only(agent, file, cut):
    before = agent(PretendBot(AWAY))
    before.see(96, 97)
    before.send()
    before._batch.unsent.pop()
    before._keep()
    before.see(98)
    before._keep()
    file.write_bytes(file.read_bytes()[:-cut])

    bot = PretendBot(AWAY)
    after = agent(bot)
    after.see(99)
    _fails(after)
    last_bot = PretendBot()
    _empties(agent(last_bot))

    assert _ticks(last_bot) == [96, 99] if cut > 1 else _ticks(last_bot) == [96, 98, 99]


def test_any_byte_may_go_wrong_without_a_wrong_minute(agent, file):
    before = agent(PretendBot(AWAY))
    before.see(96, 97, 98)
    _fails(before)
    before.see(99)
    before._keep()
    good = file.read_bytes()

    for place in range(0, len(good), 7):
        file.write_bytes(good[:place] + bytes([good[place] ^ 0x15]) + good[place + 1 :])
        bot = PretendBot()
        _empties(agent(bot))

        assert set(_ticks(bot)) <= {96, 97, 98, 99}
        assert len(_ticks(bot)) in {0, 3, 4}
        assert {minute["watts"] for push in _sent(bot) for minute in push["minutes"]} <= {70.2}


def test_lines_of_another_version_of_the_agent_are_skipped(agent, file):
    before = agent(PretendBot(AWAY))
    before.see(96)
    _fails(before)
    head = before._spool._head
    strange = {"place": 7, "started": 1, "minute": {"gpu": 0, "colour": "red", "processes": []}}
    file.write_bytes(_line(head) + _line(strange))

    after = agent(PretendBot())

    assert after.unsent == 0


def test_the_file_stays_within_its_bound_and_the_newest_stay(agent, file):
    sender = agent(PretendBot(AWAY), tick=1000, max_bytes=8000)
    sender.see(1)
    _fails(sender)
    sizes = []
    for tick in range(2, 200):
        sender.see(tick)
        sender._keep()
        sizes.append(file.stat().st_size)

    bot = PretendBot()
    _empties(agent(bot, tick=1000))

    assert max(sizes) <= 8000
    assert _ticks(bot)[-1] == 199
    assert _ticks(bot) == list(range(_ticks(bot)[0], 200))


def test_a_second_agent_leaves_the_file_of_the_first_alone(agent, tmp_path, file, caplog):
    sender = agent(PretendBot(AWAY))
    sender.see(98)
    _fails(sender)
    before = file.read_bytes()

    second = Spool(tmp_path, boot_id="boot-1", host="dgx-1")
    found = second.open()
    second.add([], tried=(1, 1), whole=[])

    assert found.unsent == []
    assert file.read_bytes() == before
    assert "in memory only" in caplog.text


def test_without_a_place_for_the_file_minutes_wait_in_memory(tmp_path, caplog):
    (tmp_path / "taken").write_text("a file, not a folder")
    host_time = HostTime("boot-1", lambda: 6000.0)
    about = About("dgx-1", 90, "0.1")
    bot = PretendBot(AWAY)
    folder = tmp_path / "taken"
    spool = Spool(folder, boot_id="boot-1", host="dgx-1")
    sender = Sender(bot, DeliveryCounter(folder, host_time), host_time, about, spool=spool)
    sender._restore(spool)
    sender.offer([_minute(99)], about)

    _fails(sender)
    _empties(sender)

    assert _ticks(bot) == [99, 99]
    assert caplog.text.count("in memory only") == 1


def test_others_cannot_read_who_runs_what(agent, file):
    sender = agent(PretendBot(AWAY))
    sender.see(98)
    _fails(sender)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_in_its_place_is_not_followed(tmp_path, file):
    target = tmp_path / "elsewhere"
    target.write_text("precious")
    file.symlink_to(target)

    Spool(tmp_path, boot_id="boot-1", host="dgx-1").open()

    assert target.read_text() == "precious"


def test_the_thread_puts_on_disk_what_comes_while_it_rests(agent, file):
    sender = agent(PretendBot(*[AWAY] * 20))
    sender._thread.start()
    sender.see(98)
    sender.see(99)
    sender.finish(within_s=5)

    bot = PretendBot()
    _empties(agent(bot))

    assert _ticks(bot) == [98, 99]


def test_after_a_write_that_failed_half_way_the_file_is_written_anew_and_whole(agent, file):
    before = agent(PretendBot(*[AWAY] * 20))
    before.see(95)
    _fails(before)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 20, limits[1]))
    try:
        before.see(96)
        before._keep()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    before.see(97)
    before._keep()
    before.see(98)
    before._keep()

    bot = PretendBot()
    _empties(agent(bot))

    assert _ticks(bot) == [95, 96, 97, 98]
