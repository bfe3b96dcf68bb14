"""Carrying out a start: tried again while there is no capacity, and ready only when the agent reports, too."""

from bot.domain.acting.actions import Action
from bot.domain.acting.start import (
    BOOTS_WITHIN_MS,
    SHOWS_WITHIN_MS,
    START_DEADLINE_MS,
    began_and_stopped,
    obstacle_to_begin_start,
    why_it_ended,
)
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.states import in_words
from bot.errors import NoCapacity, Refused, Unreachable
from bot.services.acting import arrivals, scenes, steps
from bot.services.context import Context
from store.machines import readings as stored_readings

START_RECALL_AFTER_MS = 2 * MINUTE_MS
MOST_LOST_STARTS = 4
"""Calls whose answer was lost, before it is given up."""


def begin(ctx: Context, action: Action) -> None:
    """Look once more, and call."""
    instance = steps.look_at(ctx, action, action.instance_id, deadline=START_DEADLINE_MS)
    if instance is None:
        return
    begun = steps.begin_on(ctx, action, instance, obstacle_to_begin_start)
    if begun is not None:
        _call(ctx, begun, instance)


def _call(ctx: Context, action: Action, instance: Instance) -> None:
    try:
        steps.acting_provider(ctx, instance.provider, instance.source).start(instance)
    except NoCapacity as error:
        arrivals.wait_for_capacity(ctx, action, error.sentence, launched_at=instance.launched_at)
    except Refused as error:
        steps.close(ctx, action, "failed", error.sentence)
    except Unreachable:
        return  # nobody knows whether it arrived: `follow` looks at the instance itself
    else:
        arrivals.tell_taken(ctx, action)


def follow(ctx: Context, action: Action) -> None:
    """What became of a call: ready, on its way, out of capacity, lost (asked once more), or unclear."""
    instance = steps.look_at(ctx, action, action.instance_id, deadline=START_DEADLINE_MS)
    if instance is None:
        return
    now = ctx.clock()
    if instance.state == "running":
        expected = stored_readings.newest_minute(ctx.store.reading(), instance.id) is not None
        arrivals.ready(ctx, action, instance, expected=expected)
    elif action.retry_at is not None:
        if now >= action.retry_at:
            _call_again(ctx, action, instance)
    elif instance.state == "stopped" and steps.since_call(action, now) >= SHOWS_WITHIN_MS:
        _stands_still(ctx, action, instance, now)
    elif steps.since_call(action, now) > START_DEADLINE_MS:
        steps.close(
            ctx,
            action,
            "unknown",
            f"{instance.name} is still {in_words(instance.state)}; {steps.please_look(instance)}.",
        )


def _stands_still(ctx: Context, action: Action, instance: Instance, now: int) -> None:
    if instance.provider == "owned":  # it boots unseen, and its power command is run once
        if steps.since_call(action, now) > BOOTS_WITHIN_MS:
            steps.close(ctx, action, "unknown", f"{instance.name} has not reported; {steps.please_look(instance)}.")
    elif began_and_stopped(action, instance):
        if "Insufficient" in instance.state_reason:
            said = f"AWS began to start it and then had no {instance.type} left in {instance.zone}."
            arrivals.wait_for_capacity(ctx, action, said, launched_at=instance.launched_at)
        else:
            why = why_it_ended(instance.state_reason)
            steps.close(ctx, action, "failed", f"It began to start and stopped again{why}. Look at it in AWS.")
    elif action.calls - action.tries >= MOST_LOST_STARTS:
        steps.close(ctx, action, "unknown", f"{instance.name} is still stopped; please look at it in AWS.")
    elif steps.since_call(action, now) >= START_RECALL_AFTER_MS:
        _call_again(ctx, action, instance)


def _call_again(ctx: Context, action: Action, instance: Instance) -> None:
    again = steps.call_again(
        ctx, action, lambda db: obstacle_to_begin_start(action, scenes.scene_of(ctx, db, action, instance))
    )
    if again is not None:
        _call(ctx, again, instance)
