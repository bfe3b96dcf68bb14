"""Offers from the line: made to whoever has their turn, ended when nobody answers or a machine or a person is gone."""

import secrets
from collections.abc import Collection

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import gone_since, is_gone
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.sharing.line import WAIT_STALE_MS, Turn, WaitEnd, Waiter, turns_now
from bot.domain.sharing.offers import LineOffer
from bot.services import quiet
from bot.services.context import Context
from bot.services.sharing import turns
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import line as stored_line


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
    asleep = _asleep(ctx)
    # whoever departs may bring up others, whom Slack has not been asked about yet
    while due := {turn.waiter.person for turn in _due(ctx, ctx.store.reading(), asleep)}:
        departed = {person for person in due - here if not ctx.is_colleague(person)}
        here |= due - departed
        with ctx.store.writing() as db:
            changes += sum(_depart(ctx, db, person) for person in departed)
            changes += 0 if departed else _offer(ctx, db, here, asleep)
        if not departed:
            break
    return changes


def _asleep(ctx: Context) -> frozenset[str]:
    """Who could not say yes now: they keep their places, and what is free goes to the next who is awake."""
    asked = [waiter for waiter in stored_line.waiters_unoffered(ctx.store.reading()) if not waiter.run]
    return frozenset(person for person in {waiter.person for waiter in asked} if quiet.is_asleep(ctx, person))


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
    posted_at = stored_outbox.posted_at(db, offer.person, _name(offer))
    if posted_at is None and not stored_outbox.is_on_its_way(db, offer.person, _name(offer)):
        return False  # Slack won't take it, and others wait
    until = now + accept if posted_at is None else posted_at + accept
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
        waiter
        for waiter in stored_line.stale_waiters(db, now - WAIT_STALE_MS)
        if stored_line.offer_to(db, waiter.id) is None
    ]
    out = [_drop(ctx, db, waiter, "gone") for waiter in gone]
    out += [_drop(ctx, db, waiter, "stale") for waiter in stale]
    return sum(out)


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


def _offer(ctx: Context, db: Database, people: Collection[str], asleep: Collection[str]) -> int:
    """Offer these people what is free, in the order in which they came."""
    due = [turn for turn in _due(ctx, db, asleep) if turn.waiter.person in people]
    for turn in due:
        _make(ctx, db, turn)
    return len(due)


def _due(ctx: Context, db: Database, asleep: Collection[str]) -> list[Turn]:
    vacancies = turns.line_vacancies(ctx, db, _wanted(db))
    if not vacancies.vacant:
        return []
    waiters = [waiter for waiter in stored_line.waiters_unoffered(db) if waiter.run or waiter.person not in asleep]
    return turns_now(waiters, vacancies, ctx.clock())


def _wanted(db: Database) -> list[Listing]:
    """The machines that somebody waits for."""
    firsts = [first for first, _ in stored_line.first_of_lines(db)]
    if all(first.instance_id for first in firsts):
        ids = {first.instance_id for first in firsts}
        return [listing for instance_id in ids if (listing := listings.by_id(db, instance_id)) is not None]
    known = listings.listings_page(db, FleetFilter(), limit=turns.ALL_MACHINES)
    return [listing for listing in known if any(first.could_use(listing.instance) for first in firsts)]


def _make(ctx: Context, db: Database, turn: Turn) -> None:
    now, waiter = ctx.clock(), turn.waiter
    offer = LineOffer(
        id=secrets.token_hex(16),
        waiter_id=waiter.id,
        person=waiter.person,
        instance_id=turn.instance_id,
        gpus=turn.gpus,
        length=waiter.length,
        made_at=now,
        until_at=now + ctx.settings.accept_within,
    )
    stored_line.add_offer(db, offer)
    stored_audit.add(db, now, "valet", "offered to the line", subject=turn.instance_id, detail=waiter.person)
    stored_outbox.tell(db, waiter.person, _name(offer), kind="offer", subject=offer.id, now=now)
