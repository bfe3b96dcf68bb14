"""Whatever arrives, the door answers with a refusal, never a fault, and goes on."""

import contextlib
import copy
import http.client
import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import DoorLimits, Health, door
from bot.telemetry.serving import DoorServer
from bot.telemetry.wire import MINUTES_PATH, to_json
from tests.bot.telemetry.one_by_one import one_by_one
from tests.bot.telemetry.test_body import PUSH
from tests.examples import examples

HEADERS = {"Authorization": "Bearer t", "Content-Type": "application/json"}
GOOD = json.loads(to_json(PUSH))
FUZZ = settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", params=[False, True], ids=["httptools", "h11"])
def port(request):
    app = door(
        one_by_one(lambda push, _: Receipt(len(push.minutes), duplicate=False)),
        lambda _: "dgx-1",
        lambda: Health(ok=True),
        limits=DoorLimits(pushes_per_minute=10**9, body_s=1.0),
    )
    if not request.param:
        pytest.importorskip("httptools", reason="the door goes on h11 without it")
    server = DoorServer(app, "127.0.0.1", 0, plain=request.param)
    server.start()
    yield server.port
    server.stop()


def _post(port, body):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", MINUTES_PATH, body, HEADERS)
        response = connection.getresponse()
        return response.status, response.read()


def _is_alive(port):
    return _post(port, to_json(PUSH))[0] == 200


@FUZZ
@given(st.binary(max_size=2000))
def test_arbitrary_bytes_are_refused(port, body):
    status, answer = _post(port, body)

    assert status == 400
    assert list(json.loads(answer)) == ["error"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)


@FUZZ
@given(JSON)
def test_arbitrary_json_is_refused(port, document):
    status, _ = _post(port, json.dumps(document).encode())

    assert status in {400, 409}


def _places(document, way=()):
    yield way
    items = (
        document.items() if isinstance(document, dict) else enumerate(document if isinstance(document, list) else ())
    )
    for key, value in items:
        yield from _places(value, (*way, key))


PLACES = [way for way in _places(GOOD) if way]


@FUZZ
@given(st.sampled_from(PLACES), JSON)
def test_a_good_push_with_one_wrong_spot_is_taken_or_refused(port, way, value):
    document = copy.deepcopy(GOOD)
    spot = document
    for step in way[:-1]:
        spot = spot[step]
    spot[way[-1]] = value

    status, _ = _post(port, json.dumps(document).encode())

    assert status in {200, 400, 403, 409}


@settings(FUZZ, max_examples=examples(100))
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"POST /v1/minutes HTTP/1.1\r\n", b"GET /metrics HTTP/1.1\r\nHost: x\r\n"]),
)
def test_arbitrary_lines_do_not_stop_the_door(port, garbage, start):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(start + garbage)
        line.shutdown(socket.SHUT_WR)
        back = line.recv(100)

    assert not back.startswith(b"HTTP/1.1 5")
    assert _is_alive(port)


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ",
        b"GET /",
        b"POST /v1/minutes HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-After: ",
    ],
    ids=["header", "address", "trailer"],
)
def test_what_has_no_end_is_cut_off(port, endless):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(endless)
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                line.sendall(b"x" * 64 * 1024)
        with contextlib.suppress(ConnectionError):
            while line.recv(65536):
                pass

    assert _is_alive(port)
