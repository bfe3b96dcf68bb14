"""Offers to those whose turn it is: made, ended and told by what the tables say; late is fine, twice is not."""

import secrets
from collections.abc import Collection

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.fleet import gone_since, is_gone
from bot.domain.listing import Filter, Listing
from bot.domain.sharing.line import STALE, Turn, WaitEnd, Waiter, served_now
from bot.domain.sharing.offers import Offer
from bot.services.desk import Desk
from bot.services.sharing import turns
from store import audit, fleet, listings, outbox
from store.acting import actions
from store.sharing import line


def offer_due(desk: Desk) -> int:
    """End what is over, and offer what is free to those whose turn it is; how many changes that made."""
    if not line.is_any(desk.store.reading()):
        return 0
    with desk.store.writing() as db:
        changes = _lapse(desk, db) + _leave(desk, db)
    changes += _offer_to_colleagues(desk)
    if changes:
        desk.wake()
    return changes


def _offer_to_colleagues(desk: Desk) -> int:
    """Offer to those whose turn it is and who are still in the workspace; Slack is asked outside of transactions."""
    here, changes = set[str](), 0
    while due := {turn.waiter.person for turn in _due(desk, desk.store.reading())}:
        departed = {person for person in due - here if not desk.is_colleague(person)}
        here |= due - departed
        with desk.store.writing() as db:
            changes += sum(_depart(desk, db, person) for person in departed)
            changes += 0 if departed else _offer(desk, db, here)
        if not departed:
            break
    return changes


def depart(desk: Desk, person: str) -> None:
    """Somebody is in the workspace no more: they leave every line, and what they were offered goes to the next."""
    with desk.store.writing() as db:
        _depart(desk, db, person)
    desk.wake()


def _depart(desk: Desk, db: Database, person: str) -> int:
    places, now = line.of_person(db, person), desk.clock()
    for waiter in places:
        offer = line.offer_to(db, waiter.id)
        if offer is not None:
            turns.close(db, offer, "withdrawn", now)
        _drop(desk, db, waiter, "departed")
    return len(places)


def _lapse(desk: Desk, db: Database) -> int:
    """End the offers that nobody answered in time, or whose machine can't be claimed now."""
    now, bound, ended = desk.clock(), actions.bound(db), 0
    for offer in line.open_offers(db):
        listing = listings.by_id(db, offer.instance_id)
        if listing is None and not _is_gone(db, offer.instance_id, now):
            continue  # one look has missed it
        if listing is None or not listing.running or listing.lacks(offer.gpus) or offer.instance_id in bound:
            ended += turns.close(db, offer, "withdrawn", now)
        elif offer.until_at <= now and not _goes_on(desk, db, offer) and turns.close(db, offer, "lapsed", now):
            ended += 1
            waiter = line.by_id(db, offer.waiter_id)
            if waiter is not None:
                _drop(desk, db, waiter, "lapsed", about=offer.instance_id)
    return ended


def _is_gone(db: Database, instance_id: str, now: int) -> bool:
    return is_gone(fleet.missed_at(db, instance_id), now)


def _goes_on(desk: Desk, db: Database, offer: Offer) -> bool:
    """Hold it for as long as was said, counted from when it was to be read; True where that is longer."""
    now, accept = desk.clock(), desk.settings.accept_within
    told = outbox.posted_at(db, offer.person, _name(offer))
    if told is None and not outbox.is_on_its_way(db, offer.person, _name(offer)):
        return False  # Slack won't take it, and others wait
    until = now + accept if told is None else told + accept
    if until < now + MINUTE:
        return False
    line.prolong(db, offer.id, until)
    outbox.tell(db, offer.person, _name(offer), kind="offer", subject=offer.id, now=now)
    return True


def _name(offer: Offer) -> str:
    """Of its message."""
    return f"offer:{offer.id}"


def _leave(desk: Desk, db: Database) -> int:
    """Take those out of the line who have waited too long, or wait for a machine that is gone."""
    now = desk.clock()
    gone = line.orphaned(db, gone_since(now))
    stale = [each for each in line.stale(db, now - STALE) if line.offer_to(db, each.id) is None]
    return sum(_drop(desk, db, each, "gone") for each in gone) + sum(_drop(desk, db, each, "stale") for each in stale)


def _drop(desk: Desk, db: Database, waiter: Waiter, reason: WaitEnd, *, about: str = "") -> bool:
    """Take somebody out of the line and tell them; False when they were out already."""
    now = desk.clock()
    if not line.end(db, waiter.id, now, reason):
        return False
    subject = about or waiter.instance_id
    detail = waiter.person if waiter.instance_id else f"{waiter.person}, {waiter.want}"
    audit.add(db, now, "valet", f"took out of the line ({reason})", subject=subject, detail=detail)
    if reason != "departed":
        outbox.tell(db, waiter.person, f"line-end:{waiter.id}", kind="line_ended", subject=str(waiter.id), now=now)
    return True


def _offer(desk: Desk, db: Database, people: Collection[str]) -> int:
    """Offer these people what is free, in the order in which they came."""
    due = [turn for turn in _due(desk, db) if turn.waiter.person in people]
    for turn in due:
        _make(desk, db, turn)
    return len(due)


def _due(desk: Desk, db: Database) -> list[Turn]:
    rooms = turns.rooms(desk, db, _wanted(db))
    return served_now(line.unoffered(db), rooms, desk.clock()) if rooms.vacant else []


def _wanted(db: Database) -> list[Listing]:
    """The machines that somebody waits for."""
    firsts = [first for first, _ in line.lines(db)]
    if all(first.instance_id for first in firsts):
        ids = {first.instance_id for first in firsts}
        return [found for each in ids if (found := listings.by_id(db, each)) is not None]
    known = listings.page(db, Filter(), limit=turns.ALL)
    return [each for each in known if any(first.could_use(each.instance) for first in firsts)]


def _make(desk: Desk, db: Database, turn: Turn) -> None:
    now, waiter = desk.clock(), turn.waiter
    made = Offer(
        id=secrets.token_hex(16),
        waiter_id=waiter.id,
        person=waiter.person,
        instance_id=turn.instance_id,
        gpus=turn.gpus,
        length=waiter.length,
        made_at=now,
        until_at=now + desk.settings.accept_within,
    )
    line.offer(db, made)
    audit.add(db, now, "valet", "offered to the line", subject=turn.instance_id, detail=waiter.person)
    outbox.tell(db, waiter.person, _name(made), kind="offer", subject=made.id, now=now)
