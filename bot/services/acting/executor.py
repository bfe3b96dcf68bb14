"""Carrying out what was approved: looked at again, claimed for the call, called, followed to its end.

Safe to call at any time, from several threads and after any crash: every step is a compare-and-set on the action's
row before it is a call, and a call is repeated only after a look that shows the very launch that was approved.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from bot.domain.acting.actions import Action, ActionKind, ActionState
from bot.services.acting import clone, launch, resize, start, stop
from bot.services.context import Context
from store.acting import actions

ActionStep = Callable[[Context, Action], None]
_STATES: tuple[ActionState, ...] = ("executing", "approved")
BEGIN: dict[ActionKind, ActionStep] = {
    "stop": stop.begin,
    "start": start.begin,
    "launch": launch.begin,
    "clone": clone.begin,
    "resize": clone.begin,
}
FOLLOW: dict[ActionKind, ActionStep] = {
    "stop": stop.follow,
    "start": start.follow,
    "launch": launch.follow,
    "clone": clone.follow,
    "resize": resize.follow,
}


def by_source(ctx: Context) -> dict[str, Callable[[], None]]:
    """What there is to do at each source that anything approved or under way goes to; a source that hangs must not
    hold up the others, so each is for a thread of its own.
    """
    todo: dict[str, list[Callable[[], None]]] = {}
    for state, steps in zip(_STATES, (FOLLOW, BEGIN), strict=True):
        for source, action in actions.under_way(ctx.store.reading(), state):
            todo.setdefault(source, []).append(partial(steps[action.kind], ctx, action))
    return {source: partial(one_by_one, steps_there) for source, steps_there in sorted(todo.items())}


def carry_out(ctx: Context) -> None:
    """Carry approved actions out and follow those under way, at every source."""
    one_by_one(list(by_source(ctx).values()))


def one_by_one(todo: Sequence[Callable[[], None]]) -> None:
    """One that raises leaves the others their turn."""
    with ExitStack() as turns:  # last in, first out
        for step in reversed(todo):
            turns.callback(step)


def executor_waited(ctx: Context) -> int:
    """How long the oldest approved action has waited to be taken up, milliseconds; 0 when none waits."""
    since = actions.approved_since(ctx.store.reading())
    return 0 if since is None else max(0, ctx.clock() - since)
