"""What carrying out is made of, whatever the kind: a look, a row before the call, a word when it ends."""

from collections.abc import Callable
from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import APPROVAL_LASTS_MS, VALET, Action, ActionState
from bot.domain.acting.obstacles import Scene
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance, is_gone
from bot.errors import Refused, Unreachable, answering
from bot.providers import Provider
from bot.services.acting import approvals, endings, scenes
from bot.services.context import Context
from bot.services.machines import fleet, looks
from bot.services.money import rates
from store import audit as stored_audit
from store.acting import actions
from store.machines import fleet as stored_fleet

Obstacle = Callable[[Action, Scene], str | None]
"""What has changed since the card was shown so that it must not happen; None when nothing has."""

Wait = Callable[[Database], str | None]
"""What an action waits for before it is taken up, as a sentence; None when for nothing."""


def look_at(ctx: Context, action: Action, instance_id: str, *, deadline: int) -> Instance | None:
    """An instance as it is now; None when the provider does not answer (tried again later) or it is gone (ended)."""
    row = stored_fleet.by_id(ctx.store.reading(), instance_id)
    if row is None:
        return None
    known, began = stored_fleet.instance_of(row), ctx.clock()
    try:
        with answering(f"Whoever runs {known.name}"):
            instance = provider_of(ctx, known.provider, known.source).describe(known)
    except Unreachable as error:
        give_up_late(ctx, action, error, deadline=deadline)
        return None
    except Refused as error:
        _not_looked(ctx, action, error.sentence)
        return None
    if instance is None:
        _missed(ctx, action, known, row["gone_at"], deadline=deadline)
        return None
    with ctx.store.writing() as db:
        save_seen(ctx, db, instance, seen_at=began)
        row = stored_fleet.by_id(db, instance_id) or row
    instance = replace(instance, name=row["name"], own_name=row["own_name"] or "")
    if instance.state == "terminated":
        close(ctx, action, failed_state(action), f"{known.name} is gone.")
        return None
    return instance


def _missed(ctx: Context, action: Action, known: Instance, missed_at: int | None, *, deadline: int) -> None:
    """The provider shows it no more: it is gone once no look has shown it for long; until then it is asked again."""
    if is_gone(missed_at, ctx.clock()):
        close(ctx, action, failed_state(action), f"{known.name} is gone.")
    else:
        give_up_late(ctx, action, Unreachable(f"{known.name} is not to be seen"), deadline=deadline)


def save_seen(ctx: Context, db: Database, instance: Instance, *, seen_at: int) -> None:
    """Write an instance as a look has shown it that began at `seen_at`, unless a later look is written down."""
    row, swept_at = stored_fleet.by_id(db, instance.id), stored_fleet.ok_at(db, instance.source)
    # A look that began before what is written down may show an older state, however late its answer came.
    if row is not None and seen_at < max(row["seen_at"] or 0, swept_at or 0):
        return
    owned = instance.provider == "owned" and row is not None
    rate = stored_fleet.rate_of(row) if owned and row else rates.rented_rate(ctx, db, instance)
    stored_fleet.save(db, instance, team=rates.team_of_instance(ctx.settings, instance), rate=rate, seen_at=seen_at)
    before = {instance.id: row} if row else {}
    fleet.note_standstills(db, instance.source, [instance], before, ctx.clock(), last_look=swept_at)


def provider_of(ctx: Context, name: str, source: str) -> Provider:
    """Who looks after a source. Raises Unreachable, for good, when nobody does."""
    provider = ctx.providers.get(name)
    if provider is None:
        raise Unreachable(f"Nothing in valet.toml covers {source}", retryable=False)
    return provider


OBSERVED = "Valet only observes here (observe_only in valet.toml), so nothing was done."


def why_only_observed(ctx: Context, action: Action) -> str | None:
    """Why an approval is not acted on: Valet only observes, or did when the card said so."""
    return OBSERVED if ctx.settings.actions.observe_only or action.facts.is_observed else None


def acting_provider(ctx: Context, name: str, source: str) -> Provider:
    """As `provider_of`, for a call that changes something. Raises Refused, too, where Valet only observes."""
    if ctx.settings.actions.observe_only:
        raise Refused(OBSERVED)
    return provider_of(ctx, name, source)


def looked_at(ctx: Context, action: Action, instance: Instance, *, since: int | None = None) -> Wait:
    """Ask every source about an instance anew; what it tells, later, is which has not told of what came after the yes.

    `since` is when it was decided where that was not the yes. Slow: never within a transaction.
    """
    look, after = looks.ask_sources(ctx, instance), since if since is not None else action.decided_at or ctx.clock()
    return lambda db: looks.stale_source(ctx, db, instance, look, since=after)


def is_too_soon(ctx: Context, action: Action) -> bool:
    """It was looked at and waits for a minute that no source can have told of yet."""
    return bool(action.outcome) and ctx.clock() - (action.decided_at or 0) < MINUTE_MS


