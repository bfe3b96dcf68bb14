"""Claims: taking, giving back, and their end."""

import secrets

from sqlite_utils import Database

from bot.domain.claims import Claim, EndReason
from bot.domain.clock import MINUTE
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services import acting, digesting
from bot.services.desk import Desk
from store import audit, claims, listings, outbox

GONE_FOR = 10 * MINUTE
"""An instance must be gone this long before claims on it end; one look may miss one."""


class Taken(Refused):
    """Somebody else holds it; `claim` says who and until when."""

    def __init__(self, sentence: str, claim: Claim) -> None:
        super().__init__(sentence)
        self.claim = claim


def claim(desk: Desk, instance_id: str, holder: str, *, length: int | None, note: str = "") -> Listing:
    """Claim a whole instance; asked again by its holder, it moves the end. Raises Refused, Taken.

    Asked again without a length, it never ends sooner than before.
    """
    now, kept = desk.clock(), length is None
    length = desk.settings.claim_limits.length(length)
    with desk.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        if listing is None:
            raise Refused("That instance is gone.")
        name, held = listing.instance.name, _still_held(desk, db, listing)
        if not listing.running:
            raise Refused(
                f"{name} is {listing.instance.state}, so there is nothing to claim. `/gpu status` shows what runs."
            )
        acting.make_way(desk, db, listing, holder)
        if held is not None and held.holder != holder:
            raise Taken(f"{name} is taken.", held)
        if held is not None:
            until = max(held.until_at, now + length) if kept else now + length
            claims.extend(db, held.id, until, note=note)
        else:
            wanted = _claim(desk, listing, holder, until=now + length, note=note)
            if not claims.add(db, wanted):
                raise Refused(f"{name} was taken this very moment. Ask again to see by whom.")
        audit.add(db, now, holder, "extended" if held else "claimed", subject=instance_id, detail=note)
        digesting.refresh(desk, db, instance_id)
        made = listings.by_id(db, instance_id)
    desk.wake()
    if made is None:
        raise Refused("That instance is gone.")
    return made


def _still_held(desk: Desk, db: Database, listing: Listing) -> Claim | None:
    """The claim on it, unless its time is over and `expire` has not come round yet."""
    held = listing.claim
    if held is None or held.until_at > desk.clock():
        return held
    _end(db, held, desk.clock(), "expired")
    return None


def _claim(desk: Desk, listing: Listing, holder: str, *, until: int, note: str) -> Claim:
    return Claim(
        id=secrets.token_hex(16),
        instance_id=listing.instance.id,
        holder=holder,
        from_at=desk.clock(),
        until_at=until,
        gpus=tuple(range(max(1, listing.instance.gpu_count))),
        team=desk.roster().team_of(holder),
        note=note,
    )


def check_release(desk: Desk, listing: Listing, person: str) -> None:
    """Whether this person may end the claim: its holder may, and whoever decides for its team. Raises Refused."""
    held, roster = listing.claim, desk.roster()
    if held is None or person == held.holder or person in roster.approvers(listing.team) | roster.admins:
        return
    raise Refused(f"{listing.instance.name} is <@{held.holder}>'s; only they or an approver can release it.")


def release(desk: Desk, instance_id: str, person: str) -> Claim:
    """Give an instance back. Its holder may, and so may whoever decides for its team. Raises Refused."""
    now = desk.clock()
    with desk.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        held = listing.claim if listing else None
        if listing is None or held is None:
            raise Refused("Nobody holds it, so there is nothing to release.")
        check_release(desk, listing, person)
        claims.end(db, held.id, now, "released", who=person)
        audit.add(db, now, person, "released", subject=instance_id, detail=held.holder)
        digesting.refresh(desk, db, instance_id)
        if person != held.holder:
            outbox.tell(db, held.holder, f"claim-end:{held.id}", kind="claim_ended", subject=held.id, now=now)
    desk.wake()
    return held


def expire(desk: Desk) -> int:
    """End claims whose time is over or whose instance is gone, and tell their holders; how many."""
    now = desk.clock()
    with desk.store.writing() as db:
        ended = [_end(db, each, now, "expired") for each in claims.due(db, now)]
        ended += [_end(db, each, now, "gone") for each in claims.orphaned(db, now - GONE_FOR)]
    if any(ended):
        desk.wake()
    return sum(ended)


def _end(db: Database, claim: Claim, now: int, reason: EndReason) -> bool:
    if not claims.end(db, claim.id, now, reason):
        return False
    audit.add(db, now, "valet", reason, subject=claim.instance_id, detail=claim.holder)
    outbox.tell(db, claim.holder, f"claim-end:{claim.id}", kind="claim_ended", subject=claim.id, now=now)
    return True
