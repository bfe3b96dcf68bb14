"""One search through the fleet for what could serve a want, tier by tier, a part of the fleet at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.acting.obstacles import Scene
from bot.domain.acting.starting import obstacle_to_start
from bot.domain.listing import Filter, Listing
from bot.domain.sharing.line import FORESEEN
from bot.domain.sharing.ranking import FREE, Way, idle_gpus, open_gpus, way
from bot.domain.sharing.wants import Want
from bot.services.desk import Desk
from bot.services.sharing import booking, turns
from store import listings
from store.acting import actions
from store.sharing import candidates, line

MOST = 3
"""Ways shown of each tier."""
_AT_ONCE = 60
"""Instances looked at closely at a time; the order of the database is rough."""
_IN_ALL = 1_200
"""Instances of a tier looked at closely at most, so that an answer never takes long."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is sought, by whom, until when, among which models (as reported, with the MiB of one GPU)."""

    desk: Desk
    db: Database
    chosen: tuple[tuple[str, int], ...]
    want: Want
    person: str
    until: int


def begin(desk: Desk, want: Want, person: str, length: int | None) -> Search:
    """A search for so long from now on."""
    db = desk.store.reading()
    chosen = tuple(pair for pair in candidates.kinds(db) if want.kind.fits(*pair))
    return Search(desk, db, chosen, want, person, desk.clock() + (length or 0))


def standing(search: Search, how: candidates.Standing) -> Iterator[Way]:
    """The ways of one tier, a few more than are shown."""
    ids, seen = candidates.standing(search.db, how, search.chosen, search.want.count)[:_IN_ALL], 0
    for start in range(0, len(ids), _AT_ONCE):
        near = listings.by_ids(search.db, ids[start : start + _AT_ONCE])
        ways = [found for each in near if (found := way(each, search.want, search.person)) and found.tier == how]
        for found in _clear(search, ways, near):
            seen += 1
            yield found
        if seen >= MOST:
            return


def _clear(search: Search, ways: list[Way], near: Sequence[Listing]) -> Iterator[Way]:
    """Those that nothing is in the way of: no action, booking, offer, or people who came first and wait for it."""
    left = _left(search, near) if ways and ways[0].tier in FREE else {}
    for found in ways:
        if found.tier in FREE:
            if len(_to_be_had(search, found.listing, left)) >= found.count:
                yield found
        elif not _under_way(search, found.listing) and (found.tier != "stopped" or _can_start(search, found)):
            yield found


def _to_be_had(search: Search, listing: Listing, left: dict[str, frozenset[int]]) -> frozenset[int]:
    """The one answer to which GPUs somebody can have now, for as long as they seek them."""
    if _under_way(search, listing):
        return frozenset()
    booked = booking.kept_gpus(search.db, listing.instance.id, search.until)
    return left[listing.instance.id] & frozenset(open_gpus(listing)) - booked


def free_machines(desk: Desk, chosen: Filter, person: str, *, least: int = 1) -> tuple[str, ...]:
    """Ids of machines that pass a filter and have so many GPUs free: this person can have them now, and they idle."""
    limits = desk.settings.claim_limits(desk.roster().team_of(person))
    search = begin(desk, Want(), person, limits.default)
    found = [each for each in listings.page(search.db, chosen, limit=_IN_ALL) if each.running and idle_gpus(each)]
    left = _left(search, found)
    free = {each.instance.id: _to_be_had(search, each, left) & frozenset(idle_gpus(each)) for each in found}
    return tuple(each for each, gpus in free.items() if len(gpus) >= least)


def _under_way(search: Search, listing: Listing) -> bool:
    """Something that was approved is being done to it."""
    action = actions.live_on(search.db, listing.instance.id)
    return action is not None and action.state != "pending"


def _can_start(search: Search, found: Way) -> bool:
    desk, claims, instance = search.desk, found.listing.claims, found.listing.instance
    exempt, protected = desk.exemption(instance), desk.protects(instance)
    scene = Scene(instance, claims, None, desk.roster(), exempt, protected, desk.keepers)
    return obstacle_to_start(scene) is None


def _left(search: Search, near: Sequence[Listing]) -> dict[str, frozenset[int]]:
    """The GPUs of each that are free now and that nobody gets who came before; too many wait: none of those waited for.

    People are seated among these machines alone, so a few more are kept for them than they may get in the end.
    """
    rooms = turns.rooms(search.desk, search.db, near)
    own = [each.id for each in line.of_person(search.db, search.person)]
    first = line.unoffered(search.db, before=min(own, default=turns.LAST)) if any(each.waiting for each in near) else []
    ahead = [each for each in first if each.person != search.person]
    for waiter in ahead[:FORESEEN]:
        if not rooms.vacant:
            break
        rooms.seat(waiter)
    wanted = len(ahead) > FORESEEN
    return {each.instance.id: frozenset() if wanted and each.waiting else rooms.left(each.instance.id) for each in near}
