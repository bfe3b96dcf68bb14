"""Runs at the door: agents that take runs ask for them, and tell how they go. A host sees its own runs only."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.domain.clock import Clock
from bot.domain.sharing.runs import Run, RunLook, run_tail
from bot.errors import Unreachable
from bot.telemetry.intake import (
    COME_BACK_S,
    Authenticate,
    Quota,
    RequestRoom,
    authenticated_host,
    check_headers,
    read_body,
    refusal,
)
from bot.telemetry.procfs import printable
from bot.telemetry.wire import MAX_REASON, MAX_TAIL, RUNS_PATH

ASKS_PER_MINUTE = 60
MOST_ASKING = 256
"""So many agents ask, or tell, at a time."""
RUN_BODY_S = 10.0

Offered = Callable[[str], Sequence[tuple[Run, int]]]
"""Takes a host; its live runs, each with the seconds it may still take (0: it is to be ended)."""
Reported = Callable[[str, str, RunLook], bool]
"""Takes a host, the id of a run and how it stands; False when that host has no such run."""


class RunReport(BaseModel):
    """The body of POST /v1/runs/ID."""

    model_config = ConfigDict(strict=True, extra="forbid")

    state: Literal["running", "done", "failed", "cancelled", "lost"]
    exit_code: Annotated[int, Field(ge=-64, le=255)] | None = None
    tail: Annotated[str, Field(max_length=MAX_TAIL)] = ""
    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""


class RunsDoor:
    """The two addresses."""

    def __init__(self, authenticate: Authenticate, offered: Offered, reported: Reported, clock: Clock) -> None:
        self._authenticate = authenticate
        self._offered = offered
        self._reported = reported
        self._clock = clock
        self._quota = Quota(per_minute=ASKS_PER_MINUTE)
        self._workers = anyio.CapacityLimiter(2)
        self._room = RequestRoom(MOST_ASKING)

    def routes(self) -> list[Route]:
        """For the application of the door."""
        return [
            Route(RUNS_PATH, self.ask, methods=["GET"]),
            Route(RUNS_PATH + "/{run_id:str}", self.tell, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """GET /v1/runs: {"runs": [{"id", "command", "seconds"}]}."""
        with self._room.place():
            host = await self._host(request)
            found = await anyio.to_thread.run_sync(self._offer, host, limiter=self._workers)
            return JSONResponse({"runs": found})

    async def tell(self, request: Request) -> Response:
        """POST /v1/runs/ID: {"known": true}."""
        with self._room.place():
            return await self._told(request)

    async def _told(self, request: Request) -> Response:
        check_headers(request)
        host = await self._host(request)
        raw = await read_body(request, within_s=RUN_BODY_S)
        try:
            report = RunReport.model_validate_json(raw)
        except ValidationError:
            raise refusal(400, "The report is malformed.") from None
        seen = RunLook(report.state, report.exit_code, _lines(report.tail), printable(report.reason, MAX_REASON))
        known = await anyio.to_thread.run_sync(
            self._keep, host, str(request.path_params["run_id"]), seen, limiter=self._workers
        )
        if not known:
            raise refusal(404, "This host has no such run.")
        return JSONResponse({"known": True})

    async def _host(self, request: Request) -> str:
        host = await authenticated_host(request, self._authenticate, self._workers)
        wait_ms = self._quota.wait_ms(host, self._clock())
        if wait_ms:
            raise refusal(429, "Too many requests from this host.", retry_after_s=-(-wait_ms // 1000))
        return host

    def _offer(self, host: str) -> list[dict[str, object]]:
        try:
            return [{"id": run.id, "command": run.command, "seconds": left} for run, left in self._offered(host)]
        except Unreachable as error:
            raise refusal(503, str(error), retry_after_s=COME_BACK_S) from error

    def _keep(self, host: str, run_id: str, seen: RunLook) -> bool:
        try:
            return self._reported(host, run_id, seen)
        except Unreachable as error:
            raise refusal(503, str(error), retry_after_s=COME_BACK_S) from error


def _lines(text: str) -> str:
    """Output fit to keep: printable, line by line."""
    return run_tail("\n".join(printable(line, MAX_TAIL) for line in text.splitlines()))
