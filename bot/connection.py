"""The Socket Mode connection to Slack: made, watched, and made anew when it says it lives but nothing comes.

The SDK pings Slack every 10 seconds and connects anew by itself; what it does not see is that one of its own threads
has ended or hangs. Then it stays "connected" and deaf for hours.
"""

import contextlib
import logging
import random
import socket
import threading
import time
from collections.abc import Callable

from slack_bolt import App
from slack_sdk import WebClient

from bot.only_one import OUT_OF_REACH, OnlyOne, boot_s, connections, why_lost
from bot.slack_client import REFUSED_CODES
from bot.socket_client import Handler
from bot.traffic import END_S, Gate, Traffic

log = logging.getLogger(__name__)
DEAF_S = 120.0
"""Without a word from Slack for this long, while Slack answers otherwise, the connection is made anew."""
LOST_S = 300.0
"""And after this long only a new process can help."""
RECONNECT_PAUSE_S = 60.0
"""Between two tries; Slack allows few of them a minute."""
PERIOD_S = 10.0
HELLO_S = 5.0
"""Slack's hello comes within a second."""
AWAY_S = 60.0
"""Not tended or not heard for so long, another may have taken over."""
EAGER_S = 60.0
"""A connection that broke off is counted for a while: at first who stands by looks every time it is tended."""
STANDBY_LOOK_S = 60.0
"""And later about so often."""
SETTLED_S = 45.0
"""An overlap of our own is over by then."""
COUNT_S = 900.0


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
        only: OnlyOne | None = None,
    ) -> None:
        self._app = app
        self._client = client
        self._app_token = app_token
        self._deaf_s = deaf_s
        self._lost_s = lost_s
        self.period_s = period_s
        """How often to tend it."""
        self._traffic = Traffic(time.monotonic())
        self._pong: float | None = None
        self._deaf_since: float | None = None
        self._away = ""
        """Why Slack could not be reached last; empty while it is heard."""
        self._tried = 0.0
        self._gate = Gate()
        self.handler: Handler | None = None
        self.only = only or OnlyOne()
        """Whether this is the one bot of its Slack app."""
        self._tended = boot_s()
        self._counted = boot_s()
        self._ending: threading.Thread | None = None

    def open(self) -> None:
        """Connect; hang up again where another bot is there. Raises SlackApiError, or what a lost connection raised."""
        traffic = Traffic(self._traffic.heard)  # to connect is not yet to hear
        handler = self._connected(traffic, self.only.hello)
        self.handler, self._traffic, self._counted = handler, traffic, boot_s()
        self._hang_up()

    def _connected(self, traffic: Traffic, tell: Callable[[int], None]) -> Handler:
        """A new connection, of which Slack has said how many there are, if it does so in time."""
        handler = Handler(self._app, self._app_token, self._client, self._gate)
        greeted = threading.Event()

        def greet(message: str) -> None:
            count = connections(message)
            if count is not None:
                tell(count)
                greeted.set()

        # the reader calls these before it reads on, so it is known who acts before anything comes to be done
        handler.client.on_message_listeners += [greet, traffic.came]
        handler.client.message_listeners.append(traffic.taken)
        try:
            handler.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            _end(handler)  # it has begun threads
            raise
        if not self.only.is_elder:
            greeted.wait(HELLO_S)
        return handler

    def _hang_up(self) -> None:
        """Who stands by takes no share of what Slack sends."""
        if self.only.stands_by and self.handler is not None and not self.only.acts:
            old, self.handler = self.handler, None
            self._traffic.heard = time.monotonic()  # Slack said who is there
            self._ending = _cut_off(old)

    def _see_who_is_there(self) -> None:
        """Look again where another was there; else count now and then, by a second connection of our own."""
        now = boot_s()
        if now - self._tended > AWAY_S or self.silent_s() > AWAY_S:
            self.only.lapse()
        self._tended = now
        self._hang_up()
        since = now - self._counted
        if self._ending is not None and self._ending.is_alive():
            return  # it would count itself
        if self.handler is None and self.only.stands_by:
            # at random, so that two who wait for each other do not look at the same moment
            if since < EAGER_S or random.random() * STANDBY_LOOK_S < self.period_s:  # noqa: S311 - no secret
                self._again(self.open)
        elif self.only.acts and since >= (SETTLED_S if self.only.doubts else COUNT_S):
            self._again(self._count)

    def _again(self, look: Callable[[], None]) -> None:
        counted = self._counted
        try:
            look()
        except OUT_OF_REACH as error:
            log.warning("Slack can't be asked who else is connected: %s", why_lost(error))
        if self.only.stands_by:
            self._counted = counted  # since when it stands by

    def _count(self) -> None:
        self._counted = boot_s()
        traffic = Traffic(time.monotonic())
        told = threading.Event()

        def counted(count: int) -> None:
            self.only.counted(count - 2)
            told.set()

        handler = self._connected(traffic, counted)
        told.wait(HELLO_S)
        until = time.monotonic() + END_S
        while not traffic.is_taken_up and time.monotonic() < until:
            time.sleep(0.05)  # what came over it is done, too
        self._ending = _cut_off(handler)

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
        self._see_who_is_there()
        if self.only.stands_by and not self.only.acts:
            return True
        self._listen()
        is_heard = self.silent_s() < self._deaf_s
        if is_heard and (self._away or self._deaf_since is not None):
            log.warning("Slack is heard again")
            self._away = ""
        if is_heard or not self._slack_answers():
            self._deaf_since = None  # while Slack itself is away nobody can be heard, and a new process is no help
            return True
        now = time.monotonic()
        if self._deaf_since is None:
            self._deaf_since = now
        elif now - self._deaf_since >= self._lost_s - self._deaf_s:
            log.critical("nothing has come over Slack's connection for %.0f s, nor over new ones", self.silent_s())
            return False
        if now - self._tried >= min(RECONNECT_PAUSE_S, self._deaf_s):
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
            ago = max(0.0, time.time() - (self._pong or 0.0))  # that was when it was asked for
            self._traffic.heard = max(self._traffic.heard, time.monotonic() - ago)

    def _slack_answers(self) -> bool:
        try:
            self._client.auth_test()
        except OUT_OF_REACH as error:
            if why_lost(error) not in {*REFUSED_CODES, self._away}:
                log.warning("Slack can't be reached: %s", why_lost(error))
            self._away = why_lost(error)
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
            log.warning("connecting anew failed: %s", why_lost(error))


def _end(handler: Handler) -> threading.Thread:
    """Close it in a thread: what hangs may hang in its end, too, and so may one that has only just connected."""
    thread = threading.Thread(target=handler.close, name="close-socket", daemon=True)
    thread.start()
    return thread


def _cut_off(handler: Handler) -> threading.Thread:
    """As `_end`, and at once: the SDK's own way waits until its reader has waited in vain."""
    client = handler.client
    client.auto_reconnect_enabled, client.current_session_state.terminated = False, True
    session = client.current_session
    line = session.sock if session is not None else None
    with contextlib.suppress(OSError):
        if line is not None:
            line.shutdown(socket.SHUT_RDWR)
    return _end(handler)
