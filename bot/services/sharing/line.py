"""The line: standing in it, leaving it, and answering an offer. `offering` makes the offers."""

import secrets
from collections.abc import Collection
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import gone_since, is_gone
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.models import short_model
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.domain.sharing.line import WAIT_STALE_MS, Turn, WaitEnd, Waiter, turns_now
from bot.domain.sharing.offers import LineOffer
from bot.errors import Refused
from bot.services.context import Context
from bot.services.sharing import claims, turns
from bot.services.sharing.turns import LinePlace
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.machines import fleet as stored_fleet
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
        there = stored_line.place_of_person(db, person, instance_id, "" if want is None else str(want.kind))
        if there is not None:
            return turns.place_in_line(ctx, db, there)
        count = _count(db, person, instance_id, choice) if want is None else _amount(db, want)
        kind = want.kind if want else None
        last = turns.waiter_at_the_end(
            ctx, person, instance_id=instance_id, kind=kind, count=count, length=length, note=note
        )
        place = turns.place_in_line(ctx, db, last)
        _refuse_free(ctx, db, place)
        joined = stored_line.join_end(db, replace(last, run=run))
        stored_audit.add(
            db, joined.since, person, "joined the line", subject=instance_id, detail=note or _named(joined)
        )
        _tell_holders(ctx, db, joined)
    ctx.wake()
    return replace(place, waiter=joined, is_new=True)


def _count(db: Database, person: str, instance_id: str, choice: GpuChoice | None) -> int | None:
    """How many GPUs of an instance to wait for; None for all of it. Raises Refused."""
    listing = listings.by_id(db, instance_id)
    if listing is None:
        raise Refused("That instance is gone.")
    name, mine = listing.instance.name, listing.claim_of(person)
    if not listing.running:
        raise Refused(f"{name} is {listing.instance.state}, so there is no line for it. `/gpu start {name}` starts it.")
    if listing.drain is not None:
        raise Refused(listing.drain.refusal(name))
    if mine is not None:
        raise Refused(f"You hold {name} already. `/gpu extend {name}` keeps it longer.")
    chosen = choice or GpuChoice()
    if chosen.indexes:
        raise Refused("In the line you wait for a number of GPUs, not for certain ones. Try gpus:2.")
    chosen.pick(listing.instance.gpu_count, ())
    return chosen.count


def _amount(db: Database, want: GpuSpec) -> int:
    """How many GPUs of a kind to wait for. Raises Refused when no machine has them."""
    known = [each.instance for each in listings.listings_page(db, FleetFilter(), limit=turns.ALL_MACHINES)]
    of_kind = [each for each in known if want.kind.fits(each.gpu_model, each.gpu_memory_mib)]
    most = max((max(1, each.gpu_count) for each in of_kind), default=0)
    if most >= want.count:
        return want.count
    if of_kind:
        raise Refused(f"No machine has {want.count} of them; the most is {most}. Try {most}x{want.kind}.")
    models = ", ".join(sorted({short_model(each.gpu_model) for each in known if each.gpu_model})) or "no GPUs yet"
    raise Refused(f"No machine here has {want.kind}, so waiting is in vain. There are {models}.")


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
    holders = {each.id: each.holder for each in stored_claims.open_claims_on(db, waiter.instance_id)}
    for claim_id in stored_line.holders_not_told(db, holders):
        ref = f"waited-for:{claim_id}"
        stored_outbox.tell(db, holders[claim_id], ref, kind="waited_for", subject=claim_id, now=ctx.clock())


