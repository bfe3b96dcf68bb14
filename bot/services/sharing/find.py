"""One search through the fleet for what could serve a want, tier by tier, a part of the fleet at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.domain.acting.obstacles import Scene
from bot.domain.acting.start import obstacle_to_start
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.models import short_model
from bot.domain.sharing.find import (
    FIND_TIERS,
    FREE_TIERS,
    FindOption,
    FindResult,
    idle_gpus,
    launch_option,
    open_gpus,
    option_of,
    ranked_options,
    saved_per_hour,
    similar_spec,
    stand_in_spec,
    tier_of,
)
from bot.domain.sharing.gpu_spec import GpuSpec, parse_gpu_spec
from bot.domain.sharing.line import MOST_FORESEEN, Waiter
from bot.errors import NotFound, Refused
from bot.nearest import nearest
from bot.services import names
from bot.services.acting import launch as launch_service
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.sharing import bookings, turns
from store import people as stored_people
from store.acting import actions
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import find as stored_find
from store.sharing import line as stored_line

MOST_OF_TIER = 3
"""Ways shown of each tier."""
_AT_ONCE = 60
"""Instances looked at closely at a time; the order of the database is rough."""
_IN_ALL = 1_200
"""Instances of a tier looked at closely at most, so that an answer never takes long."""


@dataclass(frozen=True, slots=True)
class FindSearch:
    """What is sought, by whom, until when, among which models (as reported, with the MiB of one GPU)."""

    ctx: Context
    db: Database
    chosen: tuple[tuple[str, int], ...]
    want: GpuSpec
    person: str
    until: int


def begin_search(ctx: Context, want: GpuSpec, person: str, length: int | None) -> FindSearch:
    """A search for so long from now on."""
    db = ctx.store.reading()
    chosen = tuple(pair for pair in stored_find.gpu_kinds(db) if want.kind.fits(*pair))
    return FindSearch(ctx, db, chosen, want, person, ctx.clock() + (length or 0))


def options_of_tier(search: FindSearch, how: stored_find.FindStanding) -> Iterator[FindOption]:
    """The ways of one tier, a few more than are shown."""
    ids, seen = stored_find.instances_standing(search.db, how, search.chosen, search.want.count)[:_IN_ALL], 0
    for start in range(0, len(ids), _AT_ONCE):
        near = listings.by_ids(search.db, ids[start : start + _AT_ONCE])
        ways = [
            option
            for listing in near
            if (option := option_of(listing, search.want, search.person)) and option.tier == how
        ]
        for option in _clear(search, ways, near):
            seen += 1
            yield option
        if seen >= MOST_OF_TIER:
            return


def _clear(search: FindSearch, ways: list[FindOption], near: Sequence[Listing]) -> Iterator[FindOption]:
    """Those that nothing is in the way of: no action, booking, offer, or people who came first and wait for it."""
    left = _left(search, near) if ways and ways[0].tier in FREE_TIERS else {}
    for option in ways:
        if option.tier in FREE_TIERS:
            if len(_to_be_had(search, option.listing, left)) >= option.count:
                yield option
        elif not _under_way(search, option.listing) and (option.tier != "stopped" or _can_start(search, option)):
            yield option


def _to_be_had(search: FindSearch, listing: Listing, left: dict[str, frozenset[int]]) -> frozenset[int]:
    """The one answer to which GPUs somebody can have now, for as long as they seek them."""
    if _under_way(search, listing):
        return frozenset()
    booked = bookings.booked_gpus(search.db, listing.instance.id, search.until)
    return left[listing.instance.id] & frozenset(open_gpus(listing)) - booked


def free_machines(ctx: Context, chosen: FleetFilter, person: str, *, least: int = 1) -> tuple[str, ...]:
    """Ids of machines that pass a filter and have so many GPUs free: this person can have them now, and they idle."""
    return free_among(ctx, listings.listings_page(ctx.store.reading(), chosen, limit=_IN_ALL), person, least=least)


def free_among(ctx: Context, near: Sequence[Listing], person: str, *, least: int = 1) -> tuple[str, ...]:
    """Ids of those of these machines that have so many GPUs free for this person, for a claim of the usual length."""
    free = _free_gpus(ctx, near, person)
    return tuple(instance_id for instance_id, gpus in free.items() if len(gpus) >= least)


def free_gpus(ctx: Context, chosen: FleetFilter, person: str) -> dict[str, frozenset[int]]:
    """The GPUs of each machine, by its id, that this person can have now and that idle; machines with none as well."""
    return _free_gpus(ctx, listings.listings_page(ctx.store.reading(), chosen, limit=_IN_ALL), person)


class IdleFleet:
    """The machines that pass a filter, and those of them that idle, as of one moment: read once for however many."""

    def __init__(self, ctx: Context, chosen: FleetFilter) -> None:
        self._ctx = ctx
        self._near = listings.listings_page(ctx.store.reading(), chosen, limit=_IN_ALL)
        self._known: dict[tuple[int, tuple[int, ...]], list[tuple[Listing, tuple[int, ...]]]] = {}
        """By how long a claim would be, and who came first: for many people both are the same."""

    def machines_for(self, person: str) -> list[tuple[Listing, tuple[int, ...]]]:
        """Those that idle, each with its GPUs that this person can have now; none without any."""
        ctx, db = self._ctx, self._ctx.store.reading()
        length = ctx.settings.claim_limits(ctx.roster().team_of(person)).default or 0
        ahead = tuple(waiter.id for waiter in _came_first(db, person)) if any(one.waiting for one in self._near) else ()
        if (length, ahead) not in self._known:
            free = _free_gpus(ctx, self._near, person)
            found = [(one, tuple(sorted(gpus))) for one in self._near if (gpus := free.get(one.instance.id))]
            self._known[length, ahead] = found
        return self._known[length, ahead]


def free_machines_in_full(ctx: Context, chosen: FleetFilter, person: str) -> list[tuple[Listing, tuple[int, ...]]]:
    """Machines that pass a filter and idle, each with its GPUs that this person can have now; none without any."""
    return IdleFleet(ctx, chosen).machines_for(person)


def _free_gpus(ctx: Context, near: Sequence[Listing], person: str) -> dict[str, frozenset[int]]:
    """What `_to_be_had` says of each, asked of the store once for all of them: a menu of a hundred can't wait."""
    db, limits = ctx.store.reading(), ctx.settings.claim_limits(ctx.roster().team_of(person))
    idle = {listing.instance.id: gpus for listing in near if listing.running and (gpus := idle_gpus(listing))}
    search = FindSearch(ctx, db, (), GpuSpec(), person, ctx.clock() + (limits.default or 0))
    left = _left(search, [listing for listing in near if listing.instance.id in idle])
    under_way = actions.ids_under_way(db)
    booked: dict[str, set[int]] = {}
    for slot in stored_bookings.slots_due(db, search.until - 1):
        booked.setdefault(slot.instance_id, set()).update(slot.gpus)
    return {
        instance_id: frozenset()
        if instance_id in under_way
        else left[instance_id] & frozenset(gpus) - booked.get(instance_id, set())
        for instance_id, gpus in idle.items()
    }


