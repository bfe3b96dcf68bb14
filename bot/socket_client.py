"""The SDK's client of Socket Mode, which leaves no connection open that it has given up; and Bolt's handler over it.

While the SDK connects anew by itself, it may be closed, or another of its threads may connect, too: then a connection
comes about that nobody has any more, and Slack goes on sending it a share of what people press.
"""

import contextlib
import logging
from threading import Lock
from time import time
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.base_handler import BaseSocketModeHandler
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection as Line

from bot.traffic import Gate

log = logging.getLogger(__name__)
PING_S = 10.0


class TidyClient(SocketModeClient):
    """Has at most one line open, and none once it is closed."""

    def __init__(self, app: App, app_token: str, client: WebClient) -> None:
        self._lines: list[Line] = []
        self._lines_lock = Lock()
        super().__init__(app_token, app.logger, client, ping_interval=PING_S, proxy=client.proxy)

    @property
    def current_session(self) -> Line | None:
        """The line in use."""
        return self._lines[-1] if self._lines else None

    @current_session.setter
    def current_session(self, line: Line | None) -> None:
        if line is not None:
            with self._lines_lock:
                self._lines.append(line)

    def connect(self) -> None:
        """As the SDK's; whatever line this one replaces, or that comes about after the end, is closed."""
        try:
            super().connect()
        finally:
            self._drop_lines()

    def close(self) -> None:
        """As the SDK's, with the line of a reconnect that goes on meanwhile."""
        try:
            super().close()
        finally:
            self._drop_lines()

    def _drop_lines(self) -> None:
        with self._lines_lock:
            kept = [] if self.closed else self._lines[-1:]
            left = [line for line in self._lines if line not in kept]
            self._lines = self._lines[-1:]
        for line in left:
            with contextlib.suppress(OSError):
                line.close()


class Handler(BaseSocketModeHandler):
    """Bolt's handler behind a gate: a click in the last moment is acknowledged and done, or neither."""

    client: TidyClient

    def __init__(self, app: App, app_token: str, client: WebClient, gate: Gate) -> None:
        self.app = app
        self.client = TidyClient(app, app_token, client)
        self._gate = gate
        self.client.socket_mode_request_listeners.append(self.handle)

    def handle(self, client: Any, req: Any) -> None:
        """As the SDK's workers call it, with each request."""
        if not self._gate.enter():
            log.info("A request came while Valet ends; it is not taken, and Slack says so to whoever made it")
            return
        try:
            began = time()
            send_response(client, req, run_bolt_app(self.app, req), began)
        finally:
            self._gate.leave()