def leave_line(ctx: Context, waiter_id: int, person: str) -> Waiter:
    """Give one's place up, and with it an offer. Raises Refused."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        waiter = stored_line.by_id(db, waiter_id)
        if waiter is None or waiter.person != person or not stored_line.end(db, waiter_id, now, "left"):
            raise Refused("You are not in that line any more. `/gpu line` shows where you are.")
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
    near = [each for each in booked if each.holder == offer.person or set(each.gpus) & set(offer.gpus)]
    return min([length, *(each.from_at - now for each in near)])


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


_OVER = "This offer is over. `/gpu line` shows where you stand."


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
    return [turns.place_in_line(ctx, db, each) for each in stored_line.places_of(db, person)]


def people_in_line(ctx: Context, listing: Listing) -> list[tuple[Waiter, LineOffer | None]]:
    """Everybody whom an instance could serve, the first first, with what they are offered."""
    db = ctx.store.reading()
    wanted = [first for first, _ in stored_line.first_of_lines(db) if first.could_use(listing.instance)]
    offers = {each.waiter_id: each for each in stored_line.open_offers(db)}
    return [(each, offers.get(each.id)) for each in stored_line.waiters_in_lines(db, wanted)]


def people_waiting(ctx: Context, listing: Listing) -> list[str]:
    """The people whom an instance could serve and who are offered nothing yet, the first first."""
    return [each.person for each, made in people_in_line(ctx, listing) if made is None] if listing.waiting else []


def next_in_line(ctx: Context, instance_id: str) -> str:
    """Whom an instance serves now, the first of them; empty when nobody waits for it, or a booking is in the way."""
    db = ctx.store.reading()
    listing = listings.by_id(db, instance_id)
    if listing is None or not listing.waiting:
        return ""
    unoffered = [each for each, made in people_in_line(ctx, listing) if made is None]
    due = turns_now(unoffered, turns.line_vacancies(ctx, db, [listing]), ctx.clock())
    return due[0].waiter.person if due else ""


def is_next_offered(ctx: Context, made: LineOffer) -> bool:
    """Whether what somebody was offered serves somebody else now: it is offered to them, or about to be."""
    listing = listings.by_id(ctx.store.reading(), made.instance_id)
    if listing is None:
        return False
    offered = any(set(each.gpus) & set(made.gpus) for each in listing.offers if each.person != made.person)
    return offered or next_in_line(ctx, made.instance_id) not in {"", made.person}


def all_lines(ctx: Context) -> list[tuple[Waiter, int]]:
    """Every line as its first waiter and how many stand in it."""
    return stored_line.first_of_lines(ctx.store.reading())


def find_offer(ctx: Context, offer_id: str) -> tuple[LineOffer, Waiter] | None:
    """An offer, open or ended, and whose it is."""
    db = ctx.store.reading()
    found = stored_line.offer_by_id(db, offer_id)
    waiter = stored_line.by_id(db, found.waiter_id) if found else None
    return (found, waiter) if found and waiter else None


def find_waiter(ctx: Context, waiter_id: int) -> Waiter | None:
    """One place, held or given up."""
    return stored_line.by_id(ctx.store.reading(), waiter_id)


def last_offer_to(ctx: Context, waiter_id: int) -> LineOffer | None:
    """The newest offer that somebody in the line was made."""
    return stored_line.newest_offer(ctx.store.reading(), waiter_id)


def people_ahead(ctx: Context, waiter_id: int) -> int | None:
    """How many stand before a place; None when it was given up."""
    db = ctx.store.reading()
    found = stored_line.by_id(db, waiter_id)
    return None if found is None or found.ended_at is not None else turns.place_in_line(ctx, db, found).ahead


def offer_due_turns(ctx: Context) -> int:
    """End what is over, and offer what is free to those whose turn it is; how many changes that made."""
    if not stored_line.is_anybody_waiting(ctx.store.reading()):
        return 0
    with ctx.store.writing() as db:
        changes = _lapse(ctx, db) + _leave(ctx, db)
    changes += _offer_to_colleagues(ctx)
    if changes:
        ctx.wake()
    return changes


def _offer_to_colleagues(ctx: Context) -> int:
    """Offer to those whose turn it is and who are still in the workspace; Slack is asked outside of transactions."""
    here, changes = set[str](), 0
    while due := {turn.waiter.person for turn in _due(ctx, ctx.store.reading())}:
        departed = {person for person in due - here if not ctx.is_colleague(person)}
        here |= due - departed
        with ctx.store.writing() as db:
            changes += sum(_depart(ctx, db, person) for person in departed)
            changes += 0 if departed else _offer(ctx, db, here)
        if not departed:
            break
    return changes


def leave_all_lines(ctx: Context, person: str) -> None:
    """Somebody is in the workspace no more: they leave every line, and what they were offered goes to the next."""
    with ctx.store.writing() as db:
        _depart(ctx, db, person)
    ctx.wake()


def _depart(ctx: Context, db: Database, person: str) -> int:
    places, now = stored_line.places_of(db, person), ctx.clock()
    for waiter in places:
        offer = stored_line.offer_to(db, waiter.id)
        if offer is not None:
            turns.end_offer(db, offer, "withdrawn", now)
        _drop(ctx, db, waiter, "departed")
    return len(places)


def _lapse(ctx: Context, db: Database) -> int:
    """End the offers that nobody answered in time, or whose machine can't be claimed now."""
    now, bound, ended = ctx.clock(), actions.bound_ids(db), 0
    for offer in stored_line.open_offers(db):
        listing = listings.by_id(db, offer.instance_id)
        if listing is None and not _is_gone(db, offer.instance_id, now):
            continue  # one look has missed it
        if listing is None or not listing.running or listing.lacks(offer.gpus) or offer.instance_id in bound:
            ended += turns.end_offer(db, offer, "withdrawn", now)
        elif offer.until_at <= now and not _goes_on(ctx, db, offer) and turns.end_offer(db, offer, "lapsed", now):
            ended += 1
            waiter = stored_line.by_id(db, offer.waiter_id)
            if waiter is not None:
                _drop(ctx, db, waiter, "lapsed", about=offer.instance_id)
    return ended


