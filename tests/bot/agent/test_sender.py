"""The sender: minutes reach the bot once, in order, late if need be."""

import json
import logging

import pytest

from bot.agent.host import DeliveryCounter, HostTime
from bot.agent.post import DoorAnswer
from bot.agent.sender import MAX_WAITING, About, Sender, next_after
from bot.domain.machines.readings import Gpu, Minute, Process
from bot.telemetry.wire import MAX_AGE_TICKS, MAX_BODY_BYTES, MAX_MINUTES
from tests.bot.agent.pretend import PretendBot

ABOUT = About("dgx-1", 90, "0.1", (Gpu(0, "GPU-0", "H100", 81559),), "580")


class _Clock:
    at_s = 6000.0

    def __call__(self):
        return self.at_s


@pytest.fixture
def clock():
    return _Clock()


@pytest.fixture
def sender(tmp_path, clock):
    def build(bot):
        host_time = HostTime("boot-1", clock)
        return Sender(bot, DeliveryCounter(tmp_path, host_time), host_time, ABOUT)

    return build


def _minutes(*ticks):
    return [Minute(gpu=0, tick=tick, samples=4, util_max=1.0) for tick in ticks]


def _sent(bot):
    return [json.loads(body) for body in bot.bodies]


def test_minutes_are_sent_with_what_the_bot_must_know(sender):
    bot = PretendBot()
    outbox = sender(bot)
    outbox.offer(_minutes(98, 99), ABOUT)

    pause = outbox.send()

    (push,) = _sent(bot)
    assert pause == 0.0
    assert (push["version"], push["host"], push["boot_id"]) == (1, "dgx-1", "boot-1")
    assert (push["tick_now"], push["started_tick"]) == (100, 90)
    assert [minute["tick"] for minute in push["minutes"]] == [98, 99]
    assert outbox.unsent == 0


def test_a_delivery_without_an_answer_is_repeated_under_its_number_and_the_new_time(sender, clock):
    bot = PretendBot(DoorAnswer(None, "timed out"))
    outbox = sender(bot)
    outbox.offer(_minutes(99), ABOUT)

    pause = outbox.send()
    clock.at_s += 120
    outbox.offer(_minutes(100, 101), ABOUT)
    outbox.send()
    outbox.send()

    first, second, third = _sent(bot)
    assert pause > 0
    assert first["seq"] == second["seq"] < third["seq"]
    assert (first["tick_now"], second["tick_now"]) == (100, 102)
    assert [minute["tick"] for minute in second["minutes"]] == [99]
    assert [minute["tick"] for minute in third["minutes"]] == [100, 101]


def test_what_the_bot_will_never_take_is_dropped_with_a_word(sender, caplog):
    bot = PretendBot(DoorAnswer(400, "A minute is after tick_now."))
    outbox = sender(bot)
    outbox.offer(_minutes(99), ABOUT)

    pause = outbox.send()

    assert (pause, outbox.unsent) == (0.0, 0)
    assert "dropped" in caplog.text
    assert "A minute is after tick_now." in caplog.text


def test_a_long_backlog_goes_in_batches_the_door_takes(sender):
    bot = PretendBot()
    outbox = sender(bot)
    programs = tuple(Process("p" * 60, "u" * 60, 9) for _ in range(8))
    outbox.offer([Minute(gpu=g, tick=90, samples=4, processes=programs) for g in range(64)] * 20, ABOUT)

    while outbox.unsent:
        outbox.send()

    pushes = _sent(bot)
    assert sum(len(push["minutes"]) for push in pushes) == 1280
    assert max(len(push["minutes"]) for push in pushes) <= MAX_MINUTES
    assert max(len(body) for body in bot.bodies) <= MAX_BODY_BYTES
    assert len({push["seq"] for push in pushes}) == len(pushes)


@pytest.mark.slow
def test_the_order_survives_the_splitting(sender):
    bot = PretendBot()
    outbox = sender(bot)
    programs = tuple(Process("p" * 60, "u" * 60, 9) for _ in range(8))
    minutes = [Minute(gpu=0, tick=tick, samples=4, processes=programs) for tick in range(1000)]
    clock_tick = 1000
    outbox._time = HostTime("boot-1", lambda: clock_tick * 60.0)
    outbox.offer(minutes, ABOUT)

    while outbox.unsent:
        outbox.send()

    assert [minute["tick"] for push in _sent(bot) for minute in push["minutes"]] == list(range(1000))


