"""Carrying out what was approved: looked at again, claimed for the call, called, followed to its end.

Safe to call at any time, from several threads and after any crash: every step is a compare-and-set on the action's
row before it is a call, and a call is repeated only after a look that shows the very launch that was approved.
"""

from collections.abc import Callable
from contextlib import ExitStack

from bot.domain.acting.actions import Action, Kind
from bot.services.acting import cloning, launching, starting, stopping
from bot.services.desk import Desk
from store import actions

Step = Callable[[Desk, Action], None]
BEGIN: dict[Kind, Step] = {
    "stop": stopping.begin,
    "start": starting.begin,
    "launch": launching.begin,
    "clone": cloning.begin,
}
FOLLOW: dict[Kind, Step] = {
    "stop": stopping.follow,
    "start": starting.follow,
    "launch": launching.follow,
    "clone": cloning.follow,
}


def carry_out(desk: Desk) -> None:
    """Carry approved actions out and follow those under way; one that raises leaves the others their turn."""
    with ExitStack() as turns:  # last in, first out
        for action in reversed(actions.in_state(desk.store.reading(), "executing")):
            turns.callback(FOLLOW[action.kind], desk, action)
        for action in reversed(actions.in_state(desk.store.reading(), "approved")):
            turns.callback(BEGIN[action.kind], desk, action)
