"""Stopping from chat: asked for, decided by somebody else, checked again, done, and said.

Every step is a row before it is a call, so a crash between any two is picked up by `carry_out` after the start.
"""

import secrets

from sqlite_utils import Database

from bot.billing import prices
from bot.domain.actions import (
    STOP_DEADLINE,
    Action,
    ActionState,
    Facts,
    Scene,
    deciders,
    obstacle_to_execute,
    obstacle_to_stop,
    refusal_to_approve,
)
from bot.domain.clock import MINUTE
from bot.domain.fleet import Instance
from bot.domain.listing import Listing
from bot.errors import Refused, Unreachable
from bot.services import judging, pricing
from bot.services.desk import Desk, channel_of
from store import actions, claims, fleet, listings, outbox

RECALL_AFTER = 2 * MINUTE
"""A stop that was asked for this long ago, on a machine that still runs the same launch, is asked for once more."""


def ask_to_stop(desk: Desk, instance_id: str, requester: str, *, reason: str = "") -> Action:
    """Ask for a stop; asked twice, it is the same card. Raises Refused with what to do instead."""
    now = desk.clock()
    with desk.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        if listing is None:
            raise Refused("That instance is gone.")
        pending = _lapse(db, actions.live_on(db, instance_id), now)
        if pending is not None:
            return pending
        action = _plan(desk, db, listing, requester, reason=reason)
        actions.add(db, action)
        actions.audit(db, now, requester, "asked to stop", subject=instance_id, detail=reason)
        _show(desk, db, action)
    desk.wake()
    return action


def _plan(desk: Desk, db: Database, listing: Listing, requester: str, *, reason: str) -> Action:
    now, roster, instance = desk.clock(), desk.roster(), listing.instance
    verdict = judging.judge_now(desk, db, instance.id, instance.gpu_count)
    obstacle = obstacle_to_stop(Scene(instance, listing.claim, verdict, roster))
    if obstacle:
        raise Refused(obstacle)
    held = listing.claim
    facts = Facts(
        name=instance.name,
        type=instance.type,
        region=instance.region,
        verdict=verdict.state,
        verdict_since=verdict.since,
        evidence=verdict.evidence,
        claim_id=held.id if held else "",
        holder=held.holder if held else "",
        claim_until=held.until_at if held else None,
        rate_micros=listing.rate.micros_per_hour if listing.rate else None,
        nvme_gb=instance.nvme_gb,
        capacity_short=prices.is_capacity_short(instance.type),
    )
    action = Action(
        id=secrets.token_hex(16),
        kind="stop",
        instance_id=instance.id,
        launched_at=instance.launched_at,
        requester=requester,
        team=listing.team,
        state="pending",
        created_at=now,
        expires_at=now + desk.settings.answer_within,
        facts=facts,
        reason=reason,
    )
    if not deciders(action, roster):
        raise Refused("Nobody could approve this but you. Ask an admin to name approvers in valet.toml.")
    if not channel_of(desk, listing.team):
        raise Refused("There is no channel to ask in. Ask an admin to set [slack] channel in valet.toml.")
    return action


def decide(desk: Desk, action_id: str, person: str, *, yes: bool) -> Action:
    """The one decision on an action. Raises Refused when this person may not, or it was decided or lapsed already."""
    now, roster = desk.clock(), desk.roster()
    with desk.store.writing() as db:
        action = actions.by_id(db, action_id)
        if action is None:
            raise Refused("This request is not known here any more.")
        current = _lapse(db, action, now) or actions.by_id(db, action_id) or action
        obstacle = _closed(current) or refusal_to_approve(current, person, roster)
        if obstacle is None:
            state: ActionState = "approved" if yes else "denied"
            if not actions.decide(db, action_id, person, state, now):
                obstacle = "Somebody else decided this at the same moment."
            else:
                did = "approved the stop" if yes else "kept it running"
                actions.audit(db, now, person, did, subject=action.instance_id, detail=action_id)
                if not yes:
                    _finish_note(db, current, now)
        _show(desk, db, action)
        decided = actions.by_id(db, action_id) or action
    desk.wake()
    if obstacle:
        raise Refused(obstacle)
    return decided


