"""Bolt's own no-op over signed HTTP as a process of its own: the floor that acknowledgements are held against.

Run as `python -m tests.bench.floor SECRET`; it prints its port, and lives until its input ends. It is Bolt as its
makers have it behind Starlette and uvicorn, with a listener that acknowledges and does nothing else.
"""

import contextlib
import socket
import sys
import threading

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.http import SLACK_PATH


def noop(secret: str) -> Starlette:
    """A listener for every command that only acknowledges."""
    bolt = App(
        signing_secret=secret,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T0VALET", bot_token="xoxb-floor"),
        token_verification_enabled=False,
    )
    bolt.command("/gpu")(lambda ack: ack())
    handler = SlackRequestHandler(bolt)

    async def take(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route(SLACK_PATH, take, methods=["POST"])])


def main(secret: str) -> None:
    """Serve until standard input ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    server = uvicorn.Server(uvicorn.Config(noop(secret), lifespan="off", log_level="error", access_log=False))

    def end() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
