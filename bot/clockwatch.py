"""How far this machine's clock is from Slack's, by the Date of Slack's answers; the admins are told when it is far."""

import logging
from datetime import UTC, datetime

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.clock import SECOND
from bot.services.desk import Desk
from handlers.messages.troubles import CLOCK_OFF
from handlers.send import LOST, slacks_clock
from store import outbox

log = logging.getLogger(__name__)
FAR = 60 * SECOND
"""Signed requests are refused beyond 300 s, and claims and digests begin and end at the wrong moment."""


class ClockWatch:
    """Asks Slack something small now and then, and looks at when it says it answered."""

    def __init__(self, desk: Desk, client: WebClient) -> None:
        self._desk = desk
        self._client = client
        self._told = False
        self.off: int | None = None
        """Milliseconds that our clock is ahead of Slack's; None where Slack has not said."""

    def look(self) -> None:
        """Compare, and tell once when they are far apart. The time that the answer took counts as no difference."""
        before = self._desk.clock()
        try:
            headers = self._client.auth_test().headers
        except SlackApiError as error:
            headers = error.response.headers
        except LOST:
            return
        theirs = slacks_clock(headers)
        if theirs is None:
            return
        after = self._desk.clock()
        # Slack names whole seconds
        self.off = before - theirs - SECOND if before > theirs + SECOND else min(0, after - theirs)
        if abs(self.off) <= FAR:
            self._told = False
        elif not self._told:
            self._tell(self.off, after)
            self._told = True

    def _tell(self, off: int, now: int) -> None:
        log.critical("This clock is %d s off Slack's", off // SECOND)
        day = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
        with self._desk.store.writing() as db:
            for admin in sorted(self._desk.roster().admins):
                outbox.tell(db, admin, f"{CLOCK_OFF}:{day}", kind=CLOCK_OFF, subject=str(off // SECOND), now=now)
        self._desk.wake()
