"""Whose turn it is: nobody claims past people who wait, and whoever gets what they wait for leaves the line."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.models import GpuKind
from bot.domain.sharing.bookings import BookingSlot, Hold, hold_from
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.domain.sharing.line import MOST_FORESEEN, Turn, Vacancies, Waiter, awaited_gpus, line_holds, turn_of
from bot.domain.sharing.offers import LineOffer, LineOfferState
from bot.errors import Refused
from bot.services.context import Context
from store import outbox as stored_outbox
from store.acting import actions
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import line as stored_line

ALL_MACHINES = -1
LAST_IN_LINE = 2**63 - 1
"""Behind everybody."""


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where somebody stands, or would stand."""

    waiter: Waiter
    ahead: int
    """People before them who could get what they wait for."""
    turn: Turn | None
    """What they get and when, by what the claims say; None when that can't be said."""
    offer: LineOffer | None = None
    """What is held for them just now."""
    is_new: bool = False
    """They came this moment."""

    @property
    def is_taken(self) -> bool:
        """They stand there, and not only would."""
        return self.waiter.id != LAST_IN_LINE


class OthersInLine(Refused):
    """Others wait for what was asked for; `place` is where this person would stand."""

    def __init__(self, sentence: str, place: LinePlace) -> None:
        super().__init__(sentence)
        self.place = place


def pick_in_turn(
    ctx: Context, db: Database, listing: Listing, person: str, *, choice: GpuChoice, taken: Collection[int]
) -> tuple[int, ...] | None:
    """The GPUs somebody may claim; None when others hold them. Raises InLine when others wait for them, Refused."""
    count, busy, held = max(1, listing.instance.gpu_count), listing.busy, listing.claim_of(person)
    mine = held.gpus if held else ()
    picked = choice.pick(count, taken, busy, mine)
    if picked is None or not (listing.waiting or listing.offers):
        return picked
    in_turn = choice.pick(count, {*taken, *_for_others(ctx, db, listing, person)}, busy, mine)
    if in_turn is None:
        own = (waiter for waiter in stored_line.places_of(db, person) if waiter.could_use(listing.instance))
        amount = None if choice.is_whole else len(picked)
        waiter = next(own, None) or waiter_at_the_end(ctx, person, instance_id=listing.instance.id, count=amount)
        raise OthersInLine(f"Others wait for {listing.instance.name}.", place_in_line(ctx, db, waiter))
    return in_turn


def _for_others(ctx: Context, db: Database, listing: Listing, person: str) -> set[int]:
    """The free GPUs of an instance that somebody else is offered, or waits for and came before."""
    offered = {gpu for offer in listing.offers if offer.person != person for gpu in offer.gpus}
    own = [waiter.id for waiter in stored_line.places_of(db, person) if waiter.could_use(listing.instance)]
    ahead, vacancies = _scene(ctx, db, listing.instance.id, min(own, default=LAST_IN_LINE))
    others = [waiter for waiter in ahead if waiter.person != person]
    return offered | awaited_gpus(others, vacancies, listing.instance.id)


def promised_holds(ctx: Context, db: Database, listing: Listing, person: str) -> list[Hold]:
    """What of an instance others are offered, or get by and by who came before this person."""
    now, offers = ctx.clock(), [offer for offer in listing.offers if offer.person != person]
    held = [
        Hold(offer.instance_id, offer.person, offer.gpus, now, now + offer.length, booked=False, waited=True)
        for offer in offers
    ]
    if not listing.waiting:
        return held
    own = [waiter.id for waiter in stored_line.places_of(db, person) if waiter.could_use(listing.instance)]
    ahead, vacancies = _scene(ctx, db, listing.instance.id, min(own, default=LAST_IN_LINE))
    others = [waiter for waiter in ahead if waiter.person != person]
    return held + line_holds(others[:MOST_FORESEEN], vacancies, listing.instance.id)


def _scene(ctx: Context, db: Database, instance_id: str, before: int) -> tuple[list[Waiter], Vacancies]:
    """Those before a place who have no offer, and the machines they may get; `instance_id` is what it is about."""
    if instance_id and all(first.instance_id for first, _ in stored_line.first_of_lines(db)):
        listing = listings.by_id(db, instance_id)
        return stored_line.waiters_unoffered(db, before=before, instance_id=instance_id), line_vacancies(
            ctx, db, [listing] if listing else []
        )
    return stored_line.waiters_unoffered(db, before=before), line_vacancies(
        ctx, db, listings.listings_page(db, FleetFilter(), limit=ALL_MACHINES)
    )