def _closed(action: Action) -> str | None:
    if action.state == "pending":
        return None
    if action.state == "expired":
        return f"Too late: nobody answered in time, so {action.facts.name} keeps running. Ask again with `/gpu stop`."
    who = f" by <@{action.decider}>" if action.decider else ""
    return f"Already {action.state}{who}."


def make_way(desk: Desk, db: Database, listing: Listing, person: str) -> None:
    """Somebody wants to use this instance: a stop nobody has decided yet is off. Raises Refused when it is too late."""
    now, name = desk.clock(), listing.instance.name
    action = _lapse(db, actions.live_on(db, listing.instance.id), now)
    if action is None:
        return
    if action.state != "pending":
        raise Refused(f"{name} is about to be stopped (<@{action.decider}> approved it).")
    outcome = f"<@{person}> claimed {name} first."
    if actions.move(db, action.id, "pending", "cancelled", finished_at=now, outcome=outcome):
        actions.audit(db, now, person, "cancelled the stop", subject=listing.instance.id, detail=action.id)
        _show(desk, db, action)
        _finish_note(db, action, now)


def expire(desk: Desk) -> None:
    """Close the requests nobody answered in time."""
    now = desk.clock()
    over = [each for each in actions.in_state(desk.store.reading(), "pending") if each.expires_at <= now]
    for action in over:
        with desk.store.writing() as db:
            _lapse(db, action, now)
            _show(desk, db, action)
    if over:
        desk.wake()


def _lapse(db: Database, action: Action | None, now: int) -> Action | None:
    """The action, unless nobody answered it in time: then it is closed and gone."""
    if action is None or action.state != "pending" or action.expires_at > now:
        return action
    if actions.move(db, action.id, "pending", "expired", finished_at=now, outcome="Nobody answered in time."):
        actions.audit(db, now, "valet", "let the request lapse", subject=action.instance_id, detail=action.id)
        _finish_note(db, action, now)
    return None


def carry_out(desk: Desk) -> None:
    """Carry approved actions out and follow those under way; safe to call at any time and after any crash."""
    for action in actions.in_state(desk.store.reading(), "approved"):
        _start(desk, action)
    for action in actions.in_state(desk.store.reading(), "executing"):
        _follow(desk, action)


def _start(desk: Desk, action: Action) -> None:
    instance = _look(desk, action)
    if instance is None:
        return
    now = desk.clock()
    with desk.store.writing() as db:
        obstacle = obstacle_to_execute(action, _scene(desk, db, instance))
        if obstacle is None and now - (action.decided_at or now) > desk.settings.answer_within:
            obstacle = "It could not be carried out in time, so the approval lapsed."
        if obstacle:
            _end(desk, db, action, "aborted", obstacle)
        elif actions.move(db, action.id, "approved", "executing", executing_at=now):
            actions.mark_called(db, action.id, now)
            _show(desk, db, action)
    if obstacle is None:
        _call(desk, action, instance)
    desk.wake()


def _look(desk: Desk, action: Action) -> Instance | None:
    """The instance as it is now; None when the provider does not answer (tried again later) or it is gone (ended)."""
    row = fleet.by_id(desk.store.reading(), action.instance_id)
    if row is None:
        return None
    known = fleet.instance_of(row)
    try:
        instance = desk.providers[known.provider].describe(known)
    except Unreachable:
        _give_up_late(desk, action)
        return None
    except Refused as error:
        with desk.store.writing() as db:
            _end(desk, db, action, "failed" if action.state == "executing" else "aborted", str(error))
        return None
    if instance is None or instance.state == "terminated":
        with desk.store.writing() as db:
            _end(desk, db, action, "failed" if action.state == "executing" else "aborted", f"{known.name} is gone.")
        return None
    with desk.store.writing() as db:
        team, rate = pricing.team_of(desk.settings, instance), pricing.rate(desk.settings, instance)
        fleet.save(db, instance, team=team, rate=rate)
    return instance


