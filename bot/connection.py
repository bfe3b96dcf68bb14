"""The Socket Mode connection to Slack: made, watched, and made anew when it says it lives but nothing comes.

The SDK pings Slack every 10 seconds and connects anew by itself; what it does not see is that one of its own threads
has ended or hangs. Then it stays "connected" and deaf for hours.
"""

import logging
import threading
import time
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack_client import REFUSED
from handlers.send import LOST

log = logging.getLogger(__name__)
OUT_OF_REACH: tuple[type[Exception], ...] = (SlackApiError, *LOST)
DEAF_S = 120.0
"""Without a word from Slack for this long, while Slack answers otherwise, the connection is made anew."""
LOST_S = 300.0
"""And after this long only a new process can help."""
PAUSE_S = 60.0
"""Between two tries; Slack allows few of them a minute."""
PERIOD_S = 10.0
END_S = 5.0


class _Traffic:
    """What came over one connection and was not taken up yet; a reader that reads for nobody is deaf, too."""

    def __init__(self, heard: float) -> None:
        self._lock = threading.Lock()
        self._pending = 0
        self.heard = heard
        """When something was last taken up, or a ping answered."""

    @property
    def is_taken_up(self) -> bool:
        """Nothing waits."""
        return self._pending == 0

    def came(self, message: str) -> None:
        """As the SDK's reader calls it."""
        if '"disconnect"' not in message[:100]:  # the SDK keeps these to itself
            with self._lock:
                self._pending += 1

    def taken(self, _client: object, _message: object, _raw: object = None) -> None:
        """As the SDK's workers call it."""
        with self._lock:
            self._pending = max(0, self._pending - 1)
            self.heard = time.monotonic()


class Gate:
    """Until it is shut, what came in is done and acknowledged, both; from then on neither."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._shut = False

    def enter(self) -> bool:
        """Whether a request may come in; then `leave` has to follow."""
        with self._changed:
            self._inside += not self._shut
            return not self._shut

    def leave(self) -> None:
        """It is acknowledged."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def shut(self) -> None:
        """Let nothing in any more, and wait for those inside."""
        with self._changed:
            self._shut = True
            self._changed.wait_for(lambda: not self._inside, END_S)


class _Handler(SocketModeHandler):
    """Bolt's handler behind a gate: a click in the last moment is acknowledged and done, or neither."""

    def __init__(self, app: App, app_token: str, client: WebClient, gate: Gate) -> None:
        super().__init__(app, app_token, web_client=client)
        self._gate = gate

    def handle(self, client: Any, req: Any) -> None:
        """As the SDK's workers call it, with each request."""
        if not self._gate.enter():
            log.info("A request came while Valet ends; it is not taken, and Slack says so to whoever made it")
            return
        try:
            super().handle(client, req)
        finally:
            self._gate.leave()


class Connection:
    """At most one open connection. `tend` is called now and then, by one thread."""

    def __init__(
        self,
        app: App,
        client: WebClient,
        app_token: str,
        *,
        deaf_s: float = DEAF_S,
        lost_s: float = LOST_S,
        period_s: float = PERIOD_S,
    ) -> None:
        self._app = app
        self._client = client
        self._app_token = app_token
        self._deaf_s = deaf_s
        self._lost_s = lost_s
        self.period_s = period_s
        """How often to tend it."""
        self._traffic = _Traffic(time.monotonic())
        self._pong: float | None = None
        self._deaf_since: float | None = None
        self._tried = 0.0
        self._gate = Gate()
        self.handler: SocketModeHandler | None = None

    def open(self) -> None:
        """Connect. Raises SlackApiError, or what a lost connection raised."""
        handler = _Handler(self._app, self._app_token, self._client, self._gate)
        traffic = _Traffic(self._traffic.heard)  # to connect is not yet to hear
        handler.client.on_message_listeners.append(traffic.came)
        handler.client.message_listeners.append(traffic.taken)
        try:
            handler.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            _end(handler)  # it has begun threads
            raise
        self.handler, self._traffic = handler, traffic

    def close(self) -> None:
        """Take nothing in any more; what was taken in is acknowledged before."""
        self._gate.shut()
        if self.handler is not None:
            _end(self.handler).join(END_S)

    def silent_s(self) -> float:
        """Seconds since Slack was last heard, were it only an answer to a ping."""
        return time.monotonic() - self._traffic.heard

    def tend(self) -> bool:
        """See whether Slack is heard, and connect anew if not; False when that has not helped."""
        self._listen()
        if self.silent_s() < self._deaf_s or not self._slack_answers():
            self._deaf_since = None  # while Slack itself is away nobody can be heard, and a new process is no help
            return True
        now = time.monotonic()
        if self._deaf_since is None:
            self._deaf_since = now
        elif now - self._deaf_since >= self._lost_s - self._deaf_s:
            log.critical("nothing has come over Slack's connection for %.0f s, nor over new ones", self.silent_s())
            return False
        if now - self._tried >= min(PAUSE_S, self._deaf_s):
            self._tried = now
            self._open_anew()
        return True

    def _listen(self) -> None:
        """An answered ping counts only while what comes in is also taken up."""
        client = self.handler.client if self.handler is not None else None
        session = client.current_session if client is not None else None
        if client is None or session is None or not self._traffic.is_taken_up:
            return
        if session.last_ping_pong_time not in {None, self._pong}:
            self._pong = session.last_ping_pong_time
            self._traffic.heard = time.monotonic()

    def _slack_answers(self) -> bool:
        try:
            self._client.auth_test()
        except OUT_OF_REACH as error:
            if why(error) not in REFUSED:
                log.warning("Slack can't be reached: %s", why(error))
            return False
        return True

    def _open_anew(self) -> None:
        log.error("Slack answers, but its connection has been silent for %.0f s; connecting anew", self.silent_s())
        old, self.handler = self.handler, None
        if old is not None:
            _end(old)
        try:
            self.open()
        except OUT_OF_REACH as error:
            log.warning("connecting anew failed: %s", why(error))


def _end(handler: SocketModeHandler) -> threading.Thread:
    """Close it in a thread: what hangs may hang in its end, too, and so may one that has only just connected."""
    thread = threading.Thread(target=handler.close, name="close-socket", daemon=True)
    thread.start()
    return thread


def why(error: Exception) -> str:
    """Slack's word for what is wrong, or the kind of failure."""
    return str(error.response["error"]) if isinstance(error, SlackApiError) else type(error).__name__
