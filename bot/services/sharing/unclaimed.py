"""Use without a claim: whoever works for half an hour on GPUs that nobody has claimed is asked to claim them."""

import secrets
from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import DAY_MS
from bot.domain.machines.fleet import is_gone
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.domain.sharing.unclaimed import (
    ASKED_AFTER_MS,
    LEFT_ALONE_MS,
    PROGRAMS_FRESH_MS,
    USE_UNSEEN_MS,
    GpuUsers,
    StillAtWork,
    UnclaimedUse,
    gpus_by_unclaimed_user,
    gpus_of_users,
)
from bot.errors import Refused
from bot.services.context import Context
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.machines import readings as stored_readings
from store.sharing import unclaimed as stored_unclaimed

UNCLAIMED_MESSAGE = "squat"
_ALL = -1
_UseKey = tuple[str, str]
"""An instance and a unix user."""


def look_for_unclaimed_use(ctx: Context) -> int:
    """Note who works without a claim, and ask whom it is time to ask; how many were asked."""
    if not ctx.settings.people:
        return 0  # nobody could be asked
    db, now = ctx.store.reading(), ctx.clock()
    seen, known = (
        _unclaimed_uses(ctx, db),
        {(use.instance_id, use.unix_user): use for use in stored_unclaimed.open_uses(db)},
    )
    if not seen and not known:
        return 0
    with ctx.store.writing() as db:
        for key, squat in known.items():
            if key not in seen and not _is_out_of_sight(db, squat, now):
                _end(db, squat, now)
        for (instance_id, user), gpus in seen.items():
            stored_unclaimed.note_use(
                db, _carried_on(known.get((instance_id, user)), instance_id, user, gpus=gpus, now=now)
            )
        asked_count = sum(_ask(ctx, db, use, now) for use in stored_unclaimed.open_uses(db) if use.state == "seen")
    ctx.wake()
    return asked_count


def _unclaimed_uses(ctx: Context, db: Database) -> dict[_UseKey, tuple[int, ...]]:
    """Where unix users work on GPUs that nobody has claimed."""
    gpus_by_use: dict[_UseKey, tuple[int, ...]] = {}
    for state in ("active", "partial"):
        for listing in listings.listings_page(db, FleetFilter(state=state), limit=_ALL):
            if listing.busy.intersection(_unclaimed_gpus(listing)):
                by_user = _gpus_by_user(ctx, db, listing)
                gpus_by_use |= {(listing.instance.id, user): gpus for user, gpus in by_user.items()}
    return gpus_by_use


def _unclaimed_gpus(listing: Listing) -> frozenset[int]:
    return frozenset(listing.gpus) - {gpu for claim in listing.claims for gpu in claim.gpus}


def _gpus_by_user(ctx: Context, db: Database, listing: Listing) -> dict[str, tuple[int, ...]]:
    """The GPUs that nobody has claimed and that work, by the unix user they work for."""
    taken = frozenset(listing.gpus) - _unclaimed_gpus(listing)
    return gpus_by_unclaimed_user(listing.verdict, taken, current_users(ctx, db, listing.instance.id))


def _is_out_of_sight(db: Database, squat: UnclaimedUse, now: int) -> bool:
    """Nothing is known of the machine for a moment: that ends nothing."""
    listing = listings.by_id(db, squat.instance_id)
    if listing is None:
        return not is_gone(stored_fleet.missed_at(db, squat.instance_id), now)
    blind = listing.running and listing.state == "unknown"
    return blind and now - squat.seen_at < USE_UNSEEN_MS


def _carried_on(
    known: UnclaimedUse | None, instance_id: str, user: str, *, gpus: tuple[int, ...], now: int
) -> UnclaimedUse:
    goes_on = known is not None and now - known.seen_at < USE_UNSEEN_MS
    since = min(known.since, now) if known is not None and goes_on else now
    return UnclaimedUse(secrets.token_hex(16), instance_id, user, gpus, since, now)


def _ask(ctx: Context, db: Database, squat: UnclaimedUse, now: int) -> bool:
    """Ask whom it is, if it is time and they were not asked about this machine today."""
    listing = listings.by_id(db, squat.instance_id)
    if listing is None or now - squat.since < ASKED_AFTER_MS:
        return False
    person = ctx.settings.person(listing.instance, squat.unix_user)
    if not person or stored_unclaimed.asked_person(db, person, squat.instance_id, now - DAY_MS):
        return False
    if stored_unclaimed.denied_by(db, person, squat.instance_id, now - LEFT_ALONE_MS):
        return False
    if not stored_unclaimed.note_asked(db, squat.id, person, now):
        return False
    stored_audit.add(db, now, "valet", "asked to claim what is in use", subject=squat.instance_id, detail=person)
    _tell(db, squat.id, person, now)
    return True


def _end(db: Database, squat: UnclaimedUse, now: int) -> None:
    """Nobody works there unclaimed any more: it was claimed, or the work is over."""
    listing = listings.by_id(db, squat.instance_id)
    held = listing.claim_of(squat.person) if listing and squat.person else None
    if stored_unclaimed.end(db, squat, "claimed" if held else "over") and squat.person:
        _tell(db, squat.id, squat.person, now)


def _tell(db: Database, squat_id: str, person: str, now: int) -> None:
    stored_outbox.tell(db, person, f"squat:{squat_id}", kind=UNCLAIMED_MESSAGE, subject=squat_id, now=now)