def _under_way(search: FindSearch, listing: Listing) -> bool:
    """Something that was approved is being done to it."""
    action = actions.live_on(search.db, listing.instance.id)
    return action is not None and action.state != "pending"


def _can_start(search: FindSearch, option: FindOption) -> bool:
    ctx, claims, instance = search.ctx, option.listing.claims, option.listing.instance
    exempt, protected = ctx.exemption(instance), ctx.protects(instance)
    scene = Scene(instance, claims, None, ctx.roster(), exempt, protected, ctx.keepers)
    return obstacle_to_start(scene) is None


def _left(search: FindSearch, near: Sequence[Listing]) -> dict[str, frozenset[int]]:
    """The GPUs of each that are free now and that nobody gets who came before; too many wait: none of those waited for.

    People are seated among these machines alone, so a few more are kept for them than they may get in the end.
    """
    vacancies = turns.line_vacancies(search.ctx, search.db, near)
    ahead = _came_first(search.db, search.person) if any(listing.waiting for listing in near) else []
    for waiter in ahead[:MOST_FORESEEN]:
        if not vacancies.vacant:
            break
        vacancies.seat(waiter)
    wanted = len(ahead) > MOST_FORESEEN
    return {
        listing.instance.id: frozenset() if wanted and listing.waiting else vacancies.left(listing.instance.id)
        for listing in near
    }


