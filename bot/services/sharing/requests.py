"""Asking the holder of a claim to give it up, or some GPUs of it: once, politely, and with an answer."""

import secrets

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import Claim, ClaimEndReason, GpuChoice, gpu_words
from bot.domain.sharing.find import SparePart, idle_since, open_gpus, spare_part
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


def ask_release(
    ctx: Context,
    claim_id: str,
    asker: str,
    *,
    reason: str = "",
    gpus: tuple[int, ...] = (),
    length: int | None = None,
) -> tuple[ReleaseRequest, bool]:
    """Ask a holder to release all of a claim, or these GPUs of it; asked again, it is the same request, and False.

    `length`: for how long the asker wants them, milliseconds. Raises Refused.
    """
    with ctx.store.writing() as db:
        held, listing = _askable(db, claim_id, asker)
        before = stored_requests.request_by(db, claim_id, asker)
        if before is not None:
            return before, False
        if not set(gpus) <= set(held.gpus):
            raise Refused(f"{parts.person(held.holder)} does not hold all of these GPUs. Ask again to see who does.")
        some = gpus if set(gpus) != set(held.gpus) else ()
        limits = ctx.settings.claim_limits(ctx.roster().team_of(asker))
        request = ReleaseRequest(
            secrets.token_hex(16),
            claim_id,
            asker,
            reason,
            ctx.clock(),
            gpus=some,
            length=None if length is None else limits.length(length),
            idle_since=idle_since(listing, some),
        )
        _ask(db, request, held)
    ctx.wake()
    return request, True


def _askable(db: Database, claim_id: str, asker: str) -> tuple[Claim, Listing]:
    """The claim and its instance, where its holder can be asked. Raises Refused."""
    held = stored_claims.by_id(db, claim_id)
    listing = listings.by_id(db, held.instance_id) if held else None
    if held is None or held.ended_at is not None or listing is None:
        raise Refused(f"That claim has ended, so there is nobody to ask. {parts.gpu('status')} shows how things stand.")
    if held.holder == asker:
        raise Refused(f"It is yours: {parts.gpu('release', listing.instance.name)} gives it back.")
    return held, listing


def _ask(db: Database, request: ReleaseRequest, held: Claim) -> None:
    now, some = request.asked_at, gpu_words(request.gpus) if request.gpus else ""
    did = "asked the holder for some GPUs" if request.gpus else "asked the holder to release"
    stored_requests.add(db, request)
    stored_audit.add(db, now, request.asker, did, subject=held.instance_id, detail=request.reason, after=some)
    stored_outbox.tell(db, held.holder, f"request:{request.id}", kind="request", subject=request.id, now=now)


def parts_to_ask_for(listing: Listing, asker: str, choice: GpuChoice | None) -> list[tuple[Claim, SparePart]]:
    """Whom to ask for what is wanted of an instance: each claim that has it, and the GPUs of it; all without a choice.

    Raises Refused where nobody holds that, or it is free.
    """
    others = [claim for claim in listing.claims if claim.holder != asker]
    if choice is None or choice.is_whole or not others:
        return [(claim, SparePart(claim.gpus, idle_since(listing, claim.gpus))) for claim in others]
    name = listing.instance.name
    choice.pick(listing.instance.gpu_count, ())
    if choice.indexes:
        wanted = [(claim, tuple(gpu for gpu in choice.indexes if gpu in claim.gpus)) for claim in others]
        return [(claim, SparePart(gpus, idle_since(listing, gpus))) for claim, gpus in wanted if gpus]
    count = choice.count or 1
    if len(open_gpus(listing)) >= count:
        raise Refused(f"So many GPUs of {name} are nobody's. {parts.gpu('claim', name, f'gpus:{count}')} takes them.")
    spare = [(claim, spare_part(listing, claim, count)) for claim in others if len(claim.gpus) >= count]
    if not spare:
        most = max(others, key=lambda claim: len(claim.gpus))
        raise Refused(
            f"Nobody holds {count} GPUs of {name}; the most is {len(most.gpus)}, by {parts.person(most.holder)}. "
            f"Ask for {parts.gpu('request', name, f'gpus:{len(most.gpus)}')}."
        )
    return [pair for pair in spare if pair[1].idle_since is not None] or spare


