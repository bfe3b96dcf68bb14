"""Each key is worked on by itself: one that hangs holds up no other, and none is worked on twice at a time."""

import threading
from functools import partial

from bot.errors import Refused
from bot.jobs.worker import KeyedThreads


def test_a_lane_that_hangs_holds_up_no_other_and_is_not_entered_twice():
    let_go, done, entered = threading.Event(), threading.Semaphore(0), []

    def work(key):
        entered.append(key)
        if key == "hangs":
            let_go.wait(10)
        done.release()

    threads = KeyedThreads("test", lambda: {key: partial(work, key) for key in ("hangs", "works")})
    threads.run()
    assert done.acquire(timeout=10)
    threads.stop(0.1)
    threads.run()
    assert done.acquire(timeout=10)
    let_go.set()
    threads.stop()

    assert entered.count("hangs") == 1
    assert entered.count("works") == 2


def test_one_that_fails_is_worked_on_again_the_next_time(caplog):
    tried = []

    def work(key):
        tried.append(key)
        raise (Refused("no") if len(tried) == 1 else ValueError(key))

    threads = KeyedThreads("test", lambda: {"one": partial(work, "one")})
    for _ in range(3):
        threads.run()
        threads.stop()

    assert tried == ["one"] * 3
    assert "test (one) failed: no" in caplog.text
