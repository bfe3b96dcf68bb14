"""Deliveries are kept by the group, in their order, and answered once they are; none costs another anything."""

import hashlib
import http.client
import json
import threading
import time
from contextlib import closing
from dataclasses import replace

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.errors import Refused, UnknownToken, Unreachable
from bot.telemetry.deliveries import GROUP_MOST, Receipt
from bot.telemetry.door import DoorLimits, Health, door
from bot.telemetry.serving import DoorServer
from bot.telemetry.wire import to_json
from tests.bot.telemetry.test_body import PUSH

TOKENS = {hashlib.sha256(f"token-{number}".encode()).hexdigest(): f"dgx-{number}" for number in range(100)}
KEPT = (200, {"stored": 1, "duplicate": False})


class SlowBot:
    """Keeps groups of deliveries; the first of them takes until it is told to go on."""

    def __init__(self):
        self.groups = []
        self.has_begun, self.goes_on = threading.Event(), threading.Event()
        self.becomes = {}
        """What becomes of hosts instead."""
        self.error = None

    def receive(self, deliveries):
        self.groups.append([each.push for each in deliveries])
        self.has_begun.set()
        assert self.goes_on.wait(20)
        if self.error:
            raise self.error
        return [
            self.becomes.get(each.push.host, Receipt(len(each.push.minutes), duplicate=False)) for each in deliveries
        ]


@pytest.fixture
def bot():
    made = SlowBot()
    yield made
    made.goes_on.set()


@pytest.fixture
def port(bot):
    slack = Route("/slack/events", lambda _: PlainTextResponse("ok"), methods=["POST"])
    limits = DoorLimits(pushes_per_minute=10_000, most_deliveries=90)
    server = DoorServer(
        door(bot.receive, TOKENS.get, lambda: Health(ok=True), more=[slack], limits=limits), "127.0.0.1", 0
    )
    server.start()
    yield server.port
    bot.goes_on.set()
    server.stop()


class Agents:
    """Deliver at once, each on a thread of its own."""

    def __init__(self, port):
        self.port = port
        self.answers = {}
        self._threads = []

    def deliver(self, number, body=None, *, seq=1):
        thread = threading.Thread(target=self._deliver, args=(number, body, seq))
        thread.start()
        self._threads.append(thread)

    def _deliver(self, number, body, seq):
        self.answers[number, seq] = post(self.port, number, body or told(number, seq))

    def done(self):
        for thread in self._threads:
            thread.join(20)
        return self.answers


def told(number, seq=1):
    return to_json(replace(PUSH, host=f"dgx-{number}", seq=seq))


def post(port, number, body, path="/v1/minutes"):
    headers = {"Authorization": f"Bearer token-{number}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request("POST", path, body, headers)
        answer = line.getresponse()
        said = answer.read()
        after = answer.headers["Retry-After"]
    return (
        (answer.status, int(after)) if after else (answer.status, json.loads(said) if path == "/v1/minutes" else said)
    )


def get(port, path):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read().decode()


def waits_for(port, count):
    """Until so many deliveries have come in."""
    deadline = time.monotonic() + 20
    while f"valet_door_waiting {count}.0" not in get(port, "/metrics")[1]:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_comes_while_a_group_is_written_is_the_next(port, bot):
    agents = Agents(port)
    agents.deliver(0)
    bot.has_begun.wait(20)
    for number in range(1, 20):
        agents.deliver(number)
    waits_for(port, 20)
    assert agents.answers == {}
    bot.goes_on.set()

    assert set(map(str, agents.done().values())) == {str(KEPT)}
    assert [len(group) for group in bot.groups] == [1, 19]


def test_one_hosts_deliveries_keep_their_order(port, bot):
    agents = Agents(port)
    agents.deliver(0)
    bot.has_begun.wait(20)
    for seq in range(1, 6):
        agents.deliver(1, seq=seq)
        waits_for(port, 1 + seq)
    bot.goes_on.set()
    agents.done()

    assert [push.seq for push in bot.groups[1]] == [1, 2, 3, 4, 5]


def test_a_group_has_an_end(port, bot):
    agents = Agents(port)
    agents.deliver(0)
    bot.has_begun.wait(20)
    for number in range(1, 85):
        agents.deliver(number)
    waits_for(port, 85)
    bot.goes_on.set()
    agents.done()

    assert [len(group) for group in bot.groups] == [1, GROUP_MOST, 84 - GROUP_MOST]


def test_what_becomes_of_one_is_nothing_to_the_others(port, bot):
    bot.becomes = {
        "dgx-2": UnknownToken("The token is missing or unknown."),
        "dgx-3": Refused("dgx-3 was retired."),
        "dgx-4": ZeroDivisionError("secret insides"),
    }
    agents = Agents(port)
    agents.deliver(0)
    bot.has_begun.wait(20)
    for number, body in ((1, None), (2, None), (3, None), (4, None), (5, b"{"), (6, told(7))):
        agents.deliver(number, body)
    waits_for(port, 7)
    bot.goes_on.set()
    answers = {number: answer for (number, _), answer in agents.done().items()}

    assert (answers[0], answers[1]) == (KEPT, KEPT)
    assert [answers[number][0] for number in range(2, 7)] == [401, 409, 500, 400, 403]
    assert answers[3][1] == {"error": "dgx-3 was retired."}
    assert {push.host for push in bot.groups[1]} == {"dgx-1", "dgx-2", "dgx-3", "dgx-4"}


def test_a_store_that_can_keep_nothing_is_said_to_each(port, bot):
    bot.error = Unreachable("The disk is full.")
    agents = Agents(port)
    agents.deliver(0)
    bot.has_begun.wait(20)
    for number in range(1, 4):
        agents.deliver(number)
    waits_for(port, 4)
    bot.goes_on.set()

    assert {number: answer for (number, _), answer in agents.done().items()} == dict.fromkeys(range(4), (503, 30))
    bot.error = None
    assert post(port, 1, told(1)) == KEPT


def test_a_token_that_was_good_is_asked_for_again_once_it_is_not(port, bot):
    bot.goes_on.set()
    known = post(port, 1, told(1))
    bot.becomes = {"dgx-1": UnknownToken("The token is missing or unknown.")}
    revoked = post(port, 1, told(1))
    again = post(port, 1, told(1))
    bot.becomes = {}
    anew = post(port, 1, told(1))

    assert (known, anew) == (KEPT, KEPT)
    assert (revoked[0], again[0]) == (401, 401)


def test_no_crowd_of_agents_keeps_slack_or_the_health_check_out(port, bot):
    agents = Agents(port)
    agents.deliver(0)
    bot.has_begun.wait(20)
    for number in range(1, 90):
        agents.deliver(number)
    waits_for(port, 90)

    status, after = post(port, 99, told(99))
    slack = [post(port, 0, b"", "/slack/events") for _ in range(5)]
    health = get(port, "/healthz")[0]
    bot.goes_on.set()

    assert status == 503
    assert 15 <= after <= 60
    assert slack == [(200, b"ok")] * 5
    assert health == 200
    assert set(map(str, agents.done().values())) == {str(KEPT)}
