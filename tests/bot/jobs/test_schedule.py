"""The tick table keeps ticking, whatever one of its jobs does."""

import threading

from bot.domain.clock import MINUTE_MS
from bot.jobs.schedule import Job, Schedule


def broken():
    raise ZeroDivisionError("a job with a bug")


def test_every_job_runs_once_right_away_on_a_thread_of_its_own(clock):
    ran = {}
    over = threading.Barrier(3)

    def note(name):
        ran[name] = threading.get_ident()
        over.wait(10)

    schedule = Schedule([Job("sweep", 3600, lambda: note("sweep")), Job("judge", 3600, lambda: note("judge"))], clock)
    schedule.start()
    over.wait(10)
    schedule.stop()

    assert ran.keys() == {"sweep", "judge"}
    assert len(set(ran.values())) == 2


def test_a_schedule_that_ends_waits_for_the_job_that_runs(clock):
    begun, may_end, ended = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        may_end.wait(10)
        ended.append("work")

    schedule = Schedule([Job("work", 3600, work)], clock)
    schedule.start()
    begun.wait(10)
    threading.Timer(0.05, may_end.set).start()
    schedule.stop()

    assert ended == ["work"]


def test_a_job_that_fails_is_logged_and_holds_up_no_other(clock, caplog):
    ran = []
    schedule = Schedule([Job("sweep", 60, broken), Job("judge", 60, lambda: ran.append("judge"))], clock)

    schedule.run_all()

    assert ran == ["judge"]
    assert "job sweep failed" in caplog.text


def test_a_job_grows_old_from_its_last_good_end(clock):
    job = Job("sweep", 60, lambda: None)
    schedule = Schedule([job], clock)
    schedule.run(job)

    clock.forward(7 * MINUTE_MS)

    assert schedule.ages() == {"sweep": 7 * MINUTE_MS}


def test_a_job_that_never_comes_to_an_end_grows_old_from_the_start(clock):
    schedule = Schedule([Job("sweep", 3600, broken)], clock)
    schedule.start()
    clock.forward(7 * MINUTE_MS)
    schedule.stop()

    assert schedule.ages() == {"sweep": 7 * MINUTE_MS}


def test_a_schedule_that_never_began_ends_quietly(clock):
    Schedule([Job("sweep", 60, broken)], clock).stop()


def test_only_what_is_due_runs_again_but_what_was_left_out(clock):
    ran = []
    table = [("sweep", 60), ("budgets", 600), ("forecasts", 60)]
    schedule = Schedule([Job(name, every, lambda name=name: ran.append(name)) for name, every in table], clock)

    schedule.run_due()
    clock.forward(5 * MINUTE_MS)
    schedule.run_due(but=("forecasts",))
    clock.forward(5 * MINUTE_MS)
    schedule.run_due()

    assert ran == ["sweep", "budgets", "forecasts", "sweep", "sweep", "budgets", "forecasts"]


def test_jobs_wait_until_the_time_is_known_and_none_is_left_out(clock):
    sure = threading.Event()
    begun = {"database": threading.Event(), "claims": threading.Event()}
    schedule = Schedule([Job(name, 3600, begun[name].set) for name in begun], clock, sure.is_set)
    schedule.start()
    assert begun["database"].wait(10)
    assert not begun["claims"].is_set()

    sure.set()

    assert begun["claims"].wait(10)
    schedule.stop()


def test_a_schedule_ends_while_the_time_is_not_known(clock):
    schedule = Schedule([Job("claims", 3600, lambda: 1 / 0)], clock, lambda: False)
    schedule.start()

    schedule.stop()
