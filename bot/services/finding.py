"""What could serve a want, best first, and what comes nearest where nothing does."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.listing import Filter, Listing
from bot.domain.models import short
from bot.domain.ranking import FREE, Way, ranked, way
from bot.domain.wants import Want, parse
from bot.errors import NotFound, Refused
from bot.nearest import nearest
from bot.services.desk import Desk
from store import candidates, listings

MOST = 3
"""Ways shown of each tier."""
_AT_ONCE = 60
"""Instances looked at closely at a time; the order of the database is rough."""
Pairs = list[tuple[str, int]]
"""GPU models as reported, with the MiB of one GPU."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a want."""

    want: Want
    ways: tuple[Way, ...] = ()
    mine: tuple[Listing, ...] = ()
    """What the person holds already that would do."""
    fewer: Way | None = None
    """Where nothing is free: the most GPUs that could be had now."""

    @property
    def best(self) -> Way | None:
        """What could be claimed right away."""
        return next((each for each in self.ways if each.tier in FREE), None)


def find(desk: Desk, want: Want, person: str = "") -> Found:
    """Everything that could serve. Raises NotFound when no machine has such GPUs, or as many."""
    db = desk.store.reading()
    chosen = [pair for pair in candidates.kinds(db) if want.kind.fits(*pair)]
    _check_exists(db, want, chosen)
    ways = ranked((each for how in candidates.STANDINGS for each in _standing(db, how, chosen, want, person)), MOST)
    mine = tuple(_mine(db, want, person))
    found = Found(want, ways, mine)
    return found if found.best else Found(want, ways, mine, _fewer(db, chosen, want, person))


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


def _standing(db: Database, how: candidates.Standing, chosen: Pairs, want: Want, person: str) -> Iterator[Way]:
    """The ways of one tier, a few more than are shown."""
    ids, seen = candidates.standing(db, how, chosen, want.count), 0
    for start in range(0, len(ids), _AT_ONCE):
        for listing in listings.by_ids(db, ids[start : start + _AT_ONCE]):
            found = way(listing, want, person)
            if found is not None and found.tier == how:
                seen += 1
                yield found
        if seen >= MOST:
            return


def _mine(db: Database, want: Want, person: str) -> Iterator[Listing]:
    """What the person holds that would do."""
    for each in listings.page(db, Filter(holder=person), limit=50) if person else ():
        held, instance = each.claim_of(person), each.instance
        if held and len(held.gpus) >= want.count and want.kind.fits(instance.gpu_model, instance.gpu_memory_mib):
            yield each


def _fewer(db: Database, chosen: Pairs, want: Want, person: str) -> Way | None:
    """The most GPUs that are free on one machine, where they are fewer than wanted."""
    for count in range(min(want.count, candidates.most_gpus(db, chosen)) - 1, 0, -1):
        less = Want(count, want.kind)
        found = ranked(each for how in candidates.FREE for each in _standing(db, how, chosen, less, person))
        if found:
            return found[0]
    return None


def _check_exists(db: Database, want: Want, chosen: Pairs) -> None:
    """Raises NotFound, with what there is."""
    known = sorted({short(model) for model, _ in candidates.kinds(db) if model})
    if not chosen:
        close = nearest(str(want.kind), known) or known[:6]
        have = f" You have {', '.join(close)}." if close else ""
        raise NotFound(f"No machine here has a GPU like {want.kind}.{have}")
    most = candidates.most_gpus(db, chosen)
    if most and most < want.count:
        raise NotFound(f"No machine here has {want.count} {want.kind} GPUs; the largest has {most}.")
