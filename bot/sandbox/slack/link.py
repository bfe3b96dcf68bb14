"""Socket Mode: the WebSocket an app holds open, the envelopes sent over it, and their acknowledgements."""

import asyncio
import json
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TimedOut
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.errors import Unreachable
from bot.sandbox.slack import limits
from bot.sandbox.slack.records import APP_ID, Json
from bot.sandbox.slack.world import SlackWorld


class Link:
    """All open sockets of the app; envelopes go to them in turn."""

    def __init__(self, world: SlackWorld, *, seconds: float = limits.ACK_SECONDS) -> None:
        self._world = world
        self.seconds = seconds
        self.patience_s = 0.0
        """How long an envelope waits for a socket where none is open; Slack itself does not wait."""
        self._lock = threading.Lock()
        self._opened = threading.Condition(self._lock)
        self._sockets: list[WebSocket] = []
        self._pending: dict[str, Future[Json | None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        with self._lock:
            return len(self._sockets)

    def wait_for_app(self) -> None:
        """Return once the app is connected, or patience is over."""
        with self._opened:
            self._opened.wait_for(lambda: self._sockets, timeout=self.patience_s)

    async def serve(self, socket: WebSocket) -> None:
        """Say hello, then take acknowledgements until the app hangs up."""
        self._loop = asyncio.get_running_loop()
        await socket.accept()
        with self._lock:
            self._sockets.append(socket)
            count = len(self._sockets)
            self._opened.notify_all()
        hello = {"type": "hello", "num_connections": count, "connection_info": {"app_id": APP_ID}}
        hello["debug_info"] = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060}
        try:
            await socket.send_text(json.dumps(hello))
            while True:
                self._take(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # gone, closed by us, or not speaking text: either way this socket is over
        finally:
            with self._lock:
                self._sockets.remove(socket)

    def _take(self, said: str) -> None:
        try:
            answer: Any = json.loads(said)
        except ValueError:
            return
        with self._lock:
            waiting = self._pending.pop(str(answer.get("envelope_id")), None) if isinstance(answer, dict) else None
        if waiting:
            payload = answer.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) and payload else None)

    def deliver(self, kind: str, payload: Json) -> Json | None:
        """Send an envelope and wait for its acknowledgement; what that carried, or None.

        Must not be called on the server's own thread. Raises Unreachable as `Deliver` says.
        """
        envelope_id = f"{self._world.new_id('e')}-0000-4000-8000-000000000000"
        envelope: Json = {"envelope_id": envelope_id, "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        answer: Future[Json | None] = Future()
        with self._opened:
            self._opened.wait_for(lambda: self._sockets, timeout=self.patience_s)
            if not self._sockets or self._loop is None:
                raise Unreachable("The app is not connected.", retryable=False)
            socket = self._sockets.pop(0)
            self._sockets.append(socket)
            self._pending[envelope_id] = answer
        asyncio.run_coroutine_threadsafe(_send(socket, envelope), self._loop)
        try:
            return answer.result(self.seconds)
        except TimedOut:
            raise Unreachable(f"The app did not acknowledge in {self.seconds:g} s.") from None
        finally:
            with self._lock:
                self._pending.pop(envelope_id, None)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect, as Slack does every few hours, and hang up; "" hangs up without a word."""
        with self._lock:
            sockets, loop = list(self._sockets), self._loop
        for socket in sockets:
            if loop:
                asyncio.run_coroutine_threadsafe(_hang_up(socket, reason), loop).result(self.seconds)


async def _send(socket: WebSocket, envelope: Json) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.send_text(json.dumps(envelope))


async def _hang_up(socket: WebSocket, reason: str) -> None:
    if reason:
        await _send(socket, {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.close()
