"""Slack's requests over signed HTTP, for those who don't use Socket Mode."""

import logging
import threading
import time
from collections.abc import Sequence

import anyio
from slack_bolt import App, BoltRequest, BoltResponse
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.telemetry.intake import RequestRoom

SLACK_PATH = "/slack/events"
LARGEST = 1024 * 1024
LONGEST_STAMP = 12
"""Digits; Python refuses to read numbers of thousands of them."""
BODY_S = 5.0
"""Slack's own patience for the whole answer is 3 s."""
WORKERS = 50
MOST_REQUESTS = 512
"""So many are in hand at a time. It is a room of Slack's own: nobody else's requests count."""
UNAUTHORIZED = 401
REMEMBERED_S = 600.0
"""Twice as long as a signature is good for."""

log = logging.getLogger(__name__)


class Seen:
    """Signatures of the last ten minutes; Slack signs a request that it sends again anew, with the time of then."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._lock = threading.Lock()

    def first_time(self, signature: str) -> bool:
        """Note it; False when it was there already."""
        now = time.monotonic()
        with self._lock:
            while self._at and now - next(iter(self._at.values())) > REMEMBERED_S:
                del self._at[next(iter(self._at))]
            if signature in self._at:
                return False
            self._at[signature] = now
            return True

    def forget(self, signature: str) -> None:
        """It was none of Slack's."""
        with self._lock:
            self._at.pop(signature, None)


def route(app: App) -> Route:
    """POST /slack/events: commands, buttons and events alike; what comes twice under one signature counts once."""
    workers: list[anyio.CapacityLimiter] = []
    seen, room = Seen(), RequestRoom(MOST_REQUESTS)

    async def take(request: Request) -> Response:
        with room.place():
            return await answered(request)

    async def answered(request: Request) -> Response:
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        # slack_sdk's verifier raises on these instead of saying no
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= LONGEST_STAMP and signature.isascii()):
            return _unsigned(request)
        try:
            with anyio.fail_after(BODY_S):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse("too slow", 408)
        if body is None:
            return PlainTextResponse("too large", 413, {"connection": "close"})
        if not workers:
            workers.append(anyio.CapacityLimiter(WORKERS))
        headers: dict[str, str | Sequence[str]] = {name: request.headers.getlist(name) for name in request.headers}
        asked = BoltRequest(body=body.decode("utf-8", "replace"), query=dict(request.query_params), headers=headers)
        if not seen.first_time(signature):
            return PlainTextResponse("")
        # `dispatch` waits for the acknowledgement, so it must not block the event loop
        answer: BoltResponse = await anyio.to_thread.run_sync(app.dispatch, asked, limiter=workers[0])
        if answer.status == UNAUTHORIZED:
            seen.forget(signature)
            return _unsigned(request)
        kept = {name: values[0] for name, values in answer.headers.items() if name.lower() != "set-cookie"}
        return Response(answer.body, answer.status, kept)

    return Route(SLACK_PATH, take, methods=["POST"])


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _unsigned(request: Request) -> Response:
    address = request.client.host if request.client else "somebody"
    log.warning("a request from %s was not signed by Slack", address)
    return PlainTextResponse("not signed by Slack", UNAUTHORIZED)
