"""A start on a large database: the door is open at once, and nothing is decided or done until it was looked through."""

import http.client
import json
import threading
from dataclasses import replace

import pytest

from bot.domain.clock import DAY_MS
from bot.sandbox.machines import SandboxFleet
from bot.sandbox.slack.people import ADA, BOB
from bot.services.acting import approvals
from bot.services.context import Context
from bot.services.machines import fleet as fleet_service
from bot.settings import Secrets, parse
from bot.wiring import build_valet
from store import Store
from store.acting import actions
from store.database import sqlite_version, wal_is_safe
from tests.opening import open_store
from tests.stories.conftest import SETTINGS

pytestmark = pytest.mark.skipif(not wal_is_safe(sqlite_version()), reason="with the rollback journal it looks first")
NOTHING_YET = "the database is being looked through, and until that is done no machine is touched and nothing is posted"


@pytest.fixture
def fleet(clock):
    made = SandboxFleet(clock)
    made._put(replace(made.named("train-7"), state="stopped", stopped_at=clock() - DAY_MS))
    return made


@pytest.fixture
def valet(tmp_path, clock, fleet):
    """As `valet run` opens it, with an approved start that nobody has carried out before the last end."""
    path, settings = tmp_path / "valet.db", parse(SETTINGS | {"door": {"port": 0}}, {})
    before = open_store(path)
    ctx = Context(before, clock, settings, {"ec2": fleet}, settings.roster)
    fleet_service.sweep(ctx)
    action = approvals.ask_to_start(ctx, fleet.named("train-7").id, ADA)
    approvals.decide(ctx, action.id, BOB, yes=True)
    before.close()
    secrets = Secrets("xoxb-none", "", "8f742231b10e8888abcd99yyyzzz85a5", "http://127.0.0.1:9/api/")
    store = Store(path, keeper=True, durable=False, examines_later=True)
    made = build_valet(settings, secrets, store, clock=clock, providers={"ec2": fleet}, pace_s=0)
    yield made
    made.over.set()
    made.schedule.stop()
    made.door.stop()
    made.slack_app.executor.shutdown(wait=True)
    store.close()


def job(valet, name):
    return next(each for each in valet.schedule._jobs if each.name == name)


def is_approved(valet):
    return len(actions.in_state(valet.ctx.store.reading(), "approved")) == 1


def health(valet):
    line = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    line.request("GET", "/healthz")
    problems = json.loads(line.getresponse().read())["problems"]
    line.close()
    return problems


def carry_out(valet):
    valet.executor_worker._once()
    valet.action_threads.stop()


@pytest.mark.slow
def test_what_was_approved_waits_until_the_database_was_looked_through(valet, fleet):
    carry_out(valet)
    waited = is_approved(valet), fleet.named("train-7").state

    valet.schedule.run(job(valet, "examine database"))
    carry_out(valet)

    assert waited == (True, "stopped")
    assert not is_approved(valet)
    assert fleet.named("train-7").state != "stopped"


def test_jobs_that_decide_wait_and_those_that_look_do_not(valet):
    deciding = threading.Thread(target=valet.schedule.run, args=(job(valet, "claims"),))
    deciding.start()
    valet.schedule.run(job(valet, "sweep"))
    valet.schedule.run(job(valet, "database"))
    waits = deciding.is_alive()

    valet.schedule.run(job(valet, "examine database"))
    deciding.join(10)

    assert waits
    assert not deciding.is_alive()


def test_the_door_is_open_meanwhile_and_says_so(valet):
    valet.door.start()
    before = health(valet)
    valet.schedule.run(job(valet, "examine database"))
    after = health(valet)

    assert NOTHING_YET in before
    assert NOTHING_YET not in after
