"""Carrying out a stop: called once for the very launch that was approved, and followed to its end."""

from bot.domain.acting.actions import STOP_DEADLINE_MS, Action
from bot.domain.acting.obstacles import obstacle_to_execute
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.states import in_words
from bot.errors import Refused, Unreachable
from bot.services.acting import scenes, steps
from bot.services.context import Context

STOP_RECALL_AFTER_MS = 2 * MINUTE_MS
"""A stop that was asked for this long ago, on a machine that still runs the same launch, is asked for again."""
MOST_STOP_CALLS = 4


def begin(ctx: Context, action: Action) -> None:
    """Look once more, and call."""
    if steps.is_too_soon(ctx, action):
        return
    instance = steps.look_at(ctx, action, action.instance_id, deadline=STOP_DEADLINE_MS)
    if instance is None:
        return
    wait = None if action.may_end_work else steps.looked_at(ctx, action, instance)
    begun = steps.begin_on(ctx, action, instance, obstacle_to_execute, wait=wait)
    if begun is not None:
        _call(ctx, begun, instance)


def _call(ctx: Context, action: Action, instance: Instance) -> None:
    try:
        steps.acting_provider(ctx, instance.provider, instance.source).stop(instance)
    except Refused as error:
        steps.close(ctx, action, "failed", error.sentence)
    except Unreachable:
        return  # nobody knows whether it arrived: `follow` looks at the instance itself


def follow(ctx: Context, action: Action) -> None:
    """What became of a call: stopped, still on its way, lost (asked once more), or unclear (a person must look)."""
    instance = steps.look_at(ctx, action, action.instance_id, deadline=STOP_DEADLINE_MS)
    if instance is None:
        return
    now = ctx.clock()
    lasted = now - (action.executing_at or now)
    # The state first: a machine that stands still is stopped, whatever the clock says by then.
    if instance.state == "stopped":
        seen = "Its agent fell silent after" if instance.provider == "owned" else "It took"
        steps.close(ctx, action, "done", f"{seen} {steps.took(lasted)}.")
    # The fence: another launch is another machine, and nobody has approved that it is stopped.
    elif instance.launched_at != action.launched_at:
        steps.close(ctx, action, "unknown", f"{instance.name} was started again meanwhile; please look at it.")
    elif lasted > STOP_DEADLINE_MS:
        steps.close(
            ctx,
            action,
            "unknown",
            f"{instance.name} is still {in_words(instance.state)}; {steps.please_look(instance)}.",
        )
    # It still runs the very launch that was approved, so the call may never have arrived.
    elif _may_be_lost(action, instance) and steps.since_call(action, now) >= STOP_RECALL_AFTER_MS:
        wait = None if action.may_end_work else steps.looked_at(ctx, action, instance, since=action.called_at)
        if wait is not None and wait(ctx.store.reading()) is not None:
            return
        again = steps.call_again(
            ctx, action, lambda db: obstacle_to_execute(action, scenes.scene_of(ctx, db, action, instance))
        )
        if again is not None:
            _call(ctx, again, instance)


def _may_be_lost(action: Action, instance: Instance) -> bool:
    """It runs on as if nobody had called. The power command of an owned machine is run once, whatever comes of it."""
    return instance.state == "running" and action.calls < MOST_STOP_CALLS and instance.provider != "owned"
