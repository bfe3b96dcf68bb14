"""Serves the sandbox Slack without a socket: what urllib would send goes to the server's own application, and back.

Slack's client writes every request, and reads every answer, as it would over the wire. A connection and a thread for
each call would be two thirds of what a call costs; that they hold is seen in tests/live and tests/bot/sandbox.
"""

import io
import itertools
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http import HTTPStatus
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.response import addinfourl

from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.web import DROP

_served: dict[str, "_Served"] = {}
_ports = itertools.count(1)


@contextmanager
def served(slack: SandboxSlack) -> Iterator[None]:
    """Whatever this process asks of the sandbox's address is answered, until the end."""
    host = f"localhost:{next(_ports)}"
    slack.url = f"http://{host}"
    _served[host] = _Served(SandboxServer(slack).app())
    try:
        yield
    finally:
        del _served[host]


def _hang_up() -> None:
    raise RemoteDisconnected("Remote end closed connection without response")


class _Handler(urllib.request.HTTPHandler):
    """What urllib opens addresses with."""

    def http_open(self, req: urllib.request.Request) -> Any:
        """Asks a sandbox of this process, or goes out as ever."""
        near = _served.get(req.host)
        return near.answer(req) if near else super().http_open(req)


urllib.request.install_opener(urllib.request.build_opener(_Handler))


class _Served:
    """One application, which answers one call after the other, as the server's thread does."""

    def __init__(self, app: Any) -> None:
        self._app, self._lock = app, threading.Lock()

    def answer(self, request: urllib.request.Request) -> addinfourl:
        """What it answers; raises RemoteDisconnected where it hangs up instead."""
        call = _Call(request)
        with self._lock:
            call.run(self._app)
        answer = addinfourl(io.BytesIO(call.body), call.headers, request.full_url, call.status)
        answer.msg = HTTPStatus(call.status).phrase  # type: ignore[attr-defined]  # urllib looks for it there
        return answer


class _Call:
    """One request and what comes back."""

    def __init__(self, request: urllib.request.Request) -> None:
        self._sent, self.status, self.headers, self.body = request.data or b"", 0, Message(), b""
        parts = urlsplit(request.full_url)
        sent = {"host": request.host, "content-length": str(len(self._sent))} | dict(request.header_items())
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.get_method(),
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
            "server": ("localhost", 80),
            "client": ("localhost", 1),
            DROP: _hang_up,
        }

    def run(self, app: Any) -> None:
        """Drive the application to its end; it waits for nothing, so no loop is needed."""
        going = app(self._scope, self._receive, self._send)
        try:
            going.send(None)
        except StopIteration:
            return
        raise AssertionError("the sandbox waits for something while it answers")

    async def _receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": self._sent, "more_body": False}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message["headers"]:
                self.headers[name.decode("latin-1")] = value.decode("latin-1")
        else:
            self.body += message.get("body", b"")
