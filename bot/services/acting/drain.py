"""Draining owned machines: they are kept from new claims until they stand empty."""

import secrets

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.drain import Drain
from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.services import audit
from bot.services.context import Context
from bot.services.machines import owned
from bot.services.sharing import turns
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import drain as stored_drain
from store.machines import listings
from store.sharing import line as stored_line

_DEED = "Draining {name} keeps everybody off it"


def drain(ctx: Context, instance_id: str, person: str, reason: str = "") -> Listing:
    """Let nobody get more time on an owned instance, and tell those who hold it. Raises Refused."""
    now = ctx.clock()
    with audit.kept(ctx, person, "drain it", instance_id), ctx.store.writing() as db:
        listing = owned.decided_by(ctx, db, instance_id, person, deed=_DEED)
        name = listing.instance.name
        if listing.drain is not None:
            raise Refused(
                f"{name} is being drained already. {parts.gpu('drain', name, 'end')} lets people claim it again."
            )
        begun = Drain(secrets.token_hex(16), instance_id, person, now, reason)
        stored_drain.add(db, begun)
        for offer in stored_line.offers_on(db, [instance_id]).get(instance_id, ()):
            turns.end_offer(db, offer, "withdrawn", now)
        stored_audit.add(db, now, person, "began to drain", subject=instance_id, detail=reason)
        drained = _changed(db, begun, now)
    ctx.wake()
    return drained


def end(ctx: Context, instance_id: str, person: str) -> Listing:
    """Let people claim it again. Raises Refused."""
    now = ctx.clock()
    with audit.kept(ctx, person, "end the drain", instance_id), ctx.store.writing() as db:
        listing = owned.decided_by(ctx, db, instance_id, person, deed=_DEED)
        if listing.drain is None or not stored_drain.end(db, listing.drain.id, now):
            raise Refused(
                f"{listing.instance.name} is not being drained. {parts.gpu('claim', listing.instance.name)} takes it."
            )
        stored_audit.add(db, now, person, "ended the drain", subject=instance_id)
        free = _changed(db, listing.drain, now)
    ctx.wake()
    return free


def drain_of(ctx: Context, drain_id: str) -> Drain | None:
    """One drain, open or ended."""
    return stored_drain.by_id(ctx.store.reading(), drain_id)


def _changed(db: Database, drain: Drain, now: int) -> Listing:
    """Tell the holders, each once; the end of the drain edits what they were told."""
    listing = listings.by_id(db, drain.instance_id)
    if listing is None:
        raise Refused("That instance is gone.")
    for holder in {claim.holder for claim in listing.claims}:
        stored_outbox.tell(db, holder, f"drain:{drain.id}", kind="drain", subject=drain.id, now=now)
    return listing
