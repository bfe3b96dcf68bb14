"""Serves the door: uvicorn in a thread of its own, on httptools where that is installed."""

import asyncio
import importlib.util
import resource
import socket
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.errors import Unreachable
from bot.telemetry.tls import Certificates, behind_tls
from bot.thread_server import ThreadServer

if TYPE_CHECKING:
    _Http = H11Protocol
else:
    _Http = object  # what it is mixed into is one of uvicorn's two

HEAD_S = 10.0
"""A connection must bring a complete request head within this, or it is closed."""
MAX_UNFINISHED = 512
"""Beyond this, whoever has most connections without a whole request loses the oldest of them."""
UNFINISHED_PER_ADDRESS = 64
"""So many connections of one address may be without a whole request; beyond, the oldest of them is closed."""
GRACE_S = 1.0
"""A burst of agents behind one address is no crowd of silent ones: nobody counts as unfinished sooner than this."""
MAX_CONNECTIONS = 8192
"""In all, where the system lets a process have twice as many open files."""
HEAD_BYTES = 64 * 1024
OVERHEAD_BYTES = 2 * 1024 * 1024
"""What httptools takes in beside heads and bodies, such as the ends of pieces, without an end of its own."""
STOP_S = 5


class Crowd:
    """Connections of one server that are there for a while and have not brought a whole request, by address."""

    def __init__(self) -> None:
        self.every: dict[_Impatient, None] = {}
        """All that are open, whether or not somebody waits for an answer there, those that are there longest first."""
        self._by_address: dict[str, dict[_Impatient, None]] = defaultdict(dict)
        self._count = 0

    def join(self, one: "_Impatient") -> None:
        """It still has not brought one; where they are too many, the oldest of whoever has most must go."""
        mine = self._by_address[one.address]
        self._count += one not in mine
        mine[one] = None
        if len(mine) > UNFINISHED_PER_ADDRESS:
            self.close_oldest(one.address)
        elif self._count > MAX_UNFINISHED:
            self.close_oldest(max(self._by_address, key=lambda address: len(self._by_address[address])))

    def leave(self, one: "_Impatient") -> None:
        """It has brought one, or is gone."""
        mine = self._by_address[one.address]
        self._count -= one in mine
        mine.pop(one, None)
        if not mine:
            del self._by_address[one.address]

    def close_oldest(self, address: str) -> None:
        """Abort the one that is there longest."""
        oldest = next(iter(self._by_address[address]))
        self.leave(oldest)
        oldest.transport.abort()

    def make_room(self) -> None:
        """A last resort, before the system has no more files: the oldest that nobody waits at, however young."""
        unfinished = next((each for each in self.every if each.is_unfinished), None)
        if unfinished is not None:
            unfinished.transport.abort()


class _Impatient(_Http):
    """Closes connections that open and say nothing, or too slowly; uvicorn itself would wait for ever."""

    head_s, grace_s = HEAD_S, GRACE_S
    most_connections = MAX_CONNECTIONS
    crowd: Crowd
    """Of the server."""
    _timer: asyncio.TimerHandle | None = None
    _grace: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.crowd.every[self] = None
        if len(self.crowd.every) > self.most_connections:
            self.crowd.make_room()
        self._expect_request(None)

    @property
    def address(self) -> str:
        """Where it comes from; one for all that come by a proxy."""
        return self.client[0] if self.client else ""

    @property
    def is_unfinished(self) -> bool:
        """It has not brought a whole request yet: nobody waits for an answer there."""
        if self.transport.is_closing():
            return False
        asked: Any = getattr(self, "cycle", None)
        return asked is None or (asked.more_body and not asked.response_complete)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_unfinished:
            self._leave_crowd()
        elif self._grace is None:
            self._grace = self.loop.call_later(self.grace_s, self._join_crowd)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.crowd.every.pop(self, None)
        self._leave_crowd()
        if self._timer is not None:
            self._timer.cancel()

    def on_response_complete(self) -> None:
        answered = self.cycle
        super().on_response_complete()
        self._expect_request(answered)

    def _expect_request(self, answered: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self.head_s, self._close_if_waiting, answered)
        if self._grace is not None:
            self._grace.cancel()
        # What it has said by then is read before this is called, however busy the loop is.
        self._grace = self.loop.call_later(self.grace_s, self._join_crowd)

    def _join_crowd(self) -> None:
        self._grace = None
        if self.is_unfinished:
            self.crowd.join(self)

    def _leave_crowd(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        self.crowd.leave(self)

    def _close_if_waiting(self, answered: object) -> None:
        # Another cycle than the one answered last: a request came, and its own end starts the next wait.
        if self.cycle is answered and not self.transport.is_closing():
            self.transport.close()


def _protocol(*, plain: bool, head_s: float, grace_s: float) -> type[asyncio.Protocol]:
    """A protocol of one server."""
    is_fast = not plain and importlib.util.find_spec("httptools") is not None
    limits = {"head_s": head_s, "grace_s": grace_s, "most_connections": most_connections(), "crowd": Crowd()}
    return type("_Protocol", (_Impatient, _bounded_httptools() if is_fast else H11Protocol), limits)


def _bounded_httptools() -> type:
    """Uvicorn's protocol on httptools, which sets no bounds of its own to heads, as h11 does."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class _Bounded(HttpToolsProtocol):
        _in_head, _beside = True, 0

        def data_received(self, data: bytes) -> None:
            self._beside += len(data)
            super().data_received(data)
            if self._beside > (HEAD_BYTES if self._in_head else OVERHEAD_BYTES) and not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")

        def on_message_begin(self) -> None:
            self._in_head = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head, self._beside = False, 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self._beside = max(0, self._beside - len(body))
            super().on_body(body)

        def on_message_complete(self) -> None:
            self._in_head, self._beside = True, 0
            super().on_message_complete()

    return _Bounded


def most_connections() -> int:
    """Half of the files that the system lets this process have open, and no more than `MAX_CONNECTIONS`."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, soft // 2)


class DoorServer:
    """The application on an address. `port` 0 takes a free one; `port` then says which. `plain`: without httptools."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        certificates: Certificates | None = None,
        head_s: float = HEAD_S,
        grace_s: float = GRACE_S,
        plain: bool = False,
        beside: "DoorServer | None" = None,
    ) -> None:
        self.beside = beside
        """Opens and closes with it."""
        self.host = host
        self.port = port
        config = uvicorn.Config(
            app,
            http=behind_tls(_protocol(plain=plain, head_s=head_s, grace_s=grace_s), certificates, head_s),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
        )
        self._server = ThreadServer(config, "door")

    def start(self) -> None:
        """Listen; returns once requests are answered. Raises Unreachable when the address cannot be had."""
        listener = self._listener()
        self.port = listener.getsockname()[1]
        if not self._server.start(listener):
            raise Unreachable(f"The door did not open on {self.host}:{self.port}.")
        if self.beside is not None:
            self.beside.start()

    def stop(self) -> None:
        """Stop listening, let running requests end, and wait for that."""
        self._server.stop(STOP_S + 1)
        if self.beside is not None:
            self.beside.stop()

    def _listener(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # With the protocol left at 0, asyncio does not see TCP and leaves Nagle's delay on: 40 ms an answer.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except OSError as error:
            listener.close()
            raise Unreachable(f"The door cannot listen on {self.host}:{self.port}: {error.strerror}.") from error
        return listener