def _scene(desk: Desk, db: Database, instance: Instance) -> Scene:
    held = claims.open_on(db, instance.id)
    verdict = judging.judge_now(desk, db, instance.id, instance.gpu_count)
    return Scene(instance, held[0] if held else None, verdict, desk.roster())


def _call(desk: Desk, action: Action, instance: Instance) -> None:
    try:
        desk.providers[instance.provider].stop(instance)
    except Refused as error:
        with desk.store.writing() as db:
            _end(desk, db, action, "failed", str(error))
    except Unreachable:
        return  # nobody knows whether it arrived: `_follow` looks at the instance itself


def _follow(desk: Desk, action: Action) -> None:
    """What became of a call: stopped, still on its way, lost (asked once more), or unclear (a person must look)."""
    instance = _look(desk, action)
    if instance is None:
        return
    now = desk.clock()
    since_call = now - (action.called_at or now)
    if instance.state == "stopped":
        _close(desk, action, "done", f"Stopped, {_took(now - (action.executing_at or now))} after the call.")
    elif instance.launched_at != action.launched_at:
        _close(desk, action, "unknown", f"{instance.name} was started again meanwhile; please look at it.")
    elif instance.state == "running" and action.calls < 2 and since_call >= RECALL_AFTER:
        _recall(desk, action, instance)
    elif now - (action.executing_at or now) > STOP_DEADLINE:
        _close(desk, action, "unknown", f"{instance.name} is still {instance.state}; please look at it in AWS.")


def _recall(desk: Desk, action: Action, instance: Instance) -> None:
    with desk.store.writing() as db:
        obstacle = obstacle_to_execute(action, _scene(desk, db, instance))
        if obstacle:
            _end(desk, db, action, "failed", obstacle)
        else:
            actions.mark_called(db, action.id, desk.clock())
    if obstacle is None:
        _call(desk, action, instance)


def _give_up_late(desk: Desk, action: Action) -> None:
    began = action.executing_at or action.decided_at or action.created_at
    if desk.clock() - began <= max(STOP_DEADLINE, desk.settings.answer_within):
        return
    state: ActionState = "unknown" if action.state == "executing" else "aborted"
    _close(desk, action, state, "AWS did not answer for too long; please look at the machine.")


def _close(desk: Desk, action: Action, state: ActionState, outcome: str) -> None:
    with desk.store.writing() as db:
        _end(desk, db, action, state, outcome)
    desk.wake()


def _end(desk: Desk, db: Database, action: Action, state: ActionState, outcome: str) -> None:
    now = desk.clock()
    if not actions.move(db, action.id, action.state, state, finished_at=now, outcome=outcome):
        current = actions.by_id(db, action.id)
        if current is None or not actions.move(db, action.id, current.state, state, finished_at=now, outcome=outcome):
            return
    actions.audit(db, now, "valet", f"stop {state}", subject=action.instance_id, detail=outcome)
    _show(desk, db, action)
    _finish_note(db, action, now)


def _show(desk: Desk, db: Database, action: Action) -> None:
    """Bring the card up to date; it is drawn when it is sent."""
    channel = channel_of(desk, action.team)
    outbox.tell(db, channel, f"action:{action.id}", kind="action_card", subject=action.id, now=desk.clock())


def _finish_note(db: Database, action: Action, now: int) -> None:
    """Tell the one who asked, in person: an edited card notifies nobody."""
    ref = f"action-end:{action.id}"
    outbox.tell(db, action.requester, ref, kind="action_ended", subject=action.id, now=now)


def _took(length: int) -> str:
    return f"{length // 1000} s" if length < 2 * MINUTE else f"{length // MINUTE} min"
