"""The end of claims: by their time, with their instance, or by somebody's word."""

from sqlite_utils import Database

from bot.domain.fleet import gone_since
from bot.domain.sharing.claims import GRACE, Claim, EndReason
from bot.services import digesting
from bot.services.desk import Desk
from bot.services.sharing import reminding, requesting
from store import audit, outbox
from store.sharing import claims


def expire(desk: Desk) -> int:
    """End claims whose time and grace are over or whose instance is gone, and tell their holders; how many."""
    now = desk.clock()
    with desk.store.writing() as db:
        ended = [end(desk, db, each, "expired") for each in claims.ending(db, now - GRACE)]
        ended += [end(desk, db, each, "gone") for each in claims.orphaned(db, gone_since(now))]
        ended += fit(desk, db)
    if any(ended):
        desk.wake()
    return sum(ended)


def fit(desk: Desk, db: Database) -> list[bool]:
    """Let each claim cover what its machine has of its GPUs, and tell its holder; without any of them it ends."""
    now, fitted = desk.clock(), []
    for claim, there in claims.lacking(db):
        left = tuple(gpu for gpu in claim.gpus if gpu < there)
        if not left:
            fitted.append(end(desk, db, claim, "lacking"))
            continue
        fitted.append(claims.regrip(db, claim, left, now))
        audit.add(
            db, now, "valet", "cut the claim to the GPUs there are", subject=claim.instance_id, detail=claim.holder
        )
        digesting.refresh(desk, db, claim.instance_id)
        subject = f"{claim.id}|{','.join(map(str, claim.gpus))}"
        outbox.tell(db, claim.holder, f"claim-cut:{subject}", kind="claim_cut", subject=subject, now=now)
    return fitted


def end(desk: Desk, db: Database, claim: Claim, reason: EndReason, *, who: str = "") -> bool:
    """End an open claim and tell its holder, unless it was they who did; False when it has ended already."""
    now = desk.clock()
    if not claims.end(db, claim.id, now, reason, who=who):
        return False
    audit.add(db, now, who or "valet", reason, subject=claim.instance_id, detail=claim.holder)
    digesting.refresh(desk, db, claim.instance_id)
    requesting.over(desk, db, claim, reason)
    foreseen = reminding.over(db, claim, now) and reason == "expired"
    if who != claim.holder and not foreseen:
        outbox.tell(db, claim.holder, f"claim-end:{claim.id}", kind="claim_ended", subject=claim.id, now=now)
    return True