def test_the_oldest_minutes_give_way_and_it_is_said(sender, caplog):
    outbox = sender(PretendBot())
    outbox.offer(_minutes(*range(MAX_WAITING)), ABOUT)

    outbox.offer(_minutes(MAX_WAITING, MAX_WAITING + 1), ABOUT)

    assert outbox.unsent == MAX_WAITING
    assert outbox._waiting[0].minute.tick == 2
    assert "dropped the 2 oldest" in caplog.text


def test_minutes_the_door_would_refuse_for_their_age_are_not_sent(sender, clock, caplog):
    bot = PretendBot()
    outbox = sender(bot)
    clock.at_s = (MAX_AGE_TICKS + 100) * 60.0
    outbox.offer(_minutes(99, 100, 101), ABOUT)

    outbox.send()

    assert [minute["tick"] for minute in _sent(bot)[0]["minutes"]] == [100, 101]
    assert "Dropped 1 minutes" in caplog.text


def test_a_host_without_gpus_still_says_that_it_lives(sender):
    bot = PretendBot()
    outbox = sender(bot)

    outbox.offer([], About("dgx-1", 90, "0.1", error="There is no NVIDIA driver on this host."))
    outbox.send()

    (push,) = _sent(bot)
    assert (push["gpus"], push["minutes"]) == ([], [])
    assert push["error"] == "There is no NVIDIA driver on this host."


def test_the_thread_sends_what_is_offered_and_the_last_of_it_at_the_end(sender):
    bot = PretendBot()
    outbox = sender(bot)
    outbox.start()

    outbox.offer(_minutes(98), ABOUT)
    outbox.offer(_minutes(99), ABOUT)
    outbox.finish(within_s=5)

    assert [minute["tick"] for push in _sent(bot) for minute in push["minutes"]] == [98, 99]
    assert outbox.unsent == 0


def test_the_end_does_not_wait_for_a_bot_that_is_away(sender):
    bot = PretendBot(*[DoorAnswer(None, "refused")] * 50)
    outbox = sender(bot)
    outbox.start()
    outbox.offer(_minutes(99), ABOUT)

    outbox.finish(within_s=5)

    assert not outbox._thread.is_alive()
    assert outbox.unsent == 1
    assert len(bot.bodies) <= 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_said_clearly_and_tried_again_slowly(status):
    after = next_after(DoorAnswer(status, "The token is missing or unknown."), 0, 0.5)

    assert (after.is_done, after.level) == (False, logging.ERROR)
    assert after.pause_s >= 300
    assert "token" in after.sentence


@pytest.mark.parametrize("status", [400, 409, 413])
def test_what_repeating_cannot_cure_is_done_with(status):
    assert next_after(DoorAnswer(status, "no"), 0, 0.5).is_done


@pytest.mark.parametrize("status", [None, 408, 429, 500, 502, 503])
def test_what_time_may_cure_is_tried_again(status):
    after = next_after(DoorAnswer(status, "later"), 0, 0.5)

    assert not after.is_done
    assert 5 <= after.pause_s <= 15


def test_pauses_grow_up_to_a_limit_and_are_spread():
    pauses = [next_after(DoorAnswer(503), failures, 1.0).pause_s for failures in range(20)]

    assert pauses == sorted(pauses)
    assert pauses[-1] == 305.0
    assert next_after(DoorAnswer(503), 5, 0.0).pause_s < next_after(DoorAnswer(503), 5, 1.0).pause_s


def test_the_bot_says_when_to_come_back():
    assert next_after(DoorAnswer(429, retry_after_s=60.0), 0, 0.0).pause_s == 60.0
    assert next_after(DoorAnswer(503, retry_after_s=30.0), 0, 1.0).pause_s == 60.0, "not all who were told 30 at once"
    assert next_after(DoorAnswer(503, retry_after_s=900.0), 0, 1.0).pause_s == 960.0
    assert next_after(DoorAnswer(503, retry_after_s=1.0), 0, 0.0).pause_s == 5.0


def test_an_address_that_is_no_door_is_said():
    assert "check --server" in next_after(DoorAnswer(404), 0, 0.0).sentence
