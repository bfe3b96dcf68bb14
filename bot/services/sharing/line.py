"""The line: standing in it, leaving it, and answering an offer. `line_offers` makes the offers."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.models import short_model
from bot.domain.machines.states import in_words
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.domain.sharing.line import Waiter, turns_now
from bot.domain.sharing.offers import LineOffer
from bot.errors import Refused
from bot.services.context import Context
from bot.services.sharing import claims, find, turns
from bot.services.sharing.turns import LinePlace
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line


class FreeNow(Refused):
    """What somebody wants to wait for is free; `listing` has that many GPUs to claim."""

    def __init__(self, sentence: str, listing: Listing, count: int) -> None:
        super().__init__(sentence)
        self.listing, self.count = listing, count


def join_line(
    ctx: Context,
    person: str,
    *,
    instance_id: str = "",
    want: GpuSpec | None = None,
    choice: GpuChoice | None = None,
    length: int | None = None,
    note: str = "",
    run: str = "",
) -> LinePlace:
    """Stand in the line for an instance, or for whatever has such GPUs; asked again, it is the same place.

    `run` names a template to run as soon as it is their turn, without asking.

    Raises FreeNow when there is nothing to wait for, Refused when waiting would be in vain.
    """
    with ctx.store.writing() as db:
        place = _place(ctx, db, person, instance_id, want, choice=choice, length=length, note=note)
        if place.is_taken:
            return place
        _refuse_free(ctx, db, place)
        joined = stored_line.join_end(db, replace(place.waiter, run=run))
        detail = note or _named(joined)
        stored_audit.add(db, joined.since, person, "joined the line", subject=instance_id, detail=detail)
        _tell_holders(ctx, db, joined)
    ctx.wake()
    return replace(place, waiter=joined, is_new=True)


def place_if_joined(
    ctx: Context, person: str, *, instance_id: str = "", want: GpuSpec | None = None, choice: GpuChoice | None = None
) -> LinePlace:
    """The place somebody has in this line, or would get. Raises Refused when waiting would be in vain."""
    return _place(ctx, ctx.store.reading(), person, instance_id, want, choice=choice)


def _place(
    ctx: Context,
    db: Database,
    person: str,
    instance_id: str,
    want: GpuSpec | None,
    *,
    choice: GpuChoice | None,
    length: int | None = None,
    note: str = "",
) -> LinePlace:
    there = stored_line.place_of_person(db, person, instance_id, "" if want is None else str(want.kind))
    if there is not None:
        return turns.place_in_line(ctx, db, there)
    count = _count(db, person, instance_id, choice) if want is None else _amount(db, want)
    kind = want.kind if want else None
    last = turns.waiter_at_the_end(
        ctx, person, instance_id=instance_id, kind=kind, count=count, length=length, note=note
    )
    return turns.place_in_line(ctx, db, last)


def _count(db: Database, person: str, instance_id: str, choice: GpuChoice | None) -> int | None:
    """How many GPUs of an instance to wait for; None for all of it. Raises Refused."""
    listing = listings.by_id(db, instance_id)
    if listing is None:
        raise Refused("That instance is gone.")
    name, state, mine = listing.instance.name, listing.instance.state, listing.claim_of(person)
    if not listing.running:
        raise Refused(f"{name} is {in_words(state)}, so there is no line for it. {parts.gpu('start', name)} starts it.")
    if listing.drain is not None:
        raise Refused(listing.drain.refusal(name))
    if mine is not None:
        raise Refused(f"You hold {name} already. {parts.gpu('extend', name)} keeps it longer.")
    chosen = choice or GpuChoice()
    if chosen.indexes:
        raise Refused("In the line you wait for a number of GPUs, not for certain ones. Try gpus:2.")
    chosen.pick(listing.instance.gpu_count, ())
    return chosen.count


def _amount(db: Database, want: GpuSpec) -> int:
    """How many GPUs of a kind to wait for. Raises Refused when no machine has them."""
    known = [listing.instance for listing in listings.listings_page(db, FleetFilter(), limit=turns.ALL_MACHINES)]
    of_kind = [instance for instance in known if want.kind.fits(instance.gpu_model, instance.gpu_memory_mib)]
    most = max((max(1, instance.gpu_count) for instance in of_kind), default=0)
    if most >= want.count:
        return want.count
    if of_kind:
        raise Refused(f"{find.too_many(want, most)} Try `wait {most}x{want.kind}`.")
    models = (
        ", ".join(sorted({short_model(instance.gpu_model) for instance in known if instance.gpu_model}))
        or "no GPUs yet"
    )
    raise Refused(f"No machine here has a GPU like {want.kind}, so there is nothing to wait for. You have {models}.")


def _refuse_free(ctx: Context, db: Database, place: LinePlace) -> None:
    """Refuse to let somebody wait for what they can have."""
    turn = place.turn
    listing = listings.by_id(db, turn.instance_id) if turn and turn.at <= ctx.clock() else None
    if turn is not None and listing is not None:
        raise FreeNow(f"{listing.instance.name} can be had now.", listing, len(turn.gpus))


def _named(waiter: Waiter) -> str:
    return str(waiter.want) if not waiter.instance_id else ""


def _tell_holders(ctx: Context, db: Database, waiter: Waiter) -> None:
    """Tell those who hold the instance that somebody waits for it, once for each claim."""
    holders = {claim.id: claim.holder for claim in stored_claims.open_claims_on(db, waiter.instance_id)}
    for claim_id in stored_line.holders_not_told(db, holders):
        ref = f"waited-for:{claim_id}"
        stored_outbox.tell(db, holders[claim_id], ref, kind="waited_for", subject=claim_id, now=ctx.clock())


def leave_line(ctx: Context, waiter_id: int, person: str) -> Waiter:
    """Give one's place up, and with it an offer. Raises Refused."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        waiter = stored_line.by_id(db, waiter_id)
        if waiter is None or waiter.person != person or not stored_line.end(db, waiter_id, now, "left"):
            raise Refused(f"You are not in that line any more. {parts.gpu('line')} shows where you are.")
        offer = stored_line.offer_to(db, waiter_id)
        if offer is not None:
            turns.end_offer(db, offer, "passed", now)
        stored_audit.add(db, now, person, "left the line", subject=waiter.instance_id, detail=_named(waiter))
    ctx.wake()
    return waiter