def _came_first(db: Database, person: str) -> list[Waiter]:
    """Those who wait, and whose turn comes before anything that this person might get."""
    own = [waiter.id for waiter in stored_line.places_of(db, person)]
    first = stored_line.waiters_unoffered(db, before=min(own, default=turns.LAST_IN_LINE))
    return [waiter for waiter in first if waiter.person != person]


MOST_BESIDES = 4
"""Ways shown beside a machine that was asked for by name."""


def find_gpus(ctx: Context, want: GpuSpec, person: str = "", length: int | None = None) -> FindResult:
    """Everything that could serve for so long. Raises NotFound when no machine has such GPUs, or as many."""
    search = begin_search(ctx, want, person, length)
    db, most = search.db, stored_find.most_gpus(search.db, search.chosen)
    launches = [
        launch_option(Listing(template.like(), rate=rate), want)
        for template, rate in launch_service.templates_for(ctx, person)
    ]
    if most < want.count and not any(launches):
        raise NotFound(_missing(db, want, most))
    ways = ranked_options(
        [*launches, *(option for how in stored_find.FIND_STANDINGS for option in options_of_tier(search, how))],
        MOST_OF_TIER,
    )
    silent = sources.unread_of(ctx, (option.listing.instance.id for option in ways))
    result = FindResult(want, ways, tuple(_mine(db, want, person)), silent=silent, names=_names(db, _holders(ways)))
    if result.best is not None or most < want.count:
        return result
    result = replace(result, fewer=_fewer(search))
    if stored_line.place_of_person(db, person, "", str(want.kind)):  # they stand in that line already
        return result
    last = turns.waiter_at_the_end(ctx, person, kind=want.kind, count=want.count, length=length)
    place = turns.place_in_line(ctx, db, last)
    if place.turn is not None and place.turn.at <= ctx.clock():
        (worked_on,) = listings.by_ids(db, [place.turn.instance_id])
        return replace(
            result, in_use=place.turn, names={**result.names, worked_on.instance.id: worked_on.instance.name}
        )
    return replace(result, ahead=place.ahead, turn=place.turn)


def find_besides(
    ctx: Context, listing: Listing, person: str, *, count: int | None = None, length: int | None = None
) -> FindResult:
    """What somebody could have who can't have this instance, or so many GPUs of it; and their place in its line."""
    db, instance_id = ctx.store.reading(), listing.instance.id
    want = similar_spec(listing, count or len(listing.gpus))
    others = (way for way in find_gpus(ctx, want, person, length).ways if way.listing.instance.id != instance_id)
    ways = tuple(others)[:MOST_BESIDES]
    names = _names(db, _holders(ways) | {claim.holder for claim in listing.claims})
    if listing.claim_of(person) is not None or stored_line.place_of_person(db, person, instance_id, ""):
        return FindResult(want, ways, names=names)
    last = turns.waiter_at_the_end(ctx, person, instance_id=instance_id, count=count, length=length)
    place = turns.place_in_line(ctx, db, last)
    return FindResult(want, ways, ahead=place.ahead, turn=place.turn, names=names)


def find_instead(
    ctx: Context, listing: Listing, person: str, *, count: int | None = None, length: int | None = None
) -> FindOption | None:
    """Something that stands idle and would do as well as this instance, and is of a strictly better tier.

    A listing without an id is the machine that a launch would make; one that does not run would be started.
    """
    want = stand_in_spec(listing, len(listing.gpus) if count is None else count)
    if want is None:
        return None
    search = begin_search(ctx, want, person, length)
    for how in stored_find.FIND_STANDINGS[: FIND_TIERS.index(tier_of(listing))]:
        for option in ranked_options(options_of_tier(search, how)):
            micros = saved_per_hour(listing, option)
            if option.seen == 0 and (micros is None or micros > 0):
                return option
    return None


