"""What could serve a want, best first, and what comes nearest where nothing does."""

from collections.abc import Iterator
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.listing import Filter, Listing
from bot.domain.models import short
from bot.domain.sharing.ranking import TIERS, Found, Way, launch, ranked, saved, similar, stand_in, tier_of
from bot.domain.sharing.wants import Want, parse
from bot.errors import NotFound, Refused
from bot.nearest import nearest
from bot.services import names, silences
from bot.services.acting import listing_templates
from bot.services.desk import Desk
from bot.services.sharing import searching, turns
from bot.services.sharing.searching import MOST, Search, standing
from store import listings
from store.sharing import candidates, line

BESIDES = 4
"""Ways shown beside a machine that was asked for by name."""


def find(desk: Desk, want: Want, person: str = "", length: int | None = None) -> Found:
    """Everything that could serve for so long. Raises NotFound when no machine has such GPUs, or as many."""
    search = searching.begin(desk, want, person, length)
    db, most = search.db, candidates.most_gpus(search.db, search.chosen)
    launches = [launch(Listing(each.like(), rate=rate), want) for each, rate in listing_templates.of(desk, person)]
    if most < want.count and not any(launches):
        raise NotFound(_missing(db, want, most))
    ways = ranked([*launches, *(each for how in candidates.STANDINGS for each in standing(search, how))], MOST)
    silent = silences.of_machines(desk, (each.listing.instance.id for each in ways))
    found = Found(want, ways, tuple(_mine(db, want, person)), silent=silent)
    if found.best is not None or most < want.count:
        return found
    found = replace(found, fewer=_fewer(search))
    if line.place(db, person, "", str(want.kind)):  # they stand in that line already
        return found
    last = turns.at_the_end(desk, person, kind=want.kind, count=want.count, length=length)
    place = turns.place_of(desk, db, last)
    return replace(found, ahead=place.ahead, turn=place.turn)


def besides(desk: Desk, listing: Listing, person: str, *, count: int | None = None, length: int | None = None) -> Found:
    """What somebody could have who can't have this instance, or so many GPUs of it; and their place in its line."""
    db, instance_id = desk.store.reading(), listing.instance.id
    want = similar(listing, count or len(listing.gpus))
    ways = (each for each in find(desk, want, person, length).ways if each.listing.instance.id != instance_id)
    if listing.claim_of(person) is not None or line.place(db, person, instance_id, ""):
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
    search = searching.begin(desk, want, person, length)
    for how in candidates.STANDINGS[: TIERS.index(tier_of(listing))]:
        for found in ranked(standing(search, how)):
            micros = saved(listing, found)
            if found.seen == 0 and (micros is None or micros > 0):
                return found
    return None


def is_name(desk: Desk, *words: str) -> bool:
    """Whether the first words are exactly the name or id of an instance."""
    return names.whole_name(desk, words) is not None


def is_kind(desk: Desk, text: str) -> bool:
    """Whether the fleet has such GPUs."""
    try:
        want = parse(text)
    except Refused:
        return False
    return any(want.kind.fits(*pair) for pair in candidates.kinds(desk.store.reading()))


def _mine(db: Database, want: Want, person: str) -> Iterator[Listing]:
    """What the person holds that would do."""
    for each in listings.page(db, Filter(holder=person), limit=50) if person else ():
        held, instance = each.claim_of(person), each.instance
        if held and len(held.gpus) >= want.count and want.kind.fits(instance.gpu_model, instance.gpu_memory_mib):
            yield each


def _fewer(search: Search) -> Way | None:
    """The most GPUs that are free on one machine, where they are fewer than wanted."""
    for count in range(search.want.count - 1, 0, -1):
        less = replace(search, want=Want(count, search.want.kind))
        found = ranked(each for how in candidates.FREE for each in standing(less, how))
        if found:
            return found[0]
    return None


def _missing(db: Database, want: Want, most: int) -> str:
    """Nothing has such GPUs, or as many: what there is."""
    if most:
        return f"No machine here has {want.count} {want.kind} GPUs; the largest has {most}."
    known = sorted({short(model) for model, _ in candidates.kinds(db) if model})
    close = nearest(str(want.kind), known) or known[:6]
    have = f" You have {', '.join(close)}." if close else ""
    return f"No machine here has a GPU like {want.kind}.{have}"