def take_offer(ctx: Context, offer_id: str, person: str) -> Listing:
    """Take what one is offered: it becomes a claim. Raises Refused when the offer is over."""
    offer, waiter = _offered(ctx, offer_id, person)
    gpus = GpuChoice(indexes=offer.gpus)
    length = _before_bookings(ctx, offer, waiter.length)
    # should the offer end before the claim is written, the claim stands in line as anybody's would
    return claims.take_gpus(ctx, offer.instance_id, person, choice=gpus, length=length, note=waiter.note)


def _before_bookings(ctx: Context, offer: LineOffer, length: int) -> int:
    """As long as was wanted, or as is left before a booking: some of the time went by while the offer stood."""
    now, booked = ctx.clock(), stored_bookings.slots_ahead(ctx.store.reading(), instance_id=offer.instance_id)
    near = [slot for slot in booked if slot.holder == offer.person or set(slot.gpus) & set(offer.gpus)]
    return min([length, *(slot.from_at - now for slot in near)])


def pass_offer_on(ctx: Context, offer_id: str, person: str) -> Waiter:
    """Let what one is offered go to the next, and leave the line. Raises Refused."""
    now = ctx.clock()
    offer, waiter = _offered(ctx, offer_id, person)
    with ctx.store.writing() as db:
        if not turns.end_offer(db, offer, "passed", now):
            raise Refused(_OVER)
        stored_line.end(db, waiter.id, now, "passed")
        stored_audit.add(db, now, person, "passed the offer on", subject=offer.instance_id)
    ctx.wake()
    return waiter


