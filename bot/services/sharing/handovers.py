"""Handing a claim to somebody else, who has to accept it; or some GPUs of it, to whoever asked for them."""

import secrets
from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import HOUR_MS
from bot.domain.machines.listing import Listing
from bot.domain.preconditions import Conditions, difference
from bot.domain.sharing.claims import Claim, gpu_words
from bot.domain.sharing.find import idle_since
from bot.domain.sharing.handovers import Handover, HandoverState
from bot.domain.sharing.requests import ReleaseRequest
from bot.errors import Refused
from bot.services import digest, quiet
from bot.services.acting import approvals
from bot.services.context import Context
from bot.services.machines import verdict as verdict_service
from bot.services.sharing import claims, limits, requests, turns
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims
from store.sharing import handovers as stored_handovers
from store.sharing import requests as stored_requests

HANDOVER_LASTS_MS = 8 * HOUR_MS
HANDOVER_TOO_LATE = f"Too late: the offer or the claim has ended. {parts.gpu('status free')} shows what is free."


def offer_handover(ctx: Context, instance_id: str, giver: str, taker: str) -> Handover:
    """Offer one's claim to somebody; offered again, the newest offer counts. Raises Refused."""
    if not ctx.is_colleague(taker):
        raise Refused(f"{parts.person(taker)} is nobody here who could take it. Name a person of this workspace.")
    now = ctx.clock()
    read_at = quiet.night_of(ctx, taker) or now
    with ctx.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        held = listing.claim_of(giver) if listing else None
        if listing is None or held is None or held.until_at <= now:
            raise Refused(f"You hold nothing there to hand over. {parts.gpu('status mine')} shows what you hold.")
        _refuse_twice(listing, giver, taker)
        before = stored_handovers.open_handover(db, held.id)
        if before is not None and before.taker == taker and before.expires_at > now:
            return before
        if before is not None:
            _settle(db, before, "withdrawn", now)
        handover = Handover(
            secrets.token_hex(16), held.id, giver, taker, now, min(held.until_at, read_at + HANDOVER_LASTS_MS)
        )
        handover = replace(handover, shown=handover_world(db, held.id, now))
        stored_handovers.add(db, handover)
        stored_audit.add(db, now, giver, "offered to hand over", subject=instance_id, detail=taker)
        _show(db, handover, now)
    ctx.wake()
    return handover


def _refuse_twice(listing: Listing, giver: str, taker: str) -> None:
    name = listing.instance.name
    if taker == giver:
        raise Refused(f"{name} is yours already. Name the person who is to have it: `hand {name} @bob`.")
    if listing.claim_of(taker):
        raise Refused(f"{parts.person(taker)} holds GPUs of {name} already; release yours, and they can claim them.")


def withdraw_handover(ctx: Context, offer_id: str, person: str) -> Handover:
    """Take an offer back. Raises Refused."""
    return _answer(ctx, offer_id, person, "withdrawn")


def decline_handover(ctx: Context, offer_id: str, person: str) -> Handover:
    """Say no to an offer. Raises Refused."""
    return _answer(ctx, offer_id, person, "declined")


def _answer(ctx: Context, offer_id: str, person: str, state: HandoverState) -> Handover:
    now = ctx.clock()
    with ctx.store.writing() as db:
        handover = stored_handovers.by_id(db, offer_id)
        if handover is None or person != (handover.giver if state == "withdrawn" else handover.taker):
            raise Refused("This offer is between two others.")
        if not _settle(db, handover, state, now):
            raise Refused("This offer has been settled already.")
    ctx.wake()
    return handover


