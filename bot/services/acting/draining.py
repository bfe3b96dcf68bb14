"""Draining owned machines: they are kept from new claims until they stand empty."""

import secrets

from sqlite_utils import Database

from bot.domain.acting.drains import Drain
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services.acting import owned, refusals
from bot.services.desk import Desk
from bot.services.sharing import turns
from store import audit, listings, outbox
from store.acting import drains
from store.sharing import line

DEED = "Draining {name} keeps everybody off it"


def drain(desk: Desk, instance_id: str, person: str, reason: str = "") -> Listing:
    """Let nobody get more time on an owned instance, and tell those who hold it. Raises Refused."""
    now = desk.clock()
    with refusals.kept(desk, person, "drain it", instance_id), desk.store.writing() as db:
        listing = owned.decided_by(desk, db, instance_id, person, deed=DEED)
        name = listing.instance.name
        if listing.drain is not None:
            raise Refused(f"{name} is being drained already. `/gpu drain {name} end` lets people claim it again.")
        made = Drain(secrets.token_hex(16), instance_id, person, now, reason)
        drains.add(db, made)
        for offer in line.offers_on(db, [instance_id]).get(instance_id, ()):
            turns.close(db, offer, "withdrawn", now)
        audit.add(db, now, person, "began to drain", subject=instance_id, detail=reason)
        drained = _changed(db, made, now)
    desk.wake()
    return drained


def end(desk: Desk, instance_id: str, person: str) -> Listing:
    """Let people claim it again. Raises Refused."""
    now = desk.clock()
    with refusals.kept(desk, person, "end the drain", instance_id), desk.store.writing() as db:
        listing = owned.decided_by(desk, db, instance_id, person, deed=DEED)
        if listing.drain is None or not drains.end(db, listing.drain.id, now):
            raise Refused(
                f"{listing.instance.name} is not being drained. `/gpu claim {listing.instance.name}` takes it."
            )
        audit.add(db, now, person, "ended the drain", subject=instance_id)
        free = _changed(db, listing.drain, now)
    desk.wake()
    return free


def drain_of(desk: Desk, drain_id: str) -> Drain | None:
    """One drain, open or ended."""
    return drains.by_id(desk.store.reading(), drain_id)


def _changed(db: Database, drain: Drain, now: int) -> Listing:
    """Tell the holders, each once; the end of the drain edits what they were told."""
    listing = listings.by_id(db, drain.instance_id)
    if listing is None:
        raise Refused("That instance is gone.")
    for holder in {each.holder for each in listing.claims}:
        outbox.tell(db, holder, f"drain:{drain.id}", kind="drain", subject=drain.id, now=now)
    return listing