_OVER = f"This offer is over. {parts.gpu('line')} shows where you stand."


def _offered(ctx: Context, offer_id: str, person: str) -> tuple[LineOffer, Waiter]:
    db = ctx.store.reading()
    offer = stored_line.offer_by_id(db, offer_id)
    if offer is None or offer.person != person:
        raise Refused("This offer is somebody else's.")
    waiter = stored_line.by_id(db, offer.waiter_id)
    if waiter is None or offer.state != "open":
        raise Refused(_OVER)
    return offer, waiter


def places_of_person(ctx: Context, person: str) -> list[LinePlace]:
    """Where a person stands, the oldest place first."""
    db = ctx.store.reading()
    return [turns.place_in_line(ctx, db, waiter) for waiter in stored_line.places_of(db, person)]


def people_in_line(ctx: Context, listing: Listing) -> list[tuple[Waiter, LineOffer | None]]:
    """Everybody whom an instance could serve, the first first, with what they are offered."""
    db = ctx.store.reading()
    wanted = [first for first, _ in stored_line.first_of_lines(db) if first.could_use(listing.instance)]
    offers = {offer.waiter_id: offer for offer in stored_line.open_offers(db)}
    return [(waiter, offers.get(waiter.id)) for waiter in stored_line.waiters_in_lines(db, wanted)]


def people_waiting(ctx: Context, listing: Listing) -> list[str]:
    """The people whom an instance could serve and who are offered nothing yet, the first first."""
    return [waiter.person for waiter, offer in people_in_line(ctx, listing) if offer is None] if listing.waiting else []


def next_in_line(ctx: Context, instance_id: str) -> str:
    """Whom an instance serves now, the first of them; empty when nobody waits for it, or a booking is in the way."""
    db = ctx.store.reading()
    listing = listings.by_id(db, instance_id)
    if listing is None or not listing.waiting:
        return ""
    unoffered = [waiter for waiter, offer in people_in_line(ctx, listing) if offer is None]
    due = turns_now(unoffered, turns.line_vacancies(ctx, db, [listing]), ctx.clock())
    return due[0].waiter.person if due else ""


def is_next_offered(ctx: Context, offer: LineOffer) -> bool:
    """Whether what somebody was offered serves somebody else now: it is offered to them, or about to be."""
    listing = listings.by_id(ctx.store.reading(), offer.instance_id)
    if listing is None:
        return False
    offered = any(set(other.gpus) & set(offer.gpus) for other in listing.offers if other.person != offer.person)
    return offered or next_in_line(ctx, offer.instance_id) not in {"", offer.person}


def all_lines(ctx: Context) -> list[tuple[Waiter, int]]:
    """Every line as its first waiter and how many stand in it."""
    return stored_line.first_of_lines(ctx.store.reading())


def find_offer(ctx: Context, offer_id: str) -> tuple[LineOffer, Waiter] | None:
    """An offer, open or ended, and whose it is."""
    db = ctx.store.reading()
    offer = stored_line.offer_by_id(db, offer_id)
    waiter = stored_line.by_id(db, offer.waiter_id) if offer else None
    return (offer, waiter) if offer and waiter else None


def find_waiter(ctx: Context, waiter_id: int) -> Waiter | None:
    """One place, held or given up."""
    return stored_line.by_id(ctx.store.reading(), waiter_id)


def last_offer_to(ctx: Context, waiter_id: int) -> LineOffer | None:
    """The newest offer that somebody in the line was made."""
    return stored_line.newest_offer(ctx.store.reading(), waiter_id)


def people_ahead(ctx: Context, waiter_id: int) -> int | None:
    """How many stand before a place; None when it was given up."""
    db = ctx.store.reading()
    waiter = stored_line.by_id(db, waiter_id)
    return None if waiter is None or waiter.ended_at is not None else turns.place_in_line(ctx, db, waiter).ahead
