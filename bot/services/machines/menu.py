"""Machines for a menu that is searched as somebody types: what they can have now comes first."""

from dataclasses import dataclass

from bot.domain.machines.listing import FleetFilter, Listing
from bot.services.context import Context
from bot.services.sharing import find
from store.machines import listings

MOST_OFFERED = 100
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
    ids = listings.ids_with(db, chosen, typed.strip(), person=person, limit=MOST_OFFERED)
    found = listings.by_ids(db, ids)
    free = frozenset(find.free_machines(ctx, FleetFilter(ids=tuple(ids)), person)) if ids else frozenset()
    mine = tuple(each for each in found if each.claim_of(person) is not None)
    return MachineMenu(
        free=tuple(each for each in found if each.instance.id in free and each not in mine),
        mine=mine,
        others=tuple(each for each in found if each.instance.id not in free and each not in mine),
    )
