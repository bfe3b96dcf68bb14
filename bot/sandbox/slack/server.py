"""The sandbox Slack on a port of this machine: uvicorn in a thread of its own."""

import asyncio
import errno
import os
import socket
from email.utils import formatdate
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.domain.clock import Clock
from bot.errors import Unreachable
from bot.sandbox.slack import page, web
from bot.sandbox.slack.app import no_listener
from bot.sandbox.slack.link import Link
from bot.sandbox.slack.sandbox import SandboxSlack
from bot.thread_server import ThreadServer

LOOPBACK = "127.0.0.1"
_NAMES = ("127.0.0.1", "localhost")


class SandboxServer:
    """Serves one sandbox; `deliver` of the sandbox becomes the app's socket unless it was set before."""

    def __init__(self, slack: SandboxSlack, port: int = 0) -> None:
        self.slack = slack
        self.link = Link(slack)
        self._port = port
        self._waiting = page.Waiting(slack)
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it is: the page's address, and with /api/ behind it the base_url of a WebClient."""
        return self.slack.url

    @property
    def api_url(self) -> str:
        """The base_url of a WebClient."""
        return f"{self.slack.url}/api/"

    def start(self) -> "SandboxServer":
        """Listen on 127.0.0.1, port 0 meaning any free one; returns once calls are answered."""
        try:
            listening = socket.create_server((LOOPBACK, self._port))
        except OSError as error:
            why = "it is in use" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
            raise Unreachable(f"Port {self._port} can't be had: {why}. Try another one.") from None
        self.slack.url = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        # A callable set by a test stays; everybody else talks over the socket.
        if self.slack.deliver is no_listener:
            self.slack.deliver = self.link.deliver
        config = uvicorn.Config(
            self.app(),
            http=_Droppable,
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            date_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config, self._waiting)
        self._server.start(listening)
        return self

    def stop(self) -> None:
        """Hang up on everybody and wait for the thread to end."""
        if self._server:
            self._server.stop(10)
        self._server = None
        if self.slack.deliver == self.link.deliver:
            self.slack.deliver = no_listener

    def __enter__(self) -> "SandboxServer":
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def app(self) -> ASGIApp:
        """What answers: Slack's API, its page, and the socket."""
        inner = Starlette(
            routes=[
                *web.web_routes(self.slack),
                *page.page_routes(self.slack, self._waiting),
                WebSocketRoute("/link/", self.link.serve),
                *self.slack.extra_routes,
            ]
        )
        return _Guard(inner, self.slack.clock)


class _Guard:
    """Lets in only what was addressed to this machine by name, and by no other site's page."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_ours(Headers(scope=scope)):
            # Before a WebSocket is accepted, an HTTP answer of ours becomes a plain refusal.
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse("Only for this machine.", status_code=403)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock() / 1000, usegmt=True)
                MutableHeaders(scope=message).update({**page.HEADERS, "date": date})
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)


def _is_ours(headers: Headers) -> bool:
    host = headers.get("host", "")
    if host.rsplit(":", 1)[0] not in _NAMES:
        return False
    origin = headers.get("origin")
    return origin is None or origin == f"http://{host}"


class _Droppable(H11Protocol):
    """Uvicorn's HTTP, which lets an endpoint close the connection without an answer."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope[web.DROP] = transport.abort
            await inner(scope, receive, send)

        self.app = app


class _Server(ThreadServer):
    def __init__(self, config: uvicorn.Config, waiting: page.Waiting) -> None:
        super().__init__(config, "sandbox-slack")
        self._waiting = waiting

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._waiting.stop()
        await asyncio.sleep(0)
        await super().shutdown(sockets)
