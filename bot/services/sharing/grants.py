"""What is beyond fair use: drafted, asked for, decided by an approver, and then made."""

import secrets
from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import MINUTE_MS
from bot.domain.people import either
from bot.domain.preconditions import Conditions, difference
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import AS_NOW, CLAIM_GRACE_MS, AsNow, GpuChoice
from bot.domain.sharing.grants import Grant, grantors
from bot.errors import Refused
from bot.services.context import Context, team_channel
from bot.services.sharing import bookings, claims, handovers
from bot.services.sharing.limits import OverLimit
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import listings
from store.sharing import grants as stored_grants
from store.sharing import handovers as stored_handovers


def draft_claim(ctx: Context, over: OverLimit, *, choice: GpuChoice | AsNow) -> Grant:
    """Keep a claim that was refused. "As now" is what it was to cover, whatever becomes of the claim meanwhile."""
    listing, gpus = listings.by_id(ctx.store.reading(), over.planned.instance_id), over.planned.gpus
    covers = GpuChoice() if listing is None or len(gpus) == len(listing.gpus) else GpuChoice(indexes=gpus)
    return _draft(ctx, replace(_planned(ctx, over), choice=covers if choice is AS_NOW else choice))


def draft_booking(ctx: Context, over: OverLimit, wish: BookingRequest) -> Grant:
    """Keep a booking that was refused."""
    grant = replace(_planned(ctx, over), choice=wish.choice, weekly=wish.weekly, last_day=wish.last_day, note=wish.note)
    length = over.planned.until_at - over.planned.from_at
    ends = min(grant.expires_at, wish.from_at)
    return _draft(ctx, replace(grant, from_at=wish.from_at, length=length, expires_at=ends))


def draft_takeover(ctx: Context, over: OverLimit, handover_id: str) -> Grant:
    """Keep a takeover that was refused."""
    grant, offer = _planned(ctx, over), stored_handovers.by_id(ctx.store.reading(), handover_id)
    ends = min(grant.expires_at, offer.expires_at) if offer else grant.expires_at
    choice, shown = GpuChoice(indexes=over.planned.gpus), offer.shown if offer else None
    return _draft(ctx, replace(grant, choice=choice, handover_id=handover_id, expires_at=ends, shown=shown))


