"""Carrying out what was approved: looked at again, claimed for the call, called, followed to its end.

Safe to call at any time, from several threads and after any crash: every step is a compare-and-set on the action's
row before it is a call, and a call is repeated only after a look that shows the very launch that was approved.
"""

from collections.abc import Callable
from contextlib import ExitStack

from bot.domain.acting.actions import Action, ActionState, Kind
from bot.services.acting import cloning, launching, resizing, starting, stopping
from bot.services.desk import Desk
from store.acting import actions

Step = Callable[[Desk, Action], None]
STATES: tuple[ActionState, ...] = ("executing", "approved")
BEGIN: dict[Kind, Step] = {
    "stop": stopping.begin,
    "start": starting.begin,
    "launch": launching.begin,
    "clone": cloning.begin,
    "resize": cloning.begin,
}
FOLLOW: dict[Kind, Step] = {
    "stop": stopping.follow,
    "start": starting.follow,
    "launch": launching.follow,
    "clone": cloning.follow,
    "resize": resizing.follow,
}


def sources(desk: Desk) -> list[str]:
    """The sources that anything approved or under way goes to."""
    db = desk.store.reading()
    return sorted({source for state in STATES for source, _ in actions.under_way(db, state)})


def carry_out(desk: Desk, only: str | None = None) -> None:
    """Carry approved actions out and follow those under way; one that raises leaves the others their turn.

    `only` those of one source: a source that hangs must not hold up the others.
    """
    db = desk.store.reading()
    with ExitStack() as turns:  # last in, first out
        for state, steps in zip(STATES, (FOLLOW, BEGIN), strict=True):
            found = actions.under_way(db, state)
            for source, action in reversed(found):
                if only in {None, source}:
                    turns.callback(steps[action.kind], desk, action)


def waited(desk: Desk) -> int:
    """How long the oldest approved action has waited to be taken up, milliseconds; 0 when none waits."""
    since = actions.approved_since(desk.store.reading())
    return 0 if since is None else max(0, desk.clock() - since)
