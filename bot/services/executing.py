"""Carrying out what was approved: looked at again, claimed for the call, called, followed to its end.

Safe to call at any time, from several threads and after any crash: every step is a compare-and-set on the action's
row before it is a call, and a call is repeated only after a look that shows the very launch that was approved.
"""

from contextlib import ExitStack
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.actions import APPROVAL_LASTS, STOP_DEADLINE, Action, ActionState, Scene, obstacle_to_execute
from bot.domain.claims import GRACE
from bot.domain.clock import MINUTE
from bot.domain.fleet import Instance
from bot.errors import Refused, Unreachable
from bot.services import ending, judging, pricing
from bot.services.desk import Desk
from store import actions, claims, fleet

RECALL_AFTER = 2 * MINUTE
"""A stop that was asked for this long ago, on a machine that still runs the same launch, is asked for again."""
MOST_CALLS = 4


def carry_out(desk: Desk) -> None:
    """Carry approved actions out and follow those under way; one that raises leaves the others their turn."""
    with ExitStack() as turns:  # last in, first out
        for action in reversed(actions.in_state(desk.store.reading(), "executing")):
            turns.callback(_follow, desk, action)
        for action in reversed(actions.in_state(desk.store.reading(), "approved")):
            turns.callback(_start, desk, action)


def _start(desk: Desk, action: Action) -> None:
    instance = _look(desk, action)
    if instance is None:
        return
    now = desk.clock()
    with desk.store.writing() as db:
        obstacle = _too_old(action, now) or obstacle_to_execute(action, _scene(desk, db, instance))
        if obstacle:
            ending.end(desk, db, action, "aborted", outcome=obstacle)
        elif actions.move(db, action.id, "approved", "executing", executing_at=now, called_at=now, calls=1):
            ending.show(desk, db, action)
        else:
            return  # another thread has it
    if obstacle is None:
        _call(desk, replace(action, state="executing"), instance)
    desk.wake()


def _too_old(action: Action, now: int) -> str | None:
    if now - (action.decided_at or now) <= APPROVAL_LASTS:
        return None
    return f"It could not be carried out within {APPROVAL_LASTS // MINUTE} minutes, so the approval lapsed."


def _look(desk: Desk, action: Action) -> Instance | None:
    """The instance as it is now; None when the provider does not answer (tried again later) or it is gone (ended)."""
    row = fleet.by_id(desk.store.reading(), action.instance_id)
    if row is None:
        return None
    known = fleet.instance_of(row)
    try:
        instance = _described(desk, known)
    except Unreachable as error:
        _give_up_late(desk, action, error)
        return None
    except Refused as error:
        _close(desk, action, _failed(action), str(error))
        return None
    if instance is None or instance.state == "terminated":
        _close(desk, action, _failed(action), f"{known.name} is gone.")
        return None
    with desk.store.writing() as db:
        owned = instance.provider == "owned"
        rate = fleet.rate_of(row) if owned else pricing.rate(desk.settings, instance)
        fleet.save(db, instance, team=pricing.team_of(desk.settings, instance), rate=rate)
    return instance


def _described(desk: Desk, known: Instance) -> Instance | None:
    provider = desk.providers.get(known.provider)
    if provider is None:
        raise Unreachable(f"Nothing in valet.toml covers {known.source}, where {known.name} is.", retryable=False)
    return provider.describe(known)


def _failed(action: Action) -> ActionState:
    return "failed" if action.state == "executing" else "aborted"


def _scene(desk: Desk, db: Database, instance: Instance) -> Scene:
    now = desk.clock()
    held = tuple(claim for claim in claims.open_on(db, instance.id) if claim.until_at + GRACE > now)
    verdict = judging.judge_now(desk, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)
    return Scene(instance, held, verdict, desk.roster(), desk.exemption(instance))


def _call(desk: Desk, action: Action, instance: Instance) -> None:
    try:
        desk.providers[instance.provider].stop(instance)
    except Refused as error:
        _close(desk, action, "failed", str(error))
    except Unreachable:
        return  # nobody knows whether it arrived: `_follow` looks at the instance itself


def _follow(desk: Desk, action: Action) -> None:
    """What became of a call: stopped, still on its way, lost (asked once more), or unclear (a person must look)."""
    instance = _look(desk, action)
    if instance is None:
        return
    now = desk.clock()
    lasted = now - (action.executing_at or now)
    if instance.state == "stopped":
        _close(desk, action, "done", f"Stopped; seen so {_took(lasted)} after the call.")
    elif instance.launched_at != action.launched_at:
        _close(desk, action, "unknown", f"{instance.name} was started again meanwhile; please look at it.")
    elif lasted > STOP_DEADLINE:
        _close(desk, action, "unknown", f"{instance.name} is still {instance.state}; please look at it in AWS.")
    elif instance.state == "running" and action.calls < MOST_CALLS and _since_call(action, now) >= RECALL_AFTER:
        _recall(desk, action, instance)


def _since_call(action: Action, now: int) -> int:
    return now - (action.called_at or now)


def _recall(desk: Desk, action: Action, instance: Instance) -> None:
    with desk.store.writing() as db:
        obstacle = obstacle_to_execute(action, _scene(desk, db, instance))
        if obstacle:
            ending.end(desk, db, action, "failed", outcome=obstacle)
        elif not actions.mark_called(db, action.id, desk.clock(), calls=action.calls):
            return  # another thread asks already
    if obstacle is None:
        _call(desk, action, instance)
    desk.wake()


def _give_up_late(desk: Desk, action: Action, error: Unreachable) -> None:
    """Nothing was called yet: the yes lapses. Something was: a person must look."""
    now = desk.clock()
    if action.state == "approved" and (not error.retryable or _too_old(action, now)):
        _close(desk, action, "aborted", f"{_stem(error)}. Nothing was done.")
    elif action.state == "executing" and now - (action.executing_at or now) > STOP_DEADLINE:
        _close(desk, action, "unknown", f"{_stem(error)}. Please look at the machine.")


def _stem(error: Unreachable) -> str:
    return str(error).removesuffix(".")


def _close(desk: Desk, action: Action, state: ActionState, outcome: str) -> None:
    with desk.store.writing() as db:
        ending.end(desk, db, action, state, outcome=outcome)
    desk.wake()


def _took(length: int) -> str:
    return f"{length // 1000} s" if length < 2 * MINUTE else f"{length // MINUTE} min"