def deny_use(ctx: Context, squat_id: str, person: str) -> None:
    """[Not mine]: they are left alone about it. Raises Refused."""
    now = ctx.clock()
    squat = asked_use(ctx, squat_id, person)
    with ctx.store.writing() as db:
        if not stored_unclaimed.end(db, squat, "not mine"):
            raise Refused(_OVER)
        detail = f"unix user {squat.unix_user}"
        stored_audit.add(db, now, person, "said it is not theirs", subject=squat.instance_id, detail=detail)
        _tell(db, squat.id, person, now)
    ctx.wake()


_OVER = f"This is settled already. {parts.gpu('status')} shows how things stand."


def asked_use(ctx: Context, squat_id: str, person: str) -> UnclaimedUse:
    """The case that a person was asked about. Raises Refused when they were not, or it is over."""
    squat = stored_unclaimed.by_id(ctx.store.reading(), squat_id)
    if squat is None or squat.person != person:
        raise Refused("This was asked of somebody else.")
    if squat.state != "asked":
        raise Refused(_OVER)
    return squat


def gpus_to_claim(squat: UnclaimedUse, listing: Listing) -> GpuChoice:
    """The GPUs to claim: those in use, and those the person holds there already."""
    mine = listing.claim_of(squat.person)
    return GpuChoice(indexes=tuple(sorted({*squat.gpus, *(mine.gpus if mine else ())})))


def find_unclaimed_use(ctx: Context, squat_id: str) -> UnclaimedUse | None:
    """One case, open or over."""
    return stored_unclaimed.by_id(ctx.store.reading(), squat_id)


def current_users(ctx: Context, db: Database, instance_id: str) -> GpuUsers:
    """Unix users with programs on each GPU of an instance, as reported just now."""
    return stored_readings.users_on(db, instance_id, ctx.clock() - PROGRAMS_FRESH_MS)


def current_programs(ctx: Context, db: Database, instance_id: str) -> tuple[str, ...]:
    """What runs on its GPUs as reported just now, each once: "python3 (unix user ada)"."""
    programs = stored_readings.programs_on(db, instance_id, ctx.clock() - PROGRAMS_FRESH_MS)
    lines = {f"{program} (unix user {', '.join(users)})" if users else program for program, users in programs}
    return tuple(sorted(lines))


def still_at_work(ctx: Context, listing: Listing, claim: Claim) -> StillAtWork:
    """Who works on the GPUs of a claim that is over."""
    busy = listing.busy.intersection(claim.gpus) if listing.running else frozenset()
    if not busy:
        return "nobody"
    users = current_users(ctx, ctx.store.reading(), listing.instance.id)
    own = gpus_of_users(users, ctx.settings.unix_users(listing.instance, claim.holder))
    return "own" if busy.intersection(own) else "somebody"


def with_unclaimed_users(ctx: Context, listing: Listing) -> Listing:
    """The listing with who works on it without a claim, by name unless they said it isn't them."""
    db, instance = ctx.store.reading(), listing.instance
    is_at_work = listing.running and bool(listing.busy)
    by_gpu = sorted(_gpus_by_user(ctx, db, listing).items(), key=lambda pair: pair[1]) if is_at_work else []
    believed_since = ctx.clock() - LEFT_ALONE_MS

    def person_of(user: str) -> str:
        person = ctx.settings.person(instance, user)
        is_denied = bool(person) and stored_unclaimed.denied_by(db, person, instance.id, believed_since)
        return "" if is_denied else person

    return replace(listing, unclaimed_users=tuple((user, person_of(user), gpus) for user, gpus in by_gpu))


def other_users(ctx: Context, listing: Listing, person: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """Who else works on the GPUs of a person's claim: unix user, Slack user id (or empty), and the GPUs."""
    mine = listing.claim_of(person)
    if mine is None:
        return []
    taken = frozenset(listing.gpus) - set(mine.gpus)
    use = gpus_by_unclaimed_user(listing.verdict, taken, current_users(ctx, ctx.store.reading(), listing.instance.id))
    named = [(user, ctx.settings.person(listing.instance, user), gpus) for user, gpus in use.items()]
    return [other for other in named if other[1] != person]


def adoptable_gpus(ctx: Context, listing: Listing, person: str) -> tuple[int, ...]:
    """The GPUs that a person's own programs run on, and those they hold there already. Raises Refused."""
    name, users = listing.instance.name, current_users(ctx, ctx.store.reading(), listing.instance.id)
    mine = listing.claim_of(person)
    unix = ctx.settings.unix_users(listing.instance, person)
    if not unix:
        raise Refused(
            f"I don't know which unix user you are on {name}; an admin can say so in [people]. "
            f"{parts.gpu('claim', name, 'gpus:0,1')} claims GPUs by their numbers."
        )
    gpus = gpus_of_users(users, unix)
    if not gpus:
        who = " or ".join(sorted(unix))
        seen = sorted({user for there in users.values() for user in there})
        others = f"Programs there belong to {', '.join(seen[:5])}." if seen else "No program is reported there."
        taken = listing.busy.union(*(claim.gpus for claim in listing.claims))
        is_free = not taken.issuperset(listing.gpus)
        way = f" {parts.gpu('claim', name, 'gpus:1')} claims GPUs that are free." if is_free else ""
        raise Refused(f"I see no program of yours (unix user {who}) on {name} now. {others}{way}")
    return tuple(sorted({*gpus, *(mine.gpus if mine else ())}))