def begin(
    ctx: Context,
    action: Action,
    obstacle: Callable[[Database], str | None],
    *,
    calls: bool = True,
    wait: Wait | None = None,
) -> Action | None:
    """Take an approved action up, before its first call; None when it must not happen or another thread has it.

    None, too, while `wait` says what it waits for, which is noted.
    """
    now, off = ctx.clock(), why_only_observed(ctx, action) or no_colleague(ctx, action)
    taken = {"executing_at": now, "outcome": ""} | ({"called_at": now, "calls": 1} if calls else {})
    with ctx.store.writing() as db:
        reason = off or too_old(action, now) or approvals.auto_approval_ended(ctx, db, action) or obstacle(db)
        if reason:
            endings.end(ctx, db, action, "aborted", outcome=reason)
        elif wait is not None and (waits := wait(db)):
            if actions.say_waiting(db, action.id, waits):
                endings.show_card(ctx, db, action)
            return None
        # The row before the call: after a crash it says that a call may have been made. Of two threads one gets it.
        elif actions.move(db, action.id, "approved", "executing", **taken):
            did = f"began to {action.kind} it"
            stored_audit.add(
                db, now, VALET, did, subject=action.subject, detail=action.id, before="approved", after="executing"
            )
            endings.show_card(ctx, db, action)
        else:
            return None
        begun = actions.by_id(db, action.id)
    ctx.wake()
    return None if reason else begun


def no_colleague(ctx: Context, action: Action) -> str | None:
    """Whether somebody who asked for it or said yes has left the workspace; asks Slack, so in no transaction."""
    ctx.freshen()
    people = {action.requester, *action.approvers} - {VALET, ""}
    gone = sorted(person for person in people if not ctx.is_colleague(person))
    return f"{parts.person(gone[0])} is no longer a member of this workspace." if gone else None


def begin_on(
    ctx: Context, action: Action, instance: Instance, obstacle: Obstacle, *, wait: Wait | None = None
) -> Action | None:
    """As `begin`, for an action on an instance."""
    return begin(ctx, action, lambda db: obstacle(action, scenes.scene_of(ctx, db, action, instance)), wait=wait)


def call_again(ctx: Context, action: Action, obstacle: Callable[[Database], str | None]) -> Action | None:
    """Take a further call up, before it is made; None when it must not happen or another thread makes it.

    What must not happen any more has failed only where the provider said no to the last call: one without an answer
    may have arrived.
    """
    now, off = ctx.clock(), why_only_observed(ctx, action) or no_colleague(ctx, action)
    with ctx.store.writing() as db:
        reason = off or obstacle(db)
        if reason and action.retry_at is not None:
            endings.end(ctx, db, action, "failed", outcome=reason)
        elif reason:
            outcome = f"{reason} It was asked for once before that, without an answer. Please look at the machine."
            endings.end(ctx, db, action, "unknown", outcome=outcome)
        # Compared with the calls that this thread knows of: if another has called since, this one does not.
        elif not actions.mark_called(db, action.id, now, calls=action.calls):
            return None
        else:
            did = f"asked the provider again to {action.kind} it"
            stored_audit.add(db, now, VALET, did, subject=action.subject, detail=f"call {action.calls + 1}")
    ctx.wake()
    return None if reason else replace(action, called_at=now, calls=action.calls + 1, retry_at=None)


def too_old(action: Action, now: int) -> str | None:
    """A yes that was not carried out in time is none any more."""
    if now - (action.decided_at or now) <= APPROVAL_LASTS_MS:
        return None
    lapsed = f"It could not be carried out within {APPROVAL_LASTS_MS // MINUTE_MS} minutes, so the approval has ended."
    return f"{lapsed} {action.outcome}".rstrip()


def give_up_late(ctx: Context, action: Action, error: Unreachable, *, deadline: int) -> None:
    """Nothing was called yet: the yes lapses. Something was: a person must look."""
    now = ctx.clock()
    why = error.sentence.removesuffix(".")
    if action.state == "approved" and (not error.retryable or too_old(action, now)):
        close(ctx, action, "aborted", f"{why}. Nothing was done.")
    elif action.state == "executing" and now - (action.called_at or action.executing_at or now) > deadline:
        close(ctx, action, "unknown", f"{why}. Please look at the machine.")


def _not_looked(ctx: Context, action: Action, why: str) -> None:
    """The provider lets nobody look at it: what was not called yet is off; what was, may have come about."""
    if action.calls:
        close(ctx, action, "unknown", f"{why.removesuffix('.')}. Please look at the machine.")
    else:
        close(ctx, action, "aborted", why)


def failed_state(action: Action) -> ActionState:
    """How it ends when its machine is gone."""
    return "failed" if action.state == "executing" else "aborted"


def close(ctx: Context, action: Action, state: ActionState, outcome: str) -> None:
    """End it."""
    with ctx.store.writing() as db:
        endings.end(ctx, db, action, state, outcome=outcome)
    ctx.wake()


def took(length: int) -> str:
    """How long something took, for people."""
    return f"{length // 1000} s" if length < 2 * MINUTE_MS else f"{length // MINUTE_MS} min"


def please_look(instance: Instance) -> str:
    """What a person is asked to do."""
    return "please look at it" if instance.provider == "owned" else "please look at it in AWS"


def since_call(action: Action, now: int) -> int:
    """Since the provider was last asked."""
    return now - (action.called_at or now)
