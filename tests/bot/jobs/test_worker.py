"""A worker works when woken, now and then anyway, and sooner when its work asks for it."""

import threading

from bot.jobs.worker import Worker


class Work:
    """Counts how often it was done, and fails or asks as told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.done = threading.Semaphore(0)
        self.count = 0

    def __call__(self):
        self.count += 1
        self.done.release()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def happens(self, times=1):
        return all(self.done.acquire(timeout=10) for _ in range(times))


def working(work, period_s=3600.0):
    worker = Worker("test", work, period_s)
    worker.start()
    return worker


def test_it_works_at_once_and_whenever_it_is_woken():
    work = Work()
    worker = working(work)

    assert work.happens()
    worker.wake()
    assert work.happens()
    worker.stop()


def test_it_works_now_and_then_unasked():
    work = Work()
    worker = working(work, 0.01)

    assert work.happens(3)
    worker.stop()


def test_work_that_asks_to_go_on_is_done_again_soon():
    work = Work(0.01, 0.01)
    worker = working(work)

    assert work.happens(3)
    worker.stop()
    assert work.count == 3


def test_a_failure_is_logged_and_does_not_end_it(caplog):
    work = Work(ZeroDivisionError("a bug"))
    worker = working(work, 0.01)

    assert work.happens(2)
    worker.stop()
    assert "test failed" in caplog.text


def test_a_wake_during_work_is_not_lost():
    begun, go_on = threading.Event(), threading.Event()
    rounds = threading.Semaphore(0)

    def work():
        rounds.release()
        begun.set()
        go_on.wait(10)

    worker = working(work)
    begun.wait(10)
    worker.wake()
    go_on.set()

    assert rounds.acquire(timeout=10)
    assert rounds.acquire(timeout=10)
    worker.stop()


def test_stopping_lets_the_work_under_way_end():
    begun, ended = threading.Event(), []

    def work():
        begun.set()
        threading.Event().wait(0.2)
        ended.append(True)

    worker = working(work)
    begun.wait(10)
    worker.stop()

    assert ended == [True]


def test_one_that_never_began_ends_quietly():
    Worker("test", Work(), 1).stop()