def line_vacancies(ctx: Context, db: Database, machines: Sequence[Listing]) -> Vacancies:
    """Those of these machines that are for whoever comes first, with what is booked of them."""
    bound = actions.bound_ids(db)
    free = [listing for listing in machines if listing.instance.id not in bound and listing.drain is None]
    return Vacancies(free, [hold_from(slot) for slot in _booked(db, free)], ctx.clock())


def _booked(db: Database, machines: Sequence[Listing]) -> list[BookingSlot]:
    """What is booked of these; of one, as of most that is asked, only its own bookings are read."""
    if len(machines) > 1:
        return stored_bookings.slots_ahead(db)
    return [slot for listing in machines for slot in stored_bookings.slots_ahead(db, instance_id=listing.instance.id)]


def waiter_at_the_end(
    ctx: Context,
    person: str,
    *,
    instance_id: str = "",
    kind: GpuKind | None = None,
    count: int | None = None,
    length: int | None = None,
    note: str = "",
) -> Waiter:
    """Somebody as they would stand at the end of a line. Raises Refused for a length that is not granted."""
    limits = ctx.settings.claim_limits(ctx.roster().team_of(person))
    return Waiter(LAST_IN_LINE, person, instance_id, kind or GpuKind(), count, limits.length(length), note, ctx.clock())


def place_in_line(ctx: Context, db: Database, waiter: Waiter) -> LinePlace:
    """Where somebody stands and about when it is their turn."""
    ahead = _ahead(db, waiter)
    offer = stored_line.offer_to(db, waiter.id)
    if ahead > MOST_FORESEEN or offer:
        return LinePlace(waiter, ahead, None, offer)
    others, known = _scene(ctx, db, waiter.instance_id, waiter.id)
    return LinePlace(waiter, ahead, turn_of(waiter, others, known))


def _ahead(db: Database, waiter: Waiter) -> int:
    """How many came before who could get what this one waits for."""
    lines = stored_line.first_of_lines(db)
    rivals = [(first, people) for first, people in lines if first.instance_id == waiter.instance_id != ""]
    if not waiter.instance_id or not all(first.instance_id for first, _ in lines):
        known = [
            listing.instance
            for listing in listings.listings_page(db, FleetFilter(), limit=ALL_MACHINES)
            if waiter.could_use(listing.instance)
        ]
        rivals = [(first, people) for first, people in lines if any(first.could_use(instance) for instance in known)]
    if waiter.id == LAST_IN_LINE:
        return sum(people for _, people in rivals)
    return sum(stored_line.count_before(db, first, waiter.id) for first, _ in rivals)


def leave_when_served(ctx: Context, db: Database, planned: Claim) -> None:
    """Somebody is about to get this claim: where it is what they wait for, they leave the line."""
    now, listing = ctx.clock(), listings.by_id(db, planned.instance_id)
    if listing is None:
        return
    mine = listing.claim_of(planned.holder)
    gained = set(planned.gpus) - set(mine.gpus if mine else ())
    for waiter in stored_line.places_of(db, planned.holder):
        offer = stored_line.offer_to(db, waiter.id)
        is_part = offer is not None and offer.instance_id == planned.instance_id and gained & set(offer.gpus)
        got = planned.gpus if waiter.instance_id and gained else gained
        if is_part or (waiter.could_use(listing.instance) and len(got) >= waiter.amount(listing.instance)):
            if offer is not None:
                end_offer(db, offer, "taken" if is_part else "withdrawn", now)
            stored_line.end(db, waiter.id, now, "served")


def end_offer(db: Database, offer: LineOffer, state: LineOfferState, now: int) -> bool:
    """End an open offer, and show so where it was made; False when it has ended already."""
    if not stored_line.close_offer(db, offer.id, now, state):
        return False
    stored_outbox.tell(db, offer.person, f"offer:{offer.id}", kind="offer", subject=offer.id, now=now)
    return True
