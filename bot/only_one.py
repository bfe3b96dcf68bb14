"""Whether this process is the one bot of its Slack app: two would each do half of what people ask, from two databases.

What each can know is the number of connections that Slack's hello tells at the moment of connecting. So the one that
finds another there when it first connects is the younger: it hangs up, lest Slack send it half of the clicks, acts on
nothing, and looks again. The one that was alone stays the one; its own reconnects overlap, which counts as no other.
Who was away for a minute (a suspended laptop) was replaced meanwhile, perhaps, and asks as if it were new.
"""

import json
import logging
import platform
import time
from collections.abc import Callable, Sequence

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.services.context import Context
from handlers.blocks import troubles
from handlers.blocks.parts import Reply
from handlers.send import LOST, error_code, post

log = logging.getLogger(__name__)
OUT_OF_REACH: tuple[type[Exception], ...] = (SlackApiError, *LOST)
LOCK_HOST = platform.node() or "a machine without a name"
LOCK_WAIT_S = 15.0
"""So long nothing is done before Slack has said who else is there; where Slack can't be reached, the work goes on."""
OVERLAP_S = 30.0
"""A connection of before may be counted for so long; after it admins are told."""


def boot_s() -> float:
    """Seconds since boot, those of a suspended machine included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def connections(message: str) -> int | None:
    """How many connections a hello of Slack's tells of; None where the message is none."""
    if '"hello"' not in message[:4096]:
        return None
    try:
        said = json.loads(message)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("type") != "hello":
        return None
    told = said.get("num_connections") or (said.get("debug_info") or {}).get("num_connections")
    return told if isinstance(told, int) else 1


class OnlyOne:
    """Who acts. `hello` and `counted` are told by the connection."""

    def __init__(self, *, is_told: bool = False, boot: Callable[[], float] = boot_s) -> None:
        self._is_told = is_told
        self._boot = boot
        self._asked_at = boot()
        self._is_elder = False
        self.stands_by = False
        """Another was there first."""
        self.doubts = False
        """An overlap of our own, or another: to be counted once the overlap is over."""
        self._others_since: float | None = None
        self._is_counted = False

    @property
    def acts(self) -> bool:
        """Whether this process may do anything."""
        if self._is_told:
            return True
        return not self.stands_by and (self._is_elder or self._boot() - self._asked_at >= LOCK_WAIT_S)

    @property
    def is_elder(self) -> bool:
        """It was alone when it connected, and has not been away since."""
        return self._is_elder

    @property
    def answers(self) -> bool:
        """Whether it does what people ask; before Slack has said hello nothing comes."""
        return self._is_told or not self.stands_by

    @property
    def others_s(self) -> float | None:
        """For how many seconds another bot has been known to be there; None where none is."""
        return None if self._others_since is None else self._boot() - self._others_since

    def has_others(self) -> bool | None:
        """Whether another bot is connected to the same Slack app; None where Slack has not said."""
        return self._others_since is not None if self._is_counted else None

    def hello(self, count: int) -> None:
        """Slack told how many connections there are, the new one included."""
        if self._is_elder or self._is_told:
            self.doubts = count > 1
            if count > 2 or not self._is_elder or not self.doubts:
                self._note(others=self.doubts)
            self._is_elder = True
            return
        self.stands_by = count > 1
        self._is_elder = not self.stands_by
        self._note(others=self.stands_by)

    def counted(self, others: int) -> None:
        """So many are there beside our own connections, which do not overlap now."""
        self.doubts = False
        self._note(others=others > 0)

    def lapse(self) -> None:
        """We were away, so that another may have taken over."""
        if self._is_elder and not self._is_told:
            self._is_elder, self._asked_at, self._is_counted = False, self._boot(), False

    def _note(self, *, others: bool) -> None:
        self._is_counted = True
        if others and self._others_since is None:
            self._others_since = self._boot()
            first = "goes on, as it was told to" if self._is_told else "goes on, as it was there first"
            does = first if self.acts else "does nothing until it is alone"
            log.error("another Valet is connected to this Slack app; this one %s", does)
        elif not others and self._others_since is not None:
            self._others_since = None
            log.warning("no other Valet is connected to this Slack app any more")

    def worries(self) -> Sequence[str]:
        """For /healthz."""
        if self._others_since is None:
            return ()
        does = "stands by" if self.stands_by and not self._is_told else "goes on"
        return (f"another Valet is connected to this Slack app, and this one {does}",)


class OthersAlarm:
    """Tells the admins once that there are two, and once when there is one again. Straight to Slack: who stands by
    posts nothing else.
    """

    def __init__(self, ctx: Context, client: WebClient, only: OnlyOne) -> None:
        self._ctx = ctx
        self._client = client
        self._only = only
        self._told = False
        self.overlap_s = OVERLAP_S
        """How long there must be two before anybody is told."""

    def look(self) -> None:
        """See whether there is anything to tell."""
        since = self._only.others_s
        if since is not None and since >= self.overlap_s and not self._told:
            self._told = self._tell(troubles.another_bot(LOCK_HOST, stands_by=not self._only.acts))
        elif since is None and self._told and self._tell(troubles.alone_again(LOCK_HOST)):
            self._told = False

    def _tell(self, reply: Reply) -> bool:
        return tell_admins(self._ctx, self._client, reply, about="another Valet")


def tell_admins(ctx: Context, client: WebClient, reply: Reply, *, about: str) -> bool:
    """Tell every admin, straight to Slack; whether anybody was told. `about` is for the log, of who was not."""
    told = 0
    for admin in sorted(ctx.roster().admins):
        try:
            post(client, admin, reply)
        except OUT_OF_REACH as error:
            log.warning("an admin can't be told of %s: %s", about, why_lost(error))
            continue
        told += 1
    return told > 0


def why_lost(error: Exception) -> str:
    """Slack's word for what is wrong, or the kind of failure."""
    code = error_code(error) if isinstance(error, SlackApiError) else ""
    return code or type(error).__name__
