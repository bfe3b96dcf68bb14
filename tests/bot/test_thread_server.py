"""A server in a thread: it renews its date while it serves, and lets what is running end when it stops."""

import socket
import threading
import urllib.request

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.thread_server import ThreadServer

asked, may_answer = threading.Event(), threading.Event()


def slow(_request: Request) -> PlainTextResponse:
    asked.set()
    may_answer.wait(10)
    return PlainTextResponse("done")


class Ticking(ThreadServer):
    tick_s = 0.001
    ticks = 0

    def __init__(self) -> None:
        app = Starlette(routes=[Route("/", slow)])
        super().__init__(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=5), "ticking")
        self.has_ticked = threading.Event()

    async def on_tick(self, counter: int) -> bool:
        self.ticks += 1
        if self.ticks == 3:
            self.has_ticked.set()
        return await super().on_tick(counter)


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_the_date_of_answers_is_renewed_while_it_serves():
    server = Ticking()
    assert server.start(listening())
    assert server.has_ticked.wait(10)
    server.stop(10)


def test_a_stopped_server_lets_a_running_request_end_and_takes_no_other():
    asked.clear()
    may_answer.clear()
    server, listener = Ticking(), listening()
    url = "http://{}:{}/".format(*listener.getsockname())
    assert server.start(listener)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(url, timeout=10).read()))
    asking.start()
    assert asked.wait(10)
    stopping = threading.Thread(target=server.stop, args=(10,))
    stopping.start()
    while listener.fileno() >= 0:
        stopping.join(0.001)
    may_answer.set()
    stopping.join(10)
    asking.join(10)
    assert answers == [b"done"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=10)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_cannot_listen_says_so_at_once():
    closed = listening()
    closed.close()
    assert not Ticking().start(closed)