def decline_request(ctx: Context, request_id: str, person: str) -> ReleaseRequest:
    """The holder keeps it. Raises Refused."""
    with ctx.store.writing() as db:
        request, held = open_request(db, request_id, person)
        answer_request(ctx, db, request, held, "kept")
        answered = stored_requests.by_id(db, request_id) or request
    ctx.wake()
    return answered


def claim_of_request(ctx: Context, request_id: str, person: str) -> Claim:
    """The claim that a request is about, for its holder to answer. Raises Refused."""
    return open_request(ctx.store.reading(), request_id, person)[1]


def open_request(db: Database, request_id: str, person: str) -> tuple[ReleaseRequest, Claim]:
    """A request that its holder may answer, and the claim it is about. Raises Refused."""
    request = stored_requests.by_id(db, request_id)
    held = stored_claims.by_id(db, request.claim_id) if request else None
    if request is None or held is None or held.holder != person:
        raise Refused("Only the holder can answer this.")
    if request.answer == "ended" or (held.ended_at is not None and not request.answer):
        raise Refused(
            f"Your claim has ended, so there is nothing to answer. {parts.gpu('status mine')} shows the rest."
        )
    if request.answer:
        raise Refused("This request has been answered already.")
    return request, held


def tell_extended(ctx: Context, db: Database, held: Claim) -> None:
    """A claim was extended: whoever asked for it is told until when."""
    for request in stored_requests.unanswered_requests(db, held.id):
        answer_request(ctx, db, request, held, "extended")


def tell_let_go(ctx: Context, db: Database, held: Claim, answer: RequestAnswer = "released") -> None:
    """A claim covers fewer GPUs by now: whoever asked for those that it lost stands in the line, and is told."""
    for request in stored_requests.unanswered_requests(db, held.id):
        if request.gpus and not set(request.gpus) <= set(held.gpus):
            answer_request(ctx, db, request, held, answer, waiter_id=place_of_asker(ctx, db, request, held))


def tell_ended(ctx: Context, db: Database, held: Claim, reason: ClaimEndReason) -> None:
    """A claim has ended: whoever asked for it stands in the line for it from now on, and is told."""
    for request in stored_requests.unanswered_requests(db, held.id):
        place = None if reason in {"gone", "handed"} else place_of_asker(ctx, db, request, held)
        answer_request(ctx, db, request, held, "released" if reason == "released" else "ended", waiter_id=place)


def answer_request(
    ctx: Context,
    db: Database,
    request: ReleaseRequest,
    held: Claim,
    answer: RequestAnswer,
    *,
    waiter_id: int | None = None,
) -> None:
    """Note an answer, the first one only, and show it to both; the place is the one that the asker got in the line."""
    now = ctx.clock()
    if stored_requests.note_answer(db, request.id, now, answer, waiter_id=waiter_id):
        stored_audit.add(
            db, now, held.holder, f"answered a request ({answer})", subject=held.instance_id, detail=request.asker
        )
        stored_outbox.tell(db, held.holder, f"request:{request.id}", kind="request", subject=request.id, now=now)
        stored_outbox.tell(db, request.asker, f"answer:{request.id}", kind="answer", subject=request.id, now=now)


def place_of_asker(ctx: Context, db: Database, request: ReleaseRequest, held: Claim) -> int | None:
    """The asker's place in the line for it: the one they have, or the end; None where they hold some of it."""
    there = stored_line.place_of_person(db, request.asker, held.instance_id, "")
    listing = listings.by_id(db, held.instance_id)
    if there is not None or listing is None or listing.claim_of(request.asker):
        return there.id if there else None
    count = len(request.gpus) or (None if listing.is_whole(held) else len(held.gpus))
    last = turns.waiter_at_the_end(ctx, request.asker, instance_id=held.instance_id, count=count, length=request.length)
    return stored_line.join_end(db, last).id


def find_request(ctx: Context, request_id: str) -> ReleaseRequest | None:
    """One request."""
    return stored_requests.by_id(ctx.store.reading(), request_id)
