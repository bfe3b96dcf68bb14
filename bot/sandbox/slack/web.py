"""The HTTP side an app talks to: /api/METHOD, response URLs and file uploads."""

import asyncio
import json
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.slack import methods
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.faults import Fault
from bot.sandbox.slack.posting import post_answer
from bot.sandbox.slack.records import Json, SlackError

DROP = "sandbox.drop"
"""The key in the ASGI scope of what closes the connection without an answer."""


async def arguments(request: Request) -> Json:
    """The arguments of a call, from its query, form or JSON body."""
    given: Json = dict(request.query_params)
    body = (await request.body()).decode("utf-8", "replace")
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            inner = json.loads(body or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(inner, dict):
            raise SlackError("json_not_object")
        return given | {key: value for key, value in inner.items() if value is not None}
    return given | dict(parse_qsl(body, keep_blank_values=True))


async def faulty(fault: Fault, request: Request, act: Callable[[], object]) -> Response:
    """The failure that was ordered for this call."""
    if fault.accept_then_drop:
        act()
        request.scope[DROP]()
        await asyncio.sleep(0.01)  # lets the server see that the connection is gone
        return Response(status_code=500)
    if fault.body is not None:
        act()
        return Response(fault.body, fault.http_status or 200, media_type="application/json")
    if fault.retry_after is not None:
        headers = {"Retry-After": str(fault.retry_after)}
        return JSONResponse({"ok": False, "error": fault.error or "ratelimited"}, status_code=429, headers=headers)
    if fault.http_status is not None and not fault.error:
        return PlainTextResponse("upstream connect error", status_code=fault.http_status)
    return JSONResponse({"ok": False, "error": fault.error or "fatal_error"}, status_code=fault.http_status or 200)


async def answer_by_url(slack: Workspace, request: Request) -> Response:
    """A post to a response URL."""

    def act() -> None:
        post_answer(slack, slack.use_response(request.path_params["name"]), given)

    try:
        given = await arguments(request)
        fault = slack.faults.take("response_url")
        if fault:
            return await faulty(fault, request, act)
        act()
    except SlackError as error:
        is_dead = error.code in ("expired_url", "used_url", "no_service")
        return JSONResponse(error.body(), status_code=404 if is_dead else 400)
    return PlainTextResponse("ok")


async def receive_upload(slack: Workspace, request: Request) -> Response:
    """The bytes of a file."""
    try:
        methods.take_upload(slack, request.path_params["file"], _uploaded(request, await request.body()))
    except SlackError as error:
        return PlainTextResponse(error.code, status_code=404)
    return PlainTextResponse("OK")


def web_routes(slack: Workspace) -> list[BaseRoute]:
    """All routes of Slack's own HTTP side."""

    async def api(request: Request) -> Response:
        method = request.path_params["method"]
        try:
            given = await arguments(request)
        except SlackError as error:
            return JSONResponse(error.body())
        except ClientDisconnect:
            return Response(status_code=400)
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else str(given.pop("token", ""))

        def act() -> Json:
            return methods.call(slack, method, given, token=token)

        fault = slack.faults.take(method)
        if fault:
            return await faulty(fault, request, act)
        headers = {"x-oauth-scopes": ",".join(methods.granted_scopes(slack)), "x-slack-req-id": slack.new_id("r")}
        return JSONResponse(act(), headers=headers)

    async def response_url(request: Request) -> Response:
        return await answer_by_url(slack, request)

    async def upload(request: Request) -> Response:
        return await receive_upload(slack, request)

    return [
        Route("/api/{method}", api, methods=["GET", "POST"]),
        Route("/response/{name}", response_url, methods=["POST"]),
        Route("/upload/{file}", upload, methods=["POST"]),
    ]


def _uploaded(request: Request, body: bytes) -> bytes:
    """The file's bytes: the body itself, or the first part of a multipart form as curl -F sends it."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return body
    form: Any = BytesParser(policy=policy.HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = list(form.iter_parts())
    return bytes(parts[0].get_payload(decode=True)) if parts else b""
