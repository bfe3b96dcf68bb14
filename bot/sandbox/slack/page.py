"""What the page asks for: the workspace as one person sees it, and the person's acts."""

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from importlib import resources
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.errors import ValetError
from bot.sandbox.slack import payloads
from bot.sandbox.slack.records import BOT_USER, SLACKBOT, TEAM_NAME, Channel, Json, Message, Person, SlackError, View
from bot.sandbox.slack.sandbox import SandboxSlack

POLL_SECONDS = 10
MESSAGES_SHOWN = 200
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Waiting:
    """Requests that wait for the next change; woken all at once, and for good when the server stops."""

    def __init__(self, slack: SandboxSlack) -> None:
        self._slack = slack
        self._futures: set[asyncio.Future[None]] = set()
        self.is_over = False

    async def for_change(self, since: int) -> None:
        """Return when the version is past `since`, or after some seconds."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._futures.add(future)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the server has just stopped
                loop.call_soon_threadsafe(_done, future)

        forget = self._slack.on_change(wake)
        try:
            if self._slack.version <= since and not self.is_over:
                await asyncio.wait([future], timeout=POLL_SECONDS)
        finally:
            forget()
            self._futures.discard(future)

    def stop(self) -> None:
        """Let everybody go; must run on the server's thread."""
        self.is_over = True
        for future in self._futures:
            _done(future)


def _done(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def state_json(slack: SandboxSlack, user: str, channel: str) -> Json:
    """Everything the page draws for one person looking at one channel."""
    person = slack.person(user)
    mine = [one for one in slack.channels.values() if person.id in one.members]
    where = next((one for one in mine if one.id == channel), mine[0])
    with slack.lock:
        return {
            "version": slack.version,
            "team": TEAM_NAME,
            "now": slack.now_text(),
            "now_ms": slack.clock(),
            "you": person.id,
            "channel": where.id,
            "people": [_person_json(slack, one) for one in slack.people.values() if one.id != SLACKBOT],
            "channels": [_channel_json(slack, person, one) for one in mine],
            "messages": [_message_json(slack, one) for one in slack.seen(person.id, where.id)[-MESSAGES_SHOWN:]],
            "modal": _view_json(slack.modal(person.id), len(slack.modals.get(person.id, []))),
            "home": _view_json(slack.homes.get(person.id), 0),
            "commands": slack.commands,
            "shortcuts": slack.shortcuts,
            "guide": slack.guide,
            "zone": person.timezone,
            "controls": [control.label for control in slack.controls],
            "names": slack.names(),
        }


def _person_json(slack: SandboxSlack, person: Person) -> Json:
    body = {"id": person.id, "handle": person.handle, "name": person.name, "role": person.role}
    return body | {"is_bot": person.is_bot, "waiting": 0 if person.is_bot else slack.waiting(person.id)}


def _channel_json(slack: SandboxSlack, person: Person, channel: Channel) -> Json:
    body = {"id": channel.id, "name": channel.name, "topic": channel.topic, "is_dm": bool(channel.dm_of)}
    members = len([who for who in channel.members if who != BOT_USER])
    return body | {
        "unread": slack.unread(person.id, channel.id),
        "is_archived": channel.is_archived,
        "can_write": slack.can_be_written_to or not channel.dm_of,
        "members": members,
    }


def _message_json(slack: SandboxSlack, message: Message) -> Json:
    author = slack.people.get(message.user)
    shown = payloads.message_json(slack, message)
    return {
        **{key: shown.get(key) for key in ("ts", "user", "text", "blocks", "thread_ts", "reply_count", "files")},
        "version": message.version,
        "name": author.name if author else message.user,
        "is_app": bool(author and author.is_bot),
        "is_edited": bool(message.edited_ts),
        "is_private": bool(message.reader),
        "parent": message.thread_ts if message.thread_ts != message.ts else "",
    }


def _view_json(view: View | None, depth: int) -> Json | None:
    if view is None:
        return None
    return payloads.view_json(view) | {"errors": view.errors, "values": view.state, "depth": depth}


def act_on_page(slack: SandboxSlack, given: Json) -> Json:
    """Do what a person did on the page; the answer says what a form refused, or what a menu offers."""
    user, channel = str(given["user"]), str(given.get("channel", ""))
    thread, target = str(given.get("thread_ts", "")), str(given.get("target", ""))
    action, block = str(given.get("action_id", "")), given.get("block_id")
    done: dict[str, Callable[[], Any]] = {
        "command": lambda: slack.command(user, channel, str(given["text"]), thread_ts=thread),
        "message": lambda: slack.message(user, channel, str(given["text"]), thread_ts=thread, files=_files(given)),
        "press": lambda: slack.press(user, target, action, given.get("value"), block),
        "choose": lambda: slack.choose(user, target, action, given.get("picked"), block),
        "suggest": lambda: slack.suggest(user, target, str(given["name"]), str(given["typed"])),
        "shortcut": lambda: slack.shortcut(user, str(given["callback_id"]), slack.messages.get(target)),
        "submit": lambda: slack.submit(user, target, given.get("values") or {}),
        "close": lambda: slack.close(user, target, all_of_them=bool(given.get("all"))),
        "home": lambda: slack.open_home(user),
        "messages": lambda: slack.open_messages(user),
        "read": lambda: slack.mark_read(user, channel),
        "control": lambda: slack.control(int(given["number"])),
    }
    what = done.get(str(given.get("act")))
    if what is None:
        raise SlackError("unknown_act")
    if given["act"] != "submit" and given.get("values"):
        slack.keep(user, target, given["values"])
    result = what()
    if given["act"] == "suggest":
        return {"ok": True, "offered": result}
    return {"ok": True, "errors": result if isinstance(result, dict) else {}}


def _files(given: Json) -> dict[str, bytes]:
    return {str(name): base64.b64decode(content) for name, content in (given.get("files") or {}).items()}


def page_routes(slack: SandboxSlack, waiting: Waiting) -> list[BaseRoute]:
    """The page itself and what it calls."""

    async def state(request: Request) -> Response:
        query = request.query_params
        await waiting.for_change(int(query.get("since", "0")))
        try:
            return JSONResponse(state_json(slack, query.get("user", ""), query.get("channel", "")))
        except ValetError as error:
            return JSONResponse({"error": str(error)}, status_code=404)

    async def do(request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({"ok": False, "error": "Send JSON."}, status_code=415)
        try:
            given = json.loads(await request.body())
            return JSONResponse(await run_in_threadpool(act_on_page, slack, given))
        except (ValetError, SlackError) as error:
            return JSONResponse({"ok": False, "error": str(error)}, status_code=400)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return JSONResponse({"ok": False, "error": "The request makes no sense."}, status_code=400)

    async def file(request: Request) -> Response:
        found = slack.files.get(request.path_params["file"])
        if found is None or found.content is None or not found.mimetype.startswith("image/"):
            return PlainTextResponse("no such image", status_code=404)
        return Response(found.content, media_type=found.mimetype)

    return [
        Route("/", lambda _request: page_file("index.html")),
        Route("/page/{name}", lambda request: page_file(request.path_params["name"])),
        Route("/sandbox/state", state),
        Route("/sandbox/act", do, methods=["POST"]),
        Route("/sandbox/file/{file}", file),
    ]


def page_file(name: str) -> Response:
    """One file of the page."""
    folder = resources.files("bot.sandbox") / "page"
    if name not in {entry.name for entry in folder.iterdir()}:
        return PlainTextResponse("no such page", status_code=404)
    return Response((folder / name).read_bytes(), media_type=_TYPES.get(name.rsplit(".", 1)[-1], "text/plain"))
