"""Runs at the door: a host sees and tells of its own runs only; whatever else comes is refused with a sentence."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.clock import system_clock
from bot.domain.sharing.runs import RUN_TAIL_CHARS, Run, RunLook
from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import Health, door
from bot.telemetry.runs_door import RunsDoor
from bot.telemetry.serving import DoorServer
from tests.bot.telemetry.one_by_one import one_by_one

RUN = Run("r1", "job", "true", "ml", "dgx-1", "c", "UADA", "UADA", 0)
TOLD: list[tuple[str, str, RunLook]] = []


@pytest.fixture
def port() -> Iterator[int]:
    TOLD.clear()

    def reported(host: str, run_id: str, seen: RunLook) -> bool:
        TOLD.append((host, run_id, seen))
        return run_id == "r1"

    runs = RunsDoor(lambda _: "dgx-1", lambda host: [(RUN, 60)] if host == "dgx-1" else [], reported, system_clock)
    nothing = one_by_one(lambda *_: Receipt(0, duplicate=False))
    app = door(nothing, lambda _: None, lambda: Health(ok=True), more=runs.routes())
    server = DoorServer(app, "127.0.0.1", 0)
    server.start()
    yield server.port
    server.stop()


def ask(port: int, method: str, path: str, body: Any = None, token: str = "Bearer x") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": token, "Content-Type": "application/json"}
    connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body), headers)
    response = connection.getresponse()
    said = json.loads(response.read())
    connection.close()
    return response.status, said


def test_a_host_gets_its_runs_with_the_seconds_they_have_left(port):
    assert ask(port, "GET", "/v1/runs") == (200, {"runs": [{"id": "r1", "command": "true", "seconds": 60}]})


def test_what_it_tells_is_kept_with_the_end_of_the_output(port):
    told = {"state": "done", "exit_code": 3, "tail": "a\u001b[31mb\nlast", "reason": ""}

    assert ask(port, "POST", "/v1/runs/r1", told) == (200, {"known": True})
    assert [("dgx-1", "r1", RunLook("done", 3, "a[31mb\nlast"))] == TOLD
    ask(port, "POST", "/v1/runs/r1", told | {"tail": "x" * 4_000})
    assert len(TOLD[-1][2].tail) <= RUN_TAIL_CHARS


@pytest.mark.parametrize(
    "body",
    [b"{", {}, [], {"state": "won"}, {"state": "done", "exit_code": 900}, {"state": "done", "tail": "x" * 5_000}],
)
def test_what_makes_no_sense_is_refused(port, body):
    assert ask(port, "POST", "/v1/runs/r1", body) == (400, {"error": "The report is malformed."})
    assert TOLD == []


def test_a_run_of_another_host_and_a_missing_token_are_refused(port):
    assert ask(port, "POST", "/v1/runs/r2", {"state": "done"}) == (404, {"error": "There is nothing at this address."})
    assert ask(port, "GET", "/v1/runs", token="")[0] == 401


def test_too_many_questions_are_told_to_wait(port):
    answers = [ask(port, "GET", "/v1/runs")[0] for _ in range(70)]

    assert answers[0] == 200
    assert answers[-1] == 429
