"""Asking the holder of a claim to give it up: once, politely, and with an answer."""

import secrets

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.sharing.claims import Claim, ClaimEndReason
from bot.domain.sharing.requests import ReleaseRequest, RequestAnswer
from bot.errors import Refused
from bot.services.context import Context
from bot.services.sharing import turns
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import listings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sharing import requests as stored_requests


def ask_release(ctx: Context, claim_id: str, asker: str, *, reason: str = "") -> tuple[ReleaseRequest, bool]:
    """Ask a holder to release; asked again, it is the same request, and False. Raises Refused."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        held = stored_claims.by_id(db, claim_id)
        if held is None or held.ended_at is not None:
            raise Refused(
                f"That claim has ended, so there is nobody to ask. {parts.gpu('status')} shows how things stand."
            )
        if held.holder == asker:
            raise Refused(f"It is yours: {parts.gpu('release')} gives it back.")
        before = stored_requests.request_by(db, claim_id, asker)
        if before is not None:
            return before, False
        request = ReleaseRequest(secrets.token_hex(16), claim_id, asker, reason, now)
        stored_requests.add(db, request)
        stored_audit.add(db, now, asker, "asked the holder to release", subject=held.instance_id, detail=reason)
        stored_outbox.tell(db, held.holder, f"request:{request.id}", kind="request", subject=request.id, now=now)
    ctx.wake()
    return request, True


def decline_request(ctx: Context, request_id: str, person: str) -> ReleaseRequest:
    """The holder keeps it. Raises Refused."""
    with ctx.store.writing() as db:
        request, held = _open(db, request_id, person)
        _answer(ctx, db, request, held, "kept")
        answered = stored_requests.by_id(db, request_id) or request
    ctx.wake()
    return answered


def claim_of_request(ctx: Context, request_id: str, person: str) -> Claim:
    """The claim that a request is about, for its holder to answer. Raises Refused."""
    return _open(ctx.store.reading(), request_id, person)[1]


def _open(db: Database, request_id: str, person: str) -> tuple[ReleaseRequest, Claim]:
    request = stored_requests.by_id(db, request_id)
    held = stored_claims.by_id(db, request.claim_id) if request else None
    if request is None or held is None or held.holder != person:
        raise Refused("Only the holder can answer this.")
    if request.answer:
        raise Refused("This request has been answered already.")
    return request, held


def tell_extended(ctx: Context, db: Database, held: Claim) -> None:
    """A claim was extended: whoever asked for it is told until when."""
    for request in stored_requests.unanswered_requests(db, held.id):
        _answer(ctx, db, request, held, "extended")


def tell_ended(ctx: Context, db: Database, held: Claim, reason: ClaimEndReason) -> None:
    """A claim has ended: whoever asked for it stands in the line for it from now on, and is told."""
    for request in stored_requests.unanswered_requests(db, held.id):
        place = None if reason in {"gone", "handed"} else _stand(ctx, db, request.asker, held)
        _answer(ctx, db, request, held, "released" if reason == "released" else "ended", waiter_id=place)


def _answer(
    ctx: Context,
    db: Database,
    request: ReleaseRequest,
    held: Claim,
    answer: RequestAnswer,
    *,
    waiter_id: int | None = None,
) -> None:
    now = ctx.clock()
    if stored_requests.note_answer(db, request.id, now, answer, waiter_id=waiter_id):
        stored_audit.add(
            db, now, held.holder, f"answered a request ({answer})", subject=held.instance_id, detail=request.asker
        )
        stored_outbox.tell(db, held.holder, f"request:{request.id}", kind="request", subject=request.id, now=now)
        stored_outbox.tell(db, request.asker, f"answer:{request.id}", kind="answer", subject=request.id, now=now)


def _stand(ctx: Context, db: Database, asker: str, held: Claim) -> int | None:
    """The asker's place in the line for the instance: the one they have, or the end of it."""
    there = stored_line.place_of_person(db, asker, held.instance_id, "")
    listing = listings.by_id(db, held.instance_id)
    if there is not None or listing is None or listing.claim_of(asker):
        return there.id if there else None
    count = None if listing.is_whole(held) else len(held.gpus)
    return stored_line.join_end(db, turns.waiter_at_the_end(ctx, asker, instance_id=held.instance_id, count=count)).id


def find_request(ctx: Context, request_id: str) -> ReleaseRequest | None:
    """One request."""
    return stored_requests.by_id(ctx.store.reading(), request_id)
