"""Slack's requests over signed HTTP, for those who don't use Socket Mode."""

from collections.abc import Sequence

import anyio
from slack_bolt import App, BoltRequest, BoltResponse
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH = "/slack/events"
LARGEST = 1024 * 1024
WORKERS = 50


def route(app: App) -> Route:
    """POST /slack/events: commands, buttons and events alike."""
    workers: list[anyio.CapacityLimiter] = []

    async def take(request: Request) -> Response:
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        # slack_sdk's verifier raises on these instead of saying no
        if not (stamp.isascii() and stamp.isdecimal() and signature.isascii()):
            return PlainTextResponse("not signed by Slack", 401)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return PlainTextResponse("too large", 413)
        if not workers:
            workers.append(anyio.CapacityLimiter(WORKERS))
        headers: dict[str, str | Sequence[str]] = {name: request.headers.getlist(name) for name in request.headers}
        asked = BoltRequest(body=body.decode("utf-8", "replace"), query=dict(request.query_params), headers=headers)
        # `dispatch` waits for the acknowledgement, so it must not block the event loop
        answer: BoltResponse = await anyio.to_thread.run_sync(app.dispatch, asked, limiter=workers[0])
        kept = {name: values[0] for name, values in answer.headers.items() if name.lower() != "set-cookie"}
        return Response(answer.body, answer.status, kept)

    return Route(PATH, take, methods=["POST"])