def accept_handover(ctx: Context, offer_id: str, person: str) -> Claim:
    """Take a claim over, with its GPUs, its end and its note. What has changed is offered anew. Raises Refused."""
    now, taken, differs = ctx.clock(), None, ""
    with ctx.store.writing() as db:
        handover = _offered_to(db, offer_id, person)
        seen = handover_world(db, handover.claim_id, now)
        differs = difference("takeover", handover.shown, seen) if handover.shown and seen.claim else ""
        if differs:
            stored_handovers.show_anew(db, handover.id, seen)
            _show(db, handover, now)
        elif (taken := _take_over(ctx, db, handover, now, granted=False)) is None:
            _settle(db, handover, "lapsed", now)
    ctx.wake()
    if differs:
        raise Refused(f"{differs.removesuffix(' Ask again.')} The offer shows it as it is; take it if it still suits.")
    if taken is None:
        raise Refused(HANDOVER_TOO_LATE)
    return taken


def accept_handover_within(ctx: Context, db: Database, offer_id: str, person: str) -> None:
    """Take a claim over that an approver let pass beyond fair use, in the caller's transaction. Raises Refused."""
    if _take_over(ctx, db, _offered_to(db, offer_id, person), ctx.clock(), granted=True) is None:
        raise Refused(HANDOVER_TOO_LATE)


def _offered_to(db: Database, offer_id: str, person: str) -> Handover:
    handover = stored_handovers.by_id(db, offer_id)
    if handover is None or person != handover.taker:
        raise Refused("This offer is for somebody else.")
    return handover


def handover_world(db: Database, claim_id: str, now: int) -> Conditions:
    """What counts of a claim that is offered; that it has ended counts, too."""
    held = stored_claims.by_id(db, claim_id)
    listing = listings.by_id(db, held.instance_id) if held else None
    if held is None or listing is None or held.ended_at is not None or held.until_at <= now:
        return Conditions(listing.instance.name if listing else "the machine", claim="")
    instance = listing.instance
    return Conditions(instance.name, type=instance.type or None, claim=held.id, gpus=held.gpus, until_at=held.until_at)


def _take_over(ctx: Context, db: Database, handover: Handover, now: int, *, granted: bool) -> Claim | None:
    held = stored_claims.by_id(db, handover.claim_id)
    if (
        held is None
        or held.ended_at is not None
        or handover.state != "open"
        or min(handover.expires_at, held.until_at) <= now
    ):
        return None
    if any(other.instance_id == held.instance_id for other in stored_claims.open_claims_of(db, handover.taker)):
        raise Refused("You hold other GPUs of it by now. Release those first, then take these.")
    listing = listings.by_id(db, held.instance_id)
    if listing is not None:
        approvals.make_way(ctx, db, listing, handover.taker, giver=handover.giver)
    team = ctx.roster().team_of(handover.taker)
    taken = replace(held, id=secrets.token_hex(16), holder=handover.taker, from_at=now, team=team)
    stored_claims.end(db, held.id, now, "handed", who=handover.giver)
    if not granted:
        limits.check_limits(ctx, db, taken, advice="Release something first, then take it over.")
    turns.leave_when_served(ctx, db, taken)
    stored_claims.add(db, taken)
    requests.tell_ended(ctx, db, held, "handed")
    stored_audit.add(db, now, handover.taker, "took over", subject=held.instance_id, detail=handover.giver)
    digest.refresh_digest(ctx, db, held.instance_id)
    _settle(db, handover, "taken", now)
    return taken


def hand_over_part(ctx: Context, request_id: str, person: str) -> ReleaseRequest:
    """The holder's yes to a request for some GPUs: exactly these become the asker's, if they are as they were shown.

    Where others came first or a limit is in the way, they are given up all the same, and the asker stands in the line.
    Raises Refused, also where they work by now; then they are shown so, and another yes counts.
    """
    refusal = ""
    with ctx.store.writing() as db:
        request, held = requests.open_request(db, request_id, person)
        listing = listings.by_id(db, held.instance_id)
        if listing is None:
            raise Refused("That machine is gone.")
        refusal = _changed_since_shown(ctx, db, listing, request, held)
        if not refusal:
            _give(ctx, db, request, held)
        answered = stored_requests.by_id(db, request_id) or request
    ctx.wake()
    if refusal:
        raise Refused(refusal)
    return answered


