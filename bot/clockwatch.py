"""How far this machine's clock is from Slack's, by the Date of Slack's answers; the admins are told when it is far.

Slack's clock also says which of ours is right when the wall clock has jumped, and when a start can't know the time.
AWS's is the second witness: it is asked where Slack does not say, or says that ours is wrong.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.clock import SECOND_MS
from bot.services.context import Context
from bot.steadyclock import CLOCKS_APART_MS, Ahead, SteadyClock
from handlers.send import LOST, slacks_clock
from handlers.troubles import CLOCK_OFF, CLOCK_RIGHT
from store import outbox as stored_outbox

log = logging.getLogger(__name__)
CLOCK_LOOK_S = 20.0
"""Often, as it also tells whether Slack still takes our token."""
IN_DOUBT_S = 10.0
AT_ONCE_S = 2.0
"""Between the first looks of a doubt: a start waits for them."""
WATCH_S = 1.0


def no_witness() -> None:
    """There is no second witness."""


class ClockWatch:
    """Asks Slack something small now and then, and looks at when it says it answered."""

    def __init__(
        self,
        ctx: Context,
        client: WebClient,
        steady: SteadyClock | None = None,
        resume: Callable[[], None] = lambda: None,
        aws: Callable[[], int | None] | None = None,
    ) -> None:
        self._ctx = ctx
        self._client = client
        self._steady = steady or SteadyClock(ctx.clock, ctx.clock)
        self._resume = resume
        """Has all jobs run at once."""
        self._aws = aws or no_witness
        """What AWS's clock says, UTC milliseconds; None where it can't be asked."""
        self._who = "Slack or AWS" if aws else "Slack"
        self._told = False
        self._was_sure = self._steady.is_sure
        self._gap = self._steady.gap
        self._looked: float | None = None
        self._looks = 0
        """In this doubt."""
        self.off: Ahead | None = None
        """How far our clock is off; None where nobody has said."""

    def worries(self) -> tuple[str, ...]:
        """What keeps Valet from acting; nothing while the time is known."""
        if self._steady.is_sure:
            return ()
        return (f"the time is not known: nothing ends, is charged or stopped until {self._who} has told it",)

    def watch(self) -> float:
        """Notice jumps, ask Slack who is right, and go on when that is known; seconds until the next time."""
        self._notice()
        if self._is_due():
            self._looks += 1
            self._looked = time.monotonic()
            self.look()
            self._notice()
        return WATCH_S

    def _is_due(self) -> bool:
        if self._looked is None:
            return True
        pause = CLOCK_LOOK_S if self._was_sure else AT_ONCE_S if self._looks < 3 else IN_DOUBT_S
        return time.monotonic() - self._looked >= pause

    def _notice(self) -> None:
        sure, gap = self._steady.is_sure, self._steady.gap
        jumped, self._gap = abs(gap - self._gap) > CLOCKS_APART_MS, gap
        if jumped:
            log.critical("This machine's clock has jumped: it is %d s off the time since boot", gap // SECOND_MS)
            self._looked, self._looks = None, 0
        if self._was_sure and not sure:
            log.warning("The time is not known yet: nothing ends, is charged or stopped until %s told it", self._who)
        elif sure and not self._was_sure:
            log.info("The time is known; the clock is %d s off it", gap // SECOND_MS)
            self._ctx.wake()
        self._was_sure = sure
        if jumped:
            self._resume()

    def look(self) -> None:
        """Compare, and tell once when they are far apart. The time that the answer took counts as no difference."""
        before = self._steady.wall
        theirs, whose = self._slack(), "Slack's"
        after = self._steady.wall
        if theirs is None:
            before = self._steady.wall
            theirs, whose = self._aws(), "AWS's"
            after = self._steady.wall
        elif abs(_ahead(before, theirs, after)) > CLOCKS_APART_MS:
            also = self._aws()
            whose = (
                "Slack's and AWS's" if also is not None and abs(self._steady.wall - also) > CLOCKS_APART_MS else whose
            )
        if theirs is not None:
            self._steady.told(theirs)
            self._say(Ahead(_ahead(before, theirs, after), whose))

    def _slack(self) -> int | None:
        try:
            return slacks_clock(self._client.auth_test().headers)
        except SlackApiError as error:
            return slacks_clock(error.response.headers)
        except LOST:
            return None

    def _say(self, off: Ahead) -> None:
        is_far = abs(off.by) > CLOCKS_APART_MS
        if is_far and not self._told:
            log.critical("This clock is %d s off %s", off.by // SECOND_MS, off.whose)
            self._tell(CLOCK_OFF, f"{off.by // SECOND_MS} {off.whose}")
        elif self._told and not is_far:
            log.warning("This clock agrees with %s again", off.whose)
            self._tell(CLOCK_RIGHT, off.whose)
        self._told, self.off = is_far, off

    def _tell(self, kind: str, subject: str) -> None:
        now = self._ctx.clock()
        day = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
        with self._ctx.store.writing() as db:
            for admin in sorted(self._ctx.roster().admins):
                stored_outbox.tell(db, admin, f"{CLOCK_OFF}:{day}", kind=kind, subject=subject, now=now)
        self._ctx.wake()


def _ahead(before: int, theirs: int, after: int) -> int:
    """By how much ours is ahead, milliseconds; they name whole seconds, and answer between our two readings."""
    return before - theirs - SECOND_MS if before > theirs + SECOND_MS else min(0, after - theirs)