def _is_gone(db: Database, instance_id: str, now: int) -> bool:
    return is_gone(stored_fleet.missed_at(db, instance_id), now)


def _goes_on(ctx: Context, db: Database, offer: LineOffer) -> bool:
    """Hold it for as long as was said, counted from when it was to be read; True where that is longer."""
    now, accept = ctx.clock(), ctx.settings.accept_within
    told = stored_outbox.posted_at(db, offer.person, _name(offer))
    if told is None and not stored_outbox.is_on_its_way(db, offer.person, _name(offer)):
        return False  # Slack won't take it, and others wait
    until = now + accept if told is None else told + accept
    if until < now + MINUTE_MS:
        return False
    stored_line.prolong_offer(db, offer.id, until)
    stored_outbox.tell(db, offer.person, _name(offer), kind="offer", subject=offer.id, now=now)
    return True


def _name(offer: LineOffer) -> str:
    """Of its message."""
    return f"offer:{offer.id}"


def _leave(ctx: Context, db: Database) -> int:
    """Take those out of the line who have waited too long, or wait for a machine that is gone."""
    now = ctx.clock()
    gone = stored_line.orphaned_waiters(db, gone_since(now))
    stale = [
        each for each in stored_line.stale_waiters(db, now - WAIT_STALE_MS) if stored_line.offer_to(db, each.id) is None
    ]
    return sum(_drop(ctx, db, each, "gone") for each in gone) + sum(_drop(ctx, db, each, "stale") for each in stale)


def _drop(ctx: Context, db: Database, waiter: Waiter, reason: WaitEnd, *, about: str = "") -> bool:
    """Take somebody out of the line and tell them; False when they were out already."""
    now = ctx.clock()
    if not stored_line.end(db, waiter.id, now, reason):
        return False
    subject = about or waiter.instance_id
    detail = waiter.person if waiter.instance_id else f"{waiter.person}, {waiter.want}"
    stored_audit.add(db, now, "valet", f"took out of the line ({reason})", subject=subject, detail=detail)
    if reason != "departed":
        stored_outbox.tell(
            db, waiter.person, f"line-end:{waiter.id}", kind="line_ended", subject=str(waiter.id), now=now
        )
    return True


def _offer(ctx: Context, db: Database, people: Collection[str]) -> int:
    """Offer these people what is free, in the order in which they came."""
    due = [turn for turn in _due(ctx, db) if turn.waiter.person in people]
    for turn in due:
        _make(ctx, db, turn)
    return len(due)


def _due(ctx: Context, db: Database) -> list[Turn]:
    vacancies = turns.line_vacancies(ctx, db, _wanted(db))
    return turns_now(stored_line.waiters_unoffered(db), vacancies, ctx.clock()) if vacancies.vacant else []


def _wanted(db: Database) -> list[Listing]:
    """The machines that somebody waits for."""
    firsts = [first for first, _ in stored_line.first_of_lines(db)]
    if all(first.instance_id for first in firsts):
        ids = {first.instance_id for first in firsts}
        return [found for each in ids if (found := listings.by_id(db, each)) is not None]
    known = listings.listings_page(db, FleetFilter(), limit=turns.ALL_MACHINES)
    return [each for each in known if any(first.could_use(each.instance) for first in firsts)]


def _make(ctx: Context, db: Database, turn: Turn) -> None:
    now, waiter = ctx.clock(), turn.waiter
    made = LineOffer(
        id=secrets.token_hex(16),
        waiter_id=waiter.id,
        person=waiter.person,
        instance_id=turn.instance_id,
        gpus=turn.gpus,
        length=waiter.length,
        made_at=now,
        until_at=now + ctx.settings.accept_within,
    )
    stored_line.add_offer(db, made)
    stored_audit.add(db, now, "valet", "offered to the line", subject=turn.instance_id, detail=waiter.person)
    stored_outbox.tell(db, waiter.person, _name(made), kind="offer", subject=made.id, now=now)
