"""Serves the door: uvicorn in a thread of its own."""

import asyncio
import socket
from collections import Counter

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from bot.errors import Unreachable
from bot.thread_server import ThreadServer

HEAD_S = 10.0
"""A connection must bring a complete request head within this, or it is closed."""
MAX_CONNECTIONS = 512
"""Beyond this, whoever has most connections without a whole request loses the oldest of them."""
UNFINISHED_PER_ADDRESS = 64
"""So many connections of one address may be without a whole request; beyond, the oldest of them is closed."""
GRACE_S = 1.0
"""A burst of agents behind one address is no crowd of silent ones: nobody is closed sooner than this for that."""
STOP_S = 5


class _Impatient(H11Protocol):
    """Closes connections that open and say nothing, or too slowly; uvicorn itself would wait for ever."""

    head_s, grace_s = HEAD_S, GRACE_S
    opened_at = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.opened_at = self.loop.time()
        self._make_room()
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
        asked: RequestResponseCycle | None = getattr(self, "cycle", None)
        return asked is None or (asked.more_body and not asked.response_complete)

    def _make_room(self) -> None:
        """Let no crowd of silent connections keep whole requests out: Slack's clicks, agents, health."""
        unfinished = [each for each in self.connections if isinstance(each, _Impatient) and each.is_unfinished]
        count = Counter(each.address for each in unfinished)
        if count[self.address] > UNFINISHED_PER_ADDRESS:
            until = self.opened_at - self.grace_s
            self._close_oldest([each for each in unfinished if each.opened_at < until], self.address)
        if len(self.connections) > MAX_CONNECTIONS:
            self._close_oldest(unfinished, count.most_common(1)[0][0])

    @staticmethod
    def _close_oldest(found: list["_Impatient"], address: str) -> None:
        of_address = [each for each in found if each.address == address]
        if of_address:
            min(of_address, key=lambda each: each.opened_at).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
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

    def _close_if_waiting(self, answered: object) -> None:
        # Another cycle than the one answered last: a request came, and its own end starts the next wait.
        if self.cycle is answered and not self.transport.is_closing():
            self.transport.close()


class DoorServer:
    """The application on an address. `port` 0 takes a free one; `port` then says which."""

    def __init__(self, app: ASGIApp, host: str, port: int, *, head_s: float = HEAD_S, grace_s: float = GRACE_S) -> None:
        self.host = host
        self.port = port
        config = uvicorn.Config(
            app,
            http=type("_Protocol", (_Impatient,), {"head_s": head_s, "grace_s": grace_s}),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=2 * MAX_CONNECTIONS,
            timeout_graceful_shutdown=STOP_S,
        )
        self._server = ThreadServer(config, "door")

    def start(self) -> None:
        """Listen; returns once requests are answered. Raises Unreachable when the address cannot be had."""
        listener = self._listener()
        self.port = listener.getsockname()[1]
        if not self._server.start(listener):
            raise Unreachable(f"The door did not open on {self.host}:{self.port}.")

    def stop(self) -> None:
        """Stop listening, let running requests end, and wait for that."""
        self._server.stop(STOP_S + 1)

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
