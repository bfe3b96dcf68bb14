"""What a card would say, for a form that is being filled in: planned as for the card, and nothing is written."""

from collections.abc import Callable
from dataclasses import replace

from sqlite_utils import Database

from bot.billing import prices
from bot.domain.acting.actions import Action
from bot.domain.acting.resize import architecture
from bot.domain.machines.listing import Listing
from bot.domain.money.rates import Rate
from bot.errors import Refused
from bot.services.acting import allowances, plans
from bot.services.context import Context
from bot.services.money import rates
from bot.services.sharing import find
from store.machines import listings

Preview = Action | Refused
"""What would be asked for, or why it can't be."""


def of_stop(ctx: Context, listing: Listing, person: str, *, reason: str = "") -> Preview:
    """The stop of an instance."""
    return _planned(ctx, lambda db: plans.plan_stop(ctx, db, listing, person, reason=reason))


def of_start(ctx: Context, listing: Listing, person: str, *, length: int | None, note: str = "") -> Preview:
    """The start of an instance."""
    return _planned(ctx, lambda db: plans.plan_start(ctx, db, listing, person, length=length, reason=note))


def of_launch(ctx: Context, template: str, person: str, *, length: int | None, note: str = "") -> Preview:
    """The launch from a template."""
    return _planned(ctx, lambda db: plans.plan_launch(ctx, db, template, person, length=length, reason=note))


def of_clone(ctx: Context, listing: Listing, person: str, *, length: int | None, reboot: bool) -> Preview:
    """A copy of an instance."""

    def plan(db: Database) -> Action:
        return plans.plan_clone(ctx, db, listing, person, length=length, reason="", reboot=reboot)

    return _planned(ctx, plan)


def of_resize(ctx: Context, listing: Listing, person: str, kind: str, *, length: int | None) -> Preview:
    """A machine of another type in the place of an instance."""
    return _planned(ctx, lambda db: plans.plan_resize(ctx, db, listing, person, kind, length=length, reason=""))


def _planned(ctx: Context, plan: Callable[[Database], Action]) -> Preview:
    db = ctx.store.reading()
    try:
        action = allowances.with_fair_use(ctx, db, plan(db))
        plans.check_askable(ctx, action)
    except Refused as refused:
        return refused
    return action


MOST_TYPES = 100


def types_like(ctx: Context, listing: Listing | None, typed: str) -> list[tuple[str, Rate | None]]:
    """Instance types with what was typed in their names, whose disks a machine could run on, the cheapest first."""
    db = ctx.store.reading()
    known = {*prices.MICROS_PER_HOUR, *listings.rented_types(db)}
    if listing is not None:
        here = architecture(listing.instance.type)
        known = {kind for kind in known if architecture(kind) == here and kind != listing.instance.type}
    book, shape = rates.price_book(ctx, db), listing.instance if listing else None
    rated = [
        (kind, book.rate(replace(shape, type=kind)) if shape else None)
        for kind in sorted(known)
        if typed.strip().lower() in kind
    ]
    rated.sort(
        key=lambda each: (each[1].micros_per_hour if each[1] else prices.MICROS_PER_HOUR.get(each[0], 0), each[0])
    )
    return rated[:MOST_TYPES]


def better_idle(ctx: Context, listing: Listing, person: str) -> Listing | None:
    """What stands idle and would do as well; None where nothing does."""
    better = find.find_instead(ctx, listing, person)
    return better.listing if better else None
