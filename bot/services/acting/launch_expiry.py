"""What becomes of a launched or started machine when its time is over: who had it is told, and a stop asked for."""

from dataclasses import replace

from bot.domain.acting.actions import PAST_TENSE, VALET, Action
from bot.domain.acting.batches import StopsCapped
from bot.domain.acting.launch import ACTION_TAG, launch_ends_at, token_of
from bot.domain.clock import DAY_MS
from bot.domain.machines.fleet import Instance
from bot.errors import Refused
from bot.services.acting import approvals, arrivals, endings
from bot.services.context import Context
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import makings
from store.machines import fleet as stored_fleet

KIND = "launch_over"
LOOKED_FOR_MS = 30 * DAY_MS
"""So long after its end a machine may still turn up that was ordered without an answer."""


def ask_about_over(ctx: Context) -> None:
    """Ask, once a day, about every launched or started machine whose time is over and that runs on unclaimed."""
    find_late(ctx)
    now = ctx.clock()
    for action in makings.makings_over(ctx.store.reading(), now, now - DAY_MS):
        try:
            why = _ask(ctx, action)
        except StopsCapped:
            continue  # asked about when others are decided
        with ctx.store.writing() as db:
            makings.mark_over(db, action.id, now)
            subject = f"{action.id} {why}"
            ref = f"{KIND}:{action.id}:{now}"
            stored_outbox.tell(db, action.requester, ref, kind=KIND, subject=subject, now=now)
        ctx.wake()


def find_late(ctx: Context) -> None:
    """Look for the machines of orders that were never confirmed: one that bears an order's tag was made by it."""
    now, db = ctx.clock(), ctx.store.reading()
    for action in makings.unfound(db, now - LOOKED_FOR_MS):
        instance_id = makings.bearing(db, ACTION_TAG, token_of(action))
        row = stored_fleet.by_id(db, instance_id) if instance_id else None
        if row is not None:
            _take_in(ctx, action, stored_fleet.instance_of(row), now)


def _take_in(ctx: Context, action: Action, machine: Instance, now: int) -> None:
    """It is whose it was made for, for what is left of its time; they hear of it, and its end is asked about."""
    outcome, left = f"{machine.name} was made by it after all, and runs.", (launch_ends_at(action) or now) - now
    if left >= ctx.settings.claim_limits(action.team).shortest:
        outcome = arrivals.claim_for_requester(ctx, replace(action, length=left), machine, outcome)
    with ctx.store.writing() as db:
        if makings.note_found(db, action, machine.id, outcome):
            stored_audit.add(db, now, VALET, "found what was made", subject=machine.id, detail=action.id)
            endings.show_card(ctx, db, action)
            ref = f"action-found:{action.id}"
            stored_outbox.tell(db, action.told, ref, kind="action_ended", subject=action.id, now=now)
    ctx.wake()


def _ask(ctx: Context, action: Action) -> str:
    """Ask the approvers whether to stop it; why not, where it works or nobody can tell."""
    try:
        reason = f"The time it was {PAST_TENSE[action.kind]} for is over."
        machine_id = action.made_id or action.instance_id
        approvals.ask_to_stop(ctx, machine_id, VALET, reason=reason, owner=action.requester)
    except StopsCapped:
        raise
    except Refused as refusal:
        return refusal.sentence
    return ""