def kinds_to_find(ctx: Context) -> list[str]:
    """The kinds of GPU there are, as `find` takes them: A100, and A100-80 where there are several sizes."""
    sizes: dict[str, set[int]] = {}
    for model, memory_mib in stored_find.gpu_kinds(ctx.store.reading()):
        if model:
            sizes.setdefault(short_model(model), set()).add(round(memory_mib / 1024))
    return [
        kind
        for model in sorted(sizes)
        for kind in [model, *(f"{model}-{size}" for size in sorted(sizes[model] - {0}) if len(sizes[model]) > 1)]
    ]


def is_name(ctx: Context, *words: str) -> bool:
    """Whether the first words are exactly the name or id of an instance."""
    return names.whole_name(ctx, words) is not None


def is_kind(ctx: Context, text: str) -> bool:
    """Whether the fleet has such GPUs."""
    try:
        want = parse_gpu_spec(text)
    except Refused:
        return False
    return any(want.kind.fits(*pair) for pair in stored_find.gpu_kinds(ctx.store.reading()))


def _holders(ways: Iterable[FindOption]) -> set[str]:
    return {option.claim.holder for option in ways if option.claim is not None}


def _names(db: Database, holders: set[str]) -> dict[str, str]:
    return {holder: name for holder, name in stored_people.known(db).items() if holder in holders} if holders else {}


def _mine(db: Database, want: GpuSpec, person: str) -> Iterator[Listing]:
    """What the person holds that would do."""
    for listing in listings.listings_page(db, FleetFilter(holder=person), limit=50) if person else ():
        held, instance = listing.claim_of(person), listing.instance
        if held and len(held.gpus) >= want.count and want.kind.fits(instance.gpu_model, instance.gpu_memory_mib):
            yield listing


def _fewer(search: FindSearch) -> FindOption | None:
    """The most GPUs that are free on one machine, where they are fewer than wanted."""
    for count in range(search.want.count - 1, 0, -1):
        less = replace(search, want=GpuSpec(count, search.want.kind))
        options = ranked_options(option for how in stored_find.FREE_STANDINGS for option in options_of_tier(less, how))
        if options:
            return options[0]
    return None


def _missing(db: Database, want: GpuSpec, most: int) -> str:
    """Nothing has such GPUs, or as many: what there is."""
    if most:
        return too_many(want, most)
    known = sorted({short_model(model) for model, _ in stored_find.gpu_kinds(db) if model})
    close = nearest(str(want.kind), known) or known[:6]
    have = f" You have {', '.join(close)}." if close else ""
    return f"No machine here has a GPU like {want.kind}.{have}"


def too_many(want: GpuSpec, most: int) -> str:
    """More GPUs are wanted than any machine has: how many there are."""
    kind = "" if want.kind.is_any else f"{want.kind} "
    return f"No machine has {want.count:,} {kind}GPUs; the largest has {most}."


MOST_FOUND = 100
"""Slack's menus hold so many."""


@dataclass(frozen=True, slots=True)
class MachineMenu:
    """What matches, each machine once."""

    free: tuple[Listing, ...] = ()
    """They can have it now, as `find` has it."""
    mine: tuple[Listing, ...] = ()
    others: tuple[Listing, ...] = ()


def machine_menu(ctx: Context, person: str, typed: str, chosen: FleetFilter | None = None) -> MachineMenu:
    """At most 100 machines that pass a filter, and whose name, id, type or GPU has what was typed in it."""
    db, chosen = ctx.store.reading(), chosen or FleetFilter()
    ids = listings.ids_with(db, chosen, typed.strip(), person=person, limit=MOST_FOUND)
    found = listings.by_ids(db, ids)
    free = frozenset(free_among(ctx, found, person))
    mine = tuple(each for each in found if each.claim_of(person) is not None)
    return MachineMenu(
        free=tuple(each for each in found if each.instance.id in free and each not in mine),
        mine=mine,
        others=tuple(each for each in found if each.instance.id not in free and each not in mine),
    )
