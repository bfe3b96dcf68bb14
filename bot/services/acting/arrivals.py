"""A machine on its way to whoever asked for it: waiting for capacity, and handed over when it is there."""

from collections.abc import Callable

from bot.domain import parts
from bot.domain.acting.actions import VALET, Action
from bot.domain.acting.start import CAPACITY_PAUSES_MS, REPORTS_WITHIN_MS
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.errors import Refused
from bot.services.acting import endings, steps
from bot.services.context import Context
from bot.services.sharing import bookings, claims
from store import audit as stored_audit
from store.acting import actions
from store.machines import readings as stored_readings

Arrive = Callable[[Context, Action, Instance, str], None]
"""What is done when a machine is there; the last is a sentence for people."""


def wait_for_capacity(ctx: Context, action: Action, said: str, *, launched_at: int | None, spare: int = 0) -> None:
    """There was no capacity: try again later, while there are tries left, and tell whoever asked.

    `spare` more places are there to be tried at once.
    """
    now = ctx.clock()
    if action.tries >= spare + len(CAPACITY_PAUSES_MS):
        steps.close(ctx, action, "failed", f"{said} That was the last of {action.tries + 1} tries.")
        return
    retry_at = now if action.tries < spare else now + CAPACITY_PAUSES_MS[action.tries - spare]
    with ctx.store.writing() as db:
        if not actions.mark_short(db, action, retry_at=retry_at, launched_at=launched_at, outcome=said):
            return
        stored_audit.add(db, now, "valet", f"{action.kind} waits", subject=action.subject, detail=said)
        endings.show_card(ctx, db, action)
        endings.tell_news(db, action, action.tries + 1, now)
    ctx.wake()


def tell_taken(ctx: Context, action: Action) -> None:
    """The provider took it: tell whoever asked."""
    with ctx.store.writing() as db:
        endings.tell_news(db, action, action.tries, ctx.clock())
    ctx.wake()


def arrive(ctx: Context, action: Action, instance: Instance, outcome: str) -> None:
    """It is there: claimed for whoever asked, and told.

    The claim comes first: after a crash in between it is asked for again, which changes nothing.
    """
    if action.requester != VALET:
        outcome = claim_for_requester(ctx, action, instance, outcome)
    steps.close(ctx, action, "done", outcome)


def claim_for_requester(ctx: Context, action: Action, instance: Instance, outcome: str) -> str:
    """Claim it for whoever asked; what is to be said, with why not where that can't be.

    The yes on its card was one to its size, too. Where it is booked for later, it is theirs until then. Asks Slack
    whether they are still there, so in no transaction: a machine may take half an hour to come.
    """
    who, note = action.requester, action.reason
    if not ctx.is_colleague(who):
        return f"{outcome} It is not claimed for {parts.person(who)}, who is no longer a member of this workspace."
    try:
        claims.take_gpus(ctx, instance.id, who, length=action.length, note=note, granted=True)
    except bookings.BookingInTheWay as booked:
        return _until_booked(ctx, action, instance, outcome, booked)
    except Refused as error:
        return f"{outcome} It is not claimed for {parts.person(action.requester)}: {error.sentence}"
    return outcome


def _until_booked(
    ctx: Context, action: Action, instance: Instance, outcome: str, booked: bookings.BookingInTheWay
) -> str:
    who, until = action.requester, booked.slot.from_at
    try:
        claims.take_gpus(ctx, instance.id, who, until=until, note=action.reason, granted=True)
    except Refused:
        return f"{outcome} It is not claimed for {parts.person(who)}: {booked.sentence}"
    return (
        f"{outcome} It is {parts.person(who)}'s only until {parts.person(booked.slot.holder)}'s booking of it begins."
    )


def ready(ctx: Context, action: Action, instance: Instance, *, expected: bool, arrive: Arrive = arrive) -> None:
    """It runs: handed over at once, or where an agent is expected on it, when that reports."""
    now = ctx.clock()
    took, heard = (
        steps.took(now - (action.executing_at or now)),
        stored_readings.newest_minute(ctx.store.reading(), instance.id),
    )
    if not expected:
        arrive(ctx, action, instance, f"{instance.name} runs; it took {took}. No agent has reported from it.")
    elif heard is not None and heard >= (instance.launched_at or 0):
        arrive(ctx, action, instance, f"{instance.name} runs, and its agent reports; it took {took}.")
    elif steps.since_call(action, now) > REPORTS_WITHIN_MS:
        late = f"its agent has not reported within {REPORTS_WITHIN_MS // MINUTE_MS} minutes. Have a look at it"
        arrive(ctx, action, instance, f"{instance.name} runs, but {late}.")