def _changed_since_shown(ctx: Context, db: Database, listing: Listing, request: ReleaseRequest, held: Claim) -> str:
    """What is otherwise than the holder was shown, as a sentence; it is shown as it is from now on."""
    now, name, instance = ctx.clock(), listing.instance.name, listing.instance
    lost = [gpu for gpu in request.gpus if gpu not in held.gpus]
    if lost:
        requests.answer_request(
            ctx, db, request, held, "released", waiter_id=requests.place_of_asker(ctx, db, request, held)
        )
        return f"{gpu_words(lost)} of {name} had left your claim already, so nothing was handed over."
    if request.idle_since is None:
        return ""
    fresh = verdict_service.judge_now(ctx, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)
    changed = [gpu for gpu in request.gpus if idle_since(replace(listing, verdict=fresh), (gpu,)) is None]
    if not changed:
        return ""
    stored_requests.show_working(db, request.id)
    stored_outbox.tell(db, held.holder, f"request:{request.id}", kind="request", subject=request.id, now=now)
    works = [gpu for gpu in fresh.gpus if gpu.gpu in changed and gpu.state == "active"]
    is_are = "is" if len(changed) == 1 else "are"
    became = f"{is_are} in use again" if works else f"{is_are} not known to be idle any more"
    return (
        f"{gpu_words(changed)} of {name} {became}, so nothing was handed over. Press again to hand over all the same."
    )


def _give(ctx: Context, db: Database, request: ReleaseRequest, held: Claim) -> None:
    """Take the GPUs out of the holder's claim and give them to the asker, or to whoever came first."""
    now = ctx.clock()
    kept = tuple(gpu for gpu in held.gpus if gpu not in request.gpus)
    stored_claims.change_gpus(db, held, kept, now)
    stored_audit.add(
        db,
        now,
        held.holder,
        "handed over some GPUs",
        subject=held.instance_id,
        detail=request.asker,
        before=gpu_words(held.gpus),
        after=gpu_words(kept),
    )
    place = None
    try:
        length = _until_booked(ctx, db, request, held)
        claims.take_within(ctx, db, held.instance_id, request.asker, gpus=request.gpus, length=length)
    except Refused:
        place = requests.place_of_asker(ctx, db, request, held)
        if place is None:
            raise Refused(f"{parts.person(request.asker)} can't take them now, so nothing was handed over.") from None
    requests.answer_request(ctx, db, request, held, "released", waiter_id=place)


def _until_booked(ctx: Context, db: Database, request: ReleaseRequest, held: Claim) -> int:
    """For as long as the asker wants the GPUs, or as is left before a booking."""
    length = ctx.settings.claim_limits(ctx.roster().team_of(request.asker)).length(request.length)
    booked = stored_bookings.slots_ahead(db, instance_id=held.instance_id)
    near = [slot for slot in booked if slot.holder == request.asker or set(slot.gpus) & set(request.gpus)]
    return min([length, *(slot.from_at - ctx.clock() for slot in near)])


def lapse_handovers(ctx: Context) -> None:
    """Close the offers whose time is up or whose claim has ended, and tell both."""
    now = ctx.clock()
    if not stored_handovers.overdue_handovers(ctx.store.reading(), now):
        return
    with ctx.store.writing() as db:
        for handover in stored_handovers.overdue_handovers(db, now):
            _settle(db, handover, "lapsed", now)
    ctx.wake()


def _settle(db: Database, handover: Handover, state: HandoverState, now: int) -> bool:
    if not stored_handovers.settle_handover(db, handover.id, state, now):
        return False
    _show(db, handover, now)
    if state != "withdrawn":
        stored_outbox.tell(
            db, handover.giver, f"handover-said:{handover.id}", kind="handover_answer", subject=handover.id, now=now
        )
    return True


def _show(db: Database, handover: Handover, now: int) -> None:
    stored_outbox.tell(db, handover.taker, f"handover:{handover.id}", kind="handover", subject=handover.id, now=now)
