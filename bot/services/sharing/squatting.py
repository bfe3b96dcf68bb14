"""Use without a claim: whoever works for half an hour on GPUs that nobody has claimed is asked to claim them."""

import secrets

from sqlite_utils import Database

from bot.domain.clock import DAY
from bot.domain.fleet import is_gone
from bot.domain.listing import Filter, Listing
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.reality import NOT_MINE, SQUAT, UNSEEN, Squat, unclaimed_use
from bot.errors import Refused
from bot.services.desk import Desk
from bot.services.sharing import using
from store import audit, fleet, listings, outbox
from store.sharing import squats

KIND = "squat"
ALL = -1
Key = tuple[str, str]
"""An instance and a unix user."""


def look(desk: Desk) -> int:
    """Note who works without a claim, and ask whom it is time to ask; how many were asked."""
    if not desk.settings.people:
        return 0  # nobody could be asked
    db, now = desk.store.reading(), desk.clock()
    seen, known = _in_use(desk, db), {(each.instance_id, each.unix_user): each for each in squats.open_ones(db)}
    if not seen and not known:
        return 0
    with desk.store.writing() as db:
        for key, squat in known.items():
            if key not in seen and not _is_out_of_sight(db, squat, now):
                _end(db, squat, now)
        for (instance_id, user), gpus in seen.items():
            squats.see(db, _carried_on(known.get((instance_id, user)), instance_id, user, gpus=gpus, now=now))
        asked = sum(_ask(desk, db, each, now) for each in squats.open_ones(db) if each.state == "seen")
    desk.wake()
    return asked


def _in_use(desk: Desk, db: Database) -> dict[Key, tuple[int, ...]]:
    """Where unix users work on GPUs that nobody has claimed."""
    found: dict[Key, tuple[int, ...]] = {}
    for state in ("active", "partial"):
        for listing in listings.page(db, Filter(state=state), limit=ALL):
            if listing.busy.intersection(_unclaimed(listing)):
                use = _use(desk, db, listing)
                found |= {(listing.instance.id, user): gpus for user, gpus in use.items()}
    return found


def _unclaimed(listing: Listing) -> frozenset[int]:
    return frozenset(listing.gpus) - {gpu for claim in listing.claims for gpu in claim.gpus}


def _use(desk: Desk, db: Database, listing: Listing) -> dict[str, tuple[int, ...]]:
    taken = frozenset(listing.gpus) - _unclaimed(listing)
    return unclaimed_use(listing.verdict, taken, using.users_on(desk, db, listing.instance.id))


def _is_out_of_sight(db: Database, squat: Squat, now: int) -> bool:
    """Nothing is known of the machine for a moment: that ends nothing."""
    listing = listings.by_id(db, squat.instance_id)
    if listing is None:
        return not is_gone(fleet.missed_at(db, squat.instance_id), now)
    blind = listing.running and listing.state == "unknown"
    return blind and now - squat.seen_at < UNSEEN


def _carried_on(known: Squat | None, instance_id: str, user: str, *, gpus: tuple[int, ...], now: int) -> Squat:
    goes_on = known is not None and now - known.seen_at < UNSEEN
    since = min(known.since, now) if known is not None and goes_on else now
    return Squat(secrets.token_hex(16), instance_id, user, gpus, since, now)


def _ask(desk: Desk, db: Database, squat: Squat, now: int) -> bool:
    """Ask whom it is, if it is time and they were not asked about this machine today."""
    listing = listings.by_id(db, squat.instance_id)
    if listing is None or now - squat.since < SQUAT:
        return False
    person = desk.settings.person(listing.instance, squat.unix_user)
    if not person or squats.asked_lately(db, person, squat.instance_id, now - DAY):
        return False
    if squats.denied_lately(db, person, squat.instance_id, now - NOT_MINE):
        return False
    if not squats.ask(db, squat.id, person, now):
        return False
    audit.add(db, now, "valet", "asked to claim what is in use", subject=squat.instance_id, detail=person)
    _tell(db, squat.id, person, now)
    return True


def _end(db: Database, squat: Squat, now: int) -> None:
    """Nobody works there unclaimed any more: it was claimed, or the work is over."""
    listing = listings.by_id(db, squat.instance_id)
    held = listing.claim_of(squat.person) if listing and squat.person else None
    if squats.end(db, squat, "claimed" if held else "over") and squat.person:
        _tell(db, squat.id, squat.person, now)


def _tell(db: Database, squat_id: str, person: str, now: int) -> None:
    outbox.tell(db, person, f"squat:{squat_id}", kind=KIND, subject=squat_id, now=now)


def not_mine(desk: Desk, squat_id: str, person: str) -> None:
    """[Not mine]: they are left alone about it. Raises Refused."""
    now = desk.clock()
    squat = asked(desk, squat_id, person)
    with desk.store.writing() as db:
        if not squats.end(db, squat, "not mine"):
            raise Refused(_OVER)
        detail = f"unix user {squat.unix_user}"
        audit.add(db, now, person, "said it is not theirs", subject=squat.instance_id, detail=detail)
        _tell(db, squat.id, person, now)
    desk.wake()


_OVER = "This is settled already. `/gpu status` shows how things stand."


def asked(desk: Desk, squat_id: str, person: str) -> Squat:
    """The case that a person was asked about. Raises Refused when they were not, or it is over."""
    squat = squats.by_id(desk.store.reading(), squat_id)
    if squat is None or squat.person != person:
        raise Refused("This was asked of somebody else.")
    if squat.state != "asked":
        raise Refused(_OVER)
    return squat


def choice(squat: Squat, listing: Listing) -> GpuChoice:
    """The GPUs to claim: those in use, and those the person holds there already."""
    mine = listing.claim_of(squat.person)
    return GpuChoice(indexes=tuple(sorted({*squat.gpus, *(mine.gpus if mine else ())})))


def squat(desk: Desk, squat_id: str) -> Squat | None:
    """One case, open or over."""
    return squats.by_id(desk.store.reading(), squat_id)
