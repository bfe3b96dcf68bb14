"""The door: the HTTP side of the bot, where agents deliver minutes and monitoring looks in.

It checks everything about a delivery but its meaning; what to do with it is the callables' business. Refusals are one
sentence of JSON, {"error": "..."}, and never repeat what was sent.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.domain.clock import Clock, system_clock
from bot.errors import Refused, UnknownToken, Unreachable
from bot.telemetry.body import BadBody
from bot.telemetry.deliveries import Deliveries, RawDelivery, Receipt, ReceiveGroup
from bot.telemetry.figures import CONTENT_TYPE, MetricFamily, exposition, metric_family
from bot.telemetry.intake import (
    COME_BACK_S,
    Authenticate,
    Quota,
    RequestRoom,
    authenticated_host,
    check_headers,
    hear_out,
    read_body,
    refusal,
    token_digest,
    unknown_token,
)
from bot.telemetry.openapi import openapi
from bot.telemetry.wire import MINUTES_PATH

DOOR_WORKERS = 4
"""Tokens that are looked up in the store at a time."""
MOST_LOOKS = 64
"""So many look at health and metrics at a time."""


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """What is taken of deliveries."""

    pushes_per_minute: int = 120
    """Of one host."""
    body_s: float = 10.0
    """A body must arrive within this."""
    most_deliveries: int = 1024
    """So many are in hand at a time: the last of them is kept within the 10 s that agents wait."""


USUAL_LIMITS = DoorLimits()


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the bot can do its work; each problem is a sentence fit for anybody to read."""

    ok: bool
    problems: tuple[str, ...] = ()


def door(
    receive: ReceiveGroup,
    authenticate: Authenticate,
    health: Callable[[], Health],
    *,
    metrics: Callable[[], Iterable[MetricFamily]] | None = None,
    more: Sequence[Route] = (),
    clock: Clock = system_clock,
    limits: DoorLimits = USUAL_LIMITS,
) -> Starlette:
    """The application, with `more` addresses beside its own.

    The callables run in worker threads, a few at a time, and may block.
    """
    ctx = _Desk(receive, authenticate, clock, limits)
    window = _Window(health, metrics or tuple, ctx.figures)
    routes = [
        Route(MINUTES_PATH, ctx.take, methods=["POST"]),
        Route("/healthz", window.health, methods=["GET"]),
        Route("/metrics", window.metrics, methods=["GET"]),
        Route("/openapi.json", window.openapi, methods=["GET"]),
        *more,
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refusal, 500: _broken})


class _Desk:
    """Where deliveries are taken in."""

    def __init__(self, receive: ReceiveGroup, authenticate: Authenticate, clock: Clock, limits: DoorLimits) -> None:
        self._deliveries = Deliveries(receive)
        self._authenticate = authenticate
        self._known: dict[str, str] = {}
        """The hosts of tokens that were good, by digest. That one still is, is looked at when its delivery is kept."""
        self._clock = clock
        self._quota = Quota(per_minute=limits.pushes_per_minute)
        self._room = RequestRoom(limits.most_deliveries)
        self._body_s = limits.body_s
        self._workers = anyio.CapacityLimiter(DOOR_WORKERS)
        self._answers: Counter[int] = Counter()
        self._stored = 0

    async def take(self, request: Request) -> Response:
        """POST /v1/minutes."""
        try:
            with self._room.place():
                receipt = await self._taken(request)
        except HTTPException as error:
            self._answers[error.status_code] += 1
            raise
        self._answers[200] += 1
        self._stored += receipt.stored
        return JSONResponse(asdict(receipt))

    def figures(self) -> list[MetricFamily]:
        """The door's own figures."""
        by_status = {str(status): count for status, count in self._answers.items()}
        minutes = metric_family("valet_door_minutes_total", self._stored)
        waiting = metric_family("valet_door_waiting", self._deliveries.unanswered)
        return [metric_family("valet_door_pushes_total", by_status), minutes, waiting]

    async def _taken(self, request: Request) -> Receipt:
        check_headers(request)
        sha256 = token_digest(request) or ""
        host = self._known.get(sha256) or await authenticated_host(request, self._authenticate, self._workers)
        wait_ms = self._quota.wait_ms(host, self._clock())
        if wait_ms:
            raise refusal(429, "Too many deliveries from this host.", retry_after_s=math.ceil(wait_ms / 1000))
        raw = await read_body(request, within_s=self._body_s)
        self._known[sha256] = host
        try:
            address = request.client.host if request.client else ""
            return await self._deliveries.hand_over(RawDelivery(raw, host, address, sha256))
        except UnknownToken:
            self._known.pop(sha256, None)
            raise unknown_token() from None
        except BadBody as error:
            raise refusal(400, str(error)) from None
        except Refused as error:
            raise refusal(409, str(error)) from error
        except Unreachable as error:
            raise refusal(503, str(error), retry_after_s=COME_BACK_S) from error


class _Window:
    """Where anybody may look in."""

    def __init__(
        self,
        health: Callable[[], Health],
        metrics: Callable[[], Iterable[MetricFamily]],
        own: Callable[[], Iterable[MetricFamily]],
    ) -> None:
        self._health = health
        self._metrics = metrics
        self._own = own
        # Its own threads: a store that hangs below the context must not make the health check hang with it.
        self._workers = anyio.CapacityLimiter(2)
        self._room = RequestRoom(MOST_LOOKS)

    async def health(self, _request: Request) -> Response:
        """GET /healthz: 200, or 503 with what is wrong."""
        try:
            with self._room.place():
                found = await anyio.to_thread.run_sync(self._health, limiter=self._workers)
        except HTTPException as error:
            found = Health(ok=False, problems=(error.detail,))
        return JSONResponse(asdict(found), status_code=200 if found.ok else 503)

    async def metrics(self, _request: Request) -> Response:
        """GET /metrics."""
        with self._room.place():
            text = await anyio.to_thread.run_sync(self._exposition, limiter=self._workers)
        return Response(text, media_type=CONTENT_TYPE)

    async def openapi(self, _request: Request) -> Response:
        """GET /openapi.json."""
        return JSONResponse(openapi())

    def _exposition(self) -> bytes:
        return exposition([*self._own(), *self._metrics()])


_OWN_WORDS = {404: "There is nothing at this address.", 405: "This address does not take that method."}


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker; Starlette calls it for nothing else
    if error.status_code != 408:  # of one who dawdles enough was heard
        await hear_out(request)
    sentence = _OWN_WORDS.get(error.status_code, error.detail)
    return JSONResponse({"error": sentence}, status_code=error.status_code, headers=error.headers)


async def _broken(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "Something broke here; the log of the bot says what."}, status_code=500)
