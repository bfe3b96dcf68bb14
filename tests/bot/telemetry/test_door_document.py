"""The door keeps its own description: whatever is asked of an address, the answer is one that the document has."""

import hashlib
import http.client
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.clock import MINUTE_MS
from bot.domain.sharing.runs import Run
from bot.errors import Refused, Unreachable
from bot.telemetry.calendar_door import CalendarDoor
from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import Health, door
from bot.telemetry.openapi import openapi
from bot.telemetry.runs_door import RunsDoor
from bot.telemetry.serving import DoorServer
from bot.telemetry.wire import to_json
from tests.bot.telemetry.one_by_one import one_by_one
from tests.bot.telemetry.test_body import PUSH
from tests.examples import examples

DOCUMENT = openapi()
OPERATIONS = [(path, verb) for path, verbs in DOCUMENT["paths"].items() for verb in verbs]
RUN = Run("r1", "job", "true", "ml", "dgx-1", "c", "UADA", "UADA", 0)
SECRET = "s" * 43
TROUBLE: list[Exception] = []
"""What goes wrong behind the door just now."""


def behind(answer: Any) -> Any:
    if TROUBLE:
        raise TROUBLE[0]
    return answer


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    minutes = itertools.count()

    def clock() -> int:
        return next(minutes) * MINUTE_MS  # so that no quota is used up

    def host(sha256: str) -> str | None:
        return "dgx-1" if sha256 == hashlib.sha256(b"t").hexdigest() else None

    runs = RunsDoor(host, lambda _: behind([(RUN, 60)]), lambda _host, run_id, _: behind(run_id == "r1"), clock)
    app = door(
        one_by_one(lambda push, _: behind(Receipt(len(push.minutes), duplicate=False))),
        host,
        lambda: Health(ok=not TROUBLE, problems=tuple(map(str, TROUBLE))),
        more=[*runs.routes(), *CalendarDoor(lambda _: behind(b"BEGIN:VCALENDAR")).routes()],
        clock=clock,
    )
    server = DoorServer(app, "127.0.0.1", 0)
    server.start()
    yield server.port
    server.stop()


def ask(port: int, verb: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(verb.upper(), path, body, headers)
    answer = connection.getresponse()
    got = answer.status, answer.headers.get_content_type(), answer.read()
    connection.close()
    return got


TOKENS = st.sampled_from(["Bearer t", "bearer t", "Bearer", "Basic t", "Bearer other", ""])
KINDS = st.sampled_from(["application/json", "application/json; charset=utf-8", "text/plain", "", "application/xml"])
BODIES = st.sampled_from([to_json(PUSH), b'{"state": "done", "exit_code": 0}', b"", b"[]"]) | st.binary(max_size=200)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="/."), min_size=1, max_size=30)
STEPS = st.sampled_from(["r1", SECRET]) | TEXT  # a slash or dots make another address
TROUBLES = st.sampled_from([[], [], [Unreachable("The database is locked.")], [Refused("No.")]])


@pytest.mark.slow
@settings(max_examples=examples(400), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(OPERATIONS), STEPS, TOKENS, KINDS, BODIES, TROUBLES)
def test_every_answer_is_one_that_the_document_has(port, operation, step, token, kind, body, trouble):
    path, verb = operation
    if verb == "get" or path != "/v1/minutes":
        trouble = [each for each in trouble if isinstance(each, Unreachable)]
    TROUBLE[:] = trouble
    real = path.replace("{run_id}", quote(step, safe="")).replace("{secret}", quote(step, safe=""))

    status, got, answer = ask(port, verb, real, body, {"Authorization": token, "Content-Type": kind})

    known = DOCUMENT["paths"][path][verb]["responses"]
    assert str(status) in known, (real, status, answer)
    content = known.get(str(status), {}).get("content", {})
    assert not content or got in content
    schema = content.get("application/json", {}).get("schema")
    if schema:
        jsonschema.validate(json.loads(answer), schema | {"components": DOCUMENT["components"]})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("verb", ["get", "post", "put", "delete", "patch"])
def test_what_the_document_does_not_have_is_not_there(port, operation, verb):
    path, _ = operation
    if verb not in DOCUMENT["paths"][path]:
        assert ask(port, verb, path.replace("{run_id}", "r1"), b"{}", {"Authorization": "Bearer t"})[0] == 405
