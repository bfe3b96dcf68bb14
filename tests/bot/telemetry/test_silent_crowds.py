"""Connections that say nothing, or half of something, by the hundred: whole requests still get through."""

import asyncio
import contextlib
import http.client
import resource
import socket
import threading
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.telemetry.serving import DoorServer

SILENT = b""
HALF_A_HEAD = b"POST /v1/minutes HTTP/1.1\r\nHost: valet\r\nX-Slow: "
HALF_A_BODY = b"POST /v1/minutes HTTP/1.1\r\nHost: valet\r\nContent-Length: 1000\r\n\r\n{"


async def _answer(request: Request) -> PlainTextResponse:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:  # as the door does; else uvicorn writes a traceback for each of 700
        return PlainTextResponse("")


@pytest.fixture
def door(request) -> Iterator[DoorServer]:
    app = Starlette(routes=[Route("/v1/minutes", _answer, methods=["GET", "POST"])])
    server = DoorServer(app, "127.0.0.1", 0, **getattr(request, "param", {}))
    server.start()
    yield server
    server.stop()


@contextlib.contextmanager
def crowd(door: DoorServer, count: int, said: bytes, *, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    found = []
    try:
        for _ in range(count):
            one = socket.create_connection((door.host, door.port), timeout=30, source_address=(source, 0))
            one.sendall(said)
            found.append(one)
        yield found
    finally:
        for one in found:
            one.close()


def asks(door: DoorServer, *, source: str = "127.0.0.1") -> int:
    line = http.client.HTTPConnection(door.host, door.port, timeout=30, source_address=(source, 0))
    try:
        line.request("POST", "/v1/minutes", b"{}")
        return line.getresponse().status
    finally:
        line.close()


def is_closed(line: socket.socket) -> bool:
    line.settimeout(2)
    try:
        return line.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.slow
@pytest.mark.parametrize("said", [SILENT, HALF_A_HEAD, HALF_A_BODY], ids=["silent", "half a head", "half a body"])
@pytest.mark.parametrize("count", [300, 700])
def test_no_crowd_of_unfinished_requests_keeps_a_whole_one_out(door, said, count):
    with crowd(door, count, said):
        assert [asks(door) for _ in range(20)] == [200] * 20
        assert asks(door, source="127.0.0.2") == 200


@pytest.mark.parametrize("door", [{"grace_s": 0.0}], indirect=True)
def test_one_address_keeps_only_so_many_unfinished_connections(door):
    with crowd(door, 10, SILENT, source="127.0.0.2") as others, crowd(door, 200, SILENT) as found:
        assert asks(door) == 200
        assert is_closed(found[0])
        assert not any(each.fileno() == -1 for each in others)
        others[0].sendall(b"GET /v1/minutes HTTP/1.1\r\nHost: valet\r\nConnection: close\r\n\r\n")
        assert others[0].recv(12) == b"HTTP/1.1 200"


def test_a_burst_of_agents_behind_one_address_is_served(door):
    lines = [http.client.HTTPConnection(door.host, door.port, timeout=30) for _ in range(150)]
    for line in lines:
        line.connect()
    for line in lines:
        line.request("POST", "/v1/minutes", b"{}")

    assert [line.getresponse().status for line in lines] == [200] * 150
    for line in lines:
        line.close()


@pytest.mark.slow
def test_a_thousand_that_wait_for_their_answers_keep_nobody_out(crowded):
    door, hold = crowded
    whole = b"GET /v1/wait HTTP/1.1\r\nHost: valet\r\n\r\n"

    with crowd(door, 1100, whole) as waiting:
        statuses = [asks(door) for _ in range(20)]
        hold.set()
        answers = {line.recv(12) for line in waiting}

    assert statuses == [200] * 20
    assert answers == {b"HTTP/1.1 200"}


@pytest.fixture
def crowded() -> Iterator[tuple[DoorServer, threading.Event]]:
    """A door where some wait until they are told."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 5_000:
        pytest.skip("both ends of a thousand connections need more open files than this system lets us have")
    hold = threading.Event()

    async def wait(_: Request) -> PlainTextResponse:
        while not hold.is_set():  # noqa: ASYNC110 - it is set by another thread
            await asyncio.sleep(0.05)
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/v1/minutes", _answer, methods=["POST"]), Route("/v1/wait", wait)])
    server = DoorServer(app, "127.0.0.1", 0)
    server.start()
    yield server, hold
    hold.set()
    server.stop()