def _planned(ctx: Context, over: OverLimit) -> Grant:
    now, planned = ctx.clock(), over.planned
    length = max(
        MINUTE_MS, -(-(planned.until_at - now) // MINUTE_MS) * MINUTE_MS
    )  # time has gone by since it was planned
    return Grant(
        id=secrets.token_hex(16),
        person=planned.holder,
        team=planned.team,
        instance_id=planned.instance_id,
        choice=None,
        length=length,
        note=planned.note,
        excess=over.excess,
        created_at=now,
        expires_at=now + ctx.settings.answer_within,
        shown=_world(ctx.store.reading(), planned.instance_id, planned.holder, now),
    )


def _world(db: Database, instance_id: str, person: str, now: int) -> Conditions:
    """What counts of a machine, and of what somebody has there."""
    listing = listings.by_id(db, instance_id)
    if listing is None:
        return Conditions("the machine")
    instance, mine = listing.instance, listing.claim_of(person)
    seen = Conditions(instance.name, type=instance.type or None, claim="")
    if mine is None or mine.until_at + CLAIM_GRACE_MS <= now:
        return seen
    return replace(seen, claim=mine.id, gpus=mine.gpus, until_at=mine.until_at)


def _draft(ctx: Context, grant: Grant) -> Grant:
    """Keep it, so that one press asks an approver. The same that was asked is that question; another ends it."""
    with ctx.store.writing() as db:
        before = stored_grants.live_grant(db, grant)
        if before is not None and before.state != "drafted" and (before.state == "approved" or grant.is_same(before)):
            return before
        if before is not None and before.state == "pending":
            stored_grants.move_grant(
                db, before.id, "pending", "expired", outcome="They asked for something else since."
            )
            _show(ctx, db, before)
        elif before is not None:
            stored_grants.move_grant(db, before.id, "drafted", "expired")
        stored_grants.add(db, grant)
    return grant


def ask_grant(ctx: Context, grant_id: str, person: str) -> Grant:
    """Put a draft to the approvers. Raises Refused."""
    ctx.freshen()
    with ctx.store.writing() as db:
        grant = stored_grants.by_id(db, grant_id)
        if grant is None or grant.person != person:
            raise Refused("That request is somebody else's.")
        if not grantors(grant, ctx.roster()):
            raise Refused("Nobody could let this pass. Ask an admin to name approvers in valet.toml.")
        if not team_channel(ctx, grant.team):
            raise Refused("There is no channel to ask in. Ask an admin to set [slack] channel in valet.toml.")
        if grant.expires_at <= ctx.clock() or not stored_grants.move_grant(db, grant_id, "drafted", "pending"):
            raise Refused("That was asked already, or too long ago. Type it again to see how things stand.")
        stored_audit.add(db, ctx.clock(), person, "asked for more", subject=grant.instance_id, detail=grant.excess)
        _show(ctx, db, grant)
    ctx.wake()
    return grant


def decide_grant(ctx: Context, grant_id: str, person: str, *, yes: bool) -> None:
    """An approver's word; a yes makes it, if it can still be had. Raises Refused."""
    ctx.freshen()
    with ctx.store.writing() as db:
        grant, now = stored_grants.by_id(db, grant_id), ctx.clock()
        if grant is None:
            raise Refused("This request is not known here any more.")
        able = grantors(grant, ctx.roster())
        if person not in able:
            raise Refused(f"Only {either(able)} can decide this.")
        if grant.expires_at <= now or not stored_grants.note_decision(db, grant_id, person, now, yes=yes):
            raise Refused("Too late: this has been decided, or its time is over.")
        did = "let pass" if yes else "refused more"
        stored_audit.add(db, now, person, did, subject=grant.instance_id, detail=grant.person)
        _show(ctx, db, grant, ended=not yes)
    carry_out_grants(ctx)
    ctx.wake()


def carry_out_grants(ctx: Context) -> None:
    """Make what was let pass, and close what nobody decided in time; safe to run again after a crash."""
    for grant in stored_grants.approved_grants(ctx.store.reading()):
        _carry_out(ctx, grant)
    late = stored_grants.overdue_grants(ctx.store.reading(), ctx.clock())
    if late:
        with ctx.store.writing() as db:
            for grant in late:
                if stored_grants.move_grant(db, grant.id, grant.state, "expired") and grant.state == "pending":
                    _show(ctx, db, grant, ended=True)
        ctx.wake()


def _carry_out(ctx: Context, grant: Grant) -> None:
    """It is made and called made in one transaction: another thread that has it just then leaves nothing to do here."""
    is_here = ctx.is_colleague(grant.person)  # asks Slack, so in no transaction
    try:
        with ctx.store.writing() as db:
            if stored_grants.move_grant(db, grant.id, "approved", "claimed"):
                _compare(ctx, db, grant, is_here=is_here)
                _make(ctx, db, grant)
                _show(ctx, db, grant, ended=True)
    except Refused as error:
        _close(ctx, grant, outcome=error.sentence)


def _compare(ctx: Context, db: Database, grant: Grant, *, is_here: bool) -> None:
    """Whether things are as its card showed them. Raises Refused where they aren't."""
    now = ctx.clock()
    if not is_here:
        raise Refused(f"{parts.person(grant.person)} is no longer a member of this workspace.")
    offer = stored_handovers.by_id(db, grant.handover_id) if grant.handover_id else None
    seen = (
        handovers.handover_world(db, offer.claim_id, now) if offer else _world(db, grant.instance_id, grant.person, now)
    )
    gone = grant.decider and grant.decider not in grantors(grant, ctx.roster())
    seen = replace(seen, gone=f"{parts.person(grant.decider)} may no longer let this pass." if gone else "")
    if differs := difference(grant.kind, grant.shown or Conditions(), seen):
        raise Refused(differs)
    if grant.kind == "claim" and grant.choice is None and not seen.claim:
        # a version before kept no more than that it was to cover what it covered
        raise Refused(f"Which GPUs of {seen.name} were meant is not known any more. Ask again.")


def _make(ctx: Context, db: Database, grant: Grant) -> None:
    if grant.handover_id:
        handovers.accept_handover_within(ctx, db, grant.handover_id, grant.person)
    elif grant.from_at is not None:
        length, choice = grant.length, grant.choice or GpuChoice()
        wish = BookingRequest(grant.from_at, length, choice, grant.weekly, grant.last_day, grant.note)
        bookings.book_within(ctx, db, grant.instance_id, grant.person, wish, grant_id=grant.id)
    else:
        claims.claim_within(
            ctx,
            db,
            grant.instance_id,
            grant.person,
            choice=grant.choice or AS_NOW,
            length=grant.length,
            note=grant.note,
        )


def _close(ctx: Context, grant: Grant, outcome: str) -> None:
    with ctx.store.writing() as db:
        if stored_grants.move_grant(db, grant.id, "approved", "failed", outcome=outcome):
            _show(ctx, db, grant, ended=True)


def _show(ctx: Context, db: Database, grant: Grant, *, ended: bool = False) -> None:
    """Bring the card up to date; once it is over, the person is told, too."""
    channel, now = team_channel(ctx, grant.team), ctx.clock()
    stored_outbox.tell(db, channel, f"grant:{grant.id}", kind="grant_card", subject=grant.id, now=now)
    if ended:
        stored_outbox.tell(db, grant.person, f"grant-end:{grant.id}", kind="grant_ended", subject=grant.id, now=now)
