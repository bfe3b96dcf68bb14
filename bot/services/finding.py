"""What could serve a want, best first, and what comes nearest where nothing does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.domain.claims import GpuChoice
from bot.domain.listing import Filter, Listing
from bot.domain.models import short
from bot.domain.ranking import (
    FREE,
    TIERS,
    Found,
    Way,
    launch,
    open_gpus,
    ranked,
    saved,
    similar,
    stand_in,
    tier_of,
    way,
)
from bot.domain.wants import Want, parse
from bot.errors import NotFound, Refused
from bot.nearest import nearest
from bot.services import booking, listing_templates, turns
from bot.services.desk import Desk
from store import actions, candidates, listings

MOST = 3
"""Ways shown of each tier."""
BESIDES = 4
"""Ways shown beside a machine that was asked for by name."""
_AT_ONCE = 60
"""Instances looked at closely at a time; the order of the database is rough."""
Pairs = tuple[tuple[str, int], ...]
"""GPU models as reported, with the MiB of one GPU."""


@dataclass(frozen=True, slots=True)
class _Seek:
    """One search."""

    desk: Desk
    db: Database
    chosen: Pairs
    want: Want
    person: str
    until: int


def find(desk: Desk, want: Want, person: str = "", length: int | None = None) -> Found:
    """Everything that could serve for so long. Raises NotFound when no machine has such GPUs, or as many."""
    db = desk.store.reading()
    chosen = [pair for pair in candidates.kinds(db) if want.kind.fits(*pair)]
    launches = [launch(listing_templates.machine(desk, each), want) for each, _ in listing_templates.of(desk, person)]
    if not any(launches):
        _check_exists(db, want, chosen)
    seek = _Seek(desk, db, tuple(chosen), want, person, desk.clock() + (length or 0))
    ways = ranked([*launches, *(each for how in candidates.STANDINGS for each in _standing(seek, how))], MOST)
    found = Found(want, ways, tuple(_mine(db, want, person)))
    if found.best is not None:
        return found
    if not chosen:
        return found
    place = _place(seek, length)
    return replace(found, fewer=_fewer(seek), ahead=place.ahead, turn=place.turn)


def besides(desk: Desk, listing: Listing, person: str, *, count: int | None = None, length: int | None = None) -> Found:
    """What somebody could have who can't have this instance, or so many GPUs of it; and their place in its line."""
    db, instance_id = desk.store.reading(), listing.instance.id
    want = similar(listing, count or len(listing.gpus))
    ways = (each for each in find(desk, want, person, length).ways if each.listing.instance.id != instance_id)
    if listing.claim_of(person) is not None:
        return Found(want, tuple(ways)[:BESIDES])
    last = turns.at_the_end(desk, person, instance_id=instance_id, count=count, length=length)
    place = turns.place_of(desk, db, last)
    return Found(want, tuple(ways)[:BESIDES], ahead=place.ahead, turn=place.turn)


def instead_of(
    desk: Desk, listing: Listing, person: str, *, count: int | None = None, length: int | None = None
) -> Way | None:
    """Something that stands idle and would do as well as this instance, and is of a strictly better tier.

    A listing without an id is the machine that a launch would make; one that does not run would be started.
    """
    want = stand_in(listing, len(listing.gpus) if count is None else count)
    if want is None:
        return None
    db = desk.store.reading()
    chosen = tuple(pair for pair in candidates.kinds(db) if want.kind.fits(*pair))
    seek = _Seek(desk, db, chosen, want, person, desk.clock() + (length or 0))
    for how in candidates.STANDINGS[: TIERS.index(tier_of(listing))]:
        for found in ranked(_standing(seek, how)):
            micros = saved(listing, found)
            if found.seen == 0 and (micros is None or micros > 0):
                return found
    return None


def is_name(desk: Desk, word: str) -> bool:
    """Whether an instance goes by exactly this name or id."""
    found = listings.matching(desk.store.reading(), word)
    return any(word.lower() in {each.instance.name.lower(), each.instance.id.lower()} for each in found)


def is_kind(desk: Desk, text: str) -> bool:
    """Whether the fleet has such GPUs."""
    try:
        want = parse(text)
    except Refused:
        return False
    return any(want.kind.fits(*pair) for pair in candidates.kinds(desk.store.reading()))


def _standing(seek: _Seek, how: candidates.Standing) -> Iterator[Way]:
    """The ways of one tier, a few more than are shown."""
    ids, seen = candidates.standing(seek.db, how, seek.chosen, seek.want.count), 0
    for start in range(0, len(ids), _AT_ONCE):
        for listing in listings.by_ids(seek.db, ids[start : start + _AT_ONCE]):
            found = way(listing, seek.want, seek.person)
            if found is not None and found.tier == how and _is_clear(seek, found):
                seen += 1
                yield found
        if seen >= MOST:
            return


def _is_clear(seek: _Seek, found: Way) -> bool:
    """Whether nobody has booked it by then, is offered it, is about to stop it, or came before and waits for it."""
    instance_id = found.listing.instance.id
    under_way = actions.live_on(seek.db, instance_id)
    if under_way is not None and under_way.state != "pending":
        return False
    if found.tier not in FREE:
        return True
    booked = booking.kept_gpus(seek.db, instance_id, seek.until)
    held = {gpu for each in found.listing.claims for gpu in each.gpus}
    if len([gpu for gpu in open_gpus(found.listing) if gpu not in booked]) < found.count:
        return False
    choice = GpuChoice(found.count)
    try:
        picked = turns.pick(seek.desk, seek.db, found.listing, seek.person, choice=choice, taken=held | booked)
    except turns.InLine:
        return False
    return picked is not None


def _mine(db: Database, want: Want, person: str) -> Iterator[Listing]:
    """What the person holds that would do."""
    for each in listings.page(db, Filter(holder=person), limit=50) if person else ():
        held, instance = each.claim_of(person), each.instance
        if held and len(held.gpus) >= want.count and want.kind.fits(instance.gpu_model, instance.gpu_memory_mib):
            yield each


def _fewer(seek: _Seek) -> Way | None:
    """The most GPUs that are free on one machine, where they are fewer than wanted."""
    for count in range(min(seek.want.count, candidates.most_gpus(seek.db, seek.chosen)) - 1, 0, -1):
        less = replace(seek, want=Want(count, seek.want.kind))
        found = ranked(each for how in candidates.FREE for each in _standing(less, how))
        if found:
            return found[0]
    return None


def _place(seek: _Seek, length: int | None) -> turns.Place:
    """Where the person would stand in the line for it."""
    want = seek.want
    last = turns.at_the_end(seek.desk, seek.person, kind=want.kind, count=want.count, length=length)
    return turns.place_of(seek.desk, seek.db, last)


def _check_exists(db: Database, want: Want, chosen: Sequence[tuple[str, int]]) -> None:
    """Raises NotFound, with what there is."""
    known = sorted({short(model) for model, _ in candidates.kinds(db) if model})
    if not chosen:
        close = nearest(str(want.kind), known) or known[:6]
        have = f" You have {', '.join(close)}." if close else ""
        raise NotFound(f"No machine here has a GPU like {want.kind}.{have}")
    most = candidates.most_gpus(db, chosen)
    if most and most < want.count:
        raise NotFound(f"No machine here has {want.count} {want.kind} GPUs; the largest has {most}.")
