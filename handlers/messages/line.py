"""Offers from the line, the ends of waiting, and requests to holders."""

from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import queueing, requesting
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import line, requests
from handlers.messages.drawing import Draw


def offer(desk: Desk, offer_id: str) -> Reply | None:
    """It is somebody's turn, or was."""
    found = queueing.offer(desk, offer_id)
    if found is None:
        return None
    made, waiter = found
    name, listing = looking.name_of(desk, made.instance_id), looking.listing(desk, made.instance_id)
    return line.offered(made, waiter, name, listing, has_next=queueing.has_next(desk, made))


def line_ended(desk: Desk, waiter_id: str) -> Reply | None:
    """Somebody is out of the line without having said so."""
    waiter = queueing.waiter(desk, int(waiter_id))
    if waiter is None:
        return None
    last = queueing.last_offer(desk, waiter.id)
    has_next = last is not None and queueing.has_next(desk, last)
    return line.ended(waiter, looking.name_of(desk, waiter.instance_id), last, has_next=has_next)


def waited_for(desk: Desk, claim_id: str) -> Reply | None:
    """Somebody waits for what a person holds."""
    held = looking.claim(desk, claim_id)
    listing = looking.listing(desk, held.instance_id) if held and held.ended_at is None else None
    if held is None or listing is None:
        return None
    return line.waited_for(held, listing.instance.name, queueing.waiting_for(desk, listing))


def request(desk: Desk, request_id: str) -> Reply | None:
    """Somebody asks a holder to release."""
    found = requesting.request(desk, request_id)
    held = looking.claim(desk, found.claim_id) if found else None
    if found is None or held is None:
        return None
    listing = looking.listing(desk, held.instance_id)
    return requests.question(found, held, looking.name_of(desk, held.instance_id), listing)


def answer(desk: Desk, request_id: str) -> Reply | None:
    """What the holder said."""
    found = requesting.request(desk, request_id)
    held = looking.claim(desk, found.claim_id) if found else None
    if found is None or held is None:
        return None
    ahead = queueing.ahead_of(desk, found.waiter_id) if found.waiter_id is not None else None
    return requests.answer(found, held, looking.name_of(desk, held.instance_id), ahead)


KINDS: dict[str, Draw] = {
    "offer": offer,
    "line_ended": line_ended,
    "waited_for": waited_for,
    "request": request,
    "answer": answer,
}
