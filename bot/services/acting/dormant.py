"""Dormant machines: what has stood still for weeks and goes on costing, with the images that nobody uses."""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain import parts
from bot.domain.acting.dormant import Dormancy, Dormant, dormancy
from bot.domain.acting.images import most_micros_of
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import DAY_MS
from bot.domain.digest import Tidy
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.money.standing_costs import standing_cost
from bot.services.acting import images
from bot.services.context import Context, team_channel
from bot.services.money import rates
from store.acting import snooze as stored_snooze
from store.machines import listings
from store.sharing import claims as stored_claims

_NO_LIMIT = -1


def digest_part(ctx: Context, channel: str) -> Tidy | None:
    """What the digest of a channel says of it; None when there is nothing to say."""
    standing, shelf = dormant_in_channel(ctx, channel), images.shelf_in_channel(ctx, channel)
    machines, unused = standing.found, shelf.proposed
    if not machines and not unused:
        return None
    return Tidy(
        machines=len(machines),
        micros=standing.month_micros,
        unpriced=standing.unpriced,
        days=standing.days,
        images=len(unused),
        image_micros=most_micros_of(unused),
        image_days=shelf.days,
        addresses=standing.addresses,
    )


def dormant_in_channel(ctx: Context, channel: str) -> Dormancy:
    """Machines that have stood still for long, of the teams whose messages go to a channel."""
    whole, roster = dormant(ctx), ctx.roster()
    return whole.of(lambda machine: team_channel(ctx, machine.listing.team, roster) == channel)


def dormant(ctx: Context, chosen: FleetFilter | None = None) -> Dormancy:
    """Rented machines that have stood still for long, of those that pass the filter.

    A filter by holder means whoever held a machine last.
    """
    now, days = ctx.clock(), ctx.settings.actions.dormant_days
    person = chosen.holder if chosen else ""
    wanted = replace(chosen or FleetFilter(), state="stopped", holder="")
    standing = (machine for machine in _standing(ctx, wanted, now) if person in {"", machine.last_holder})
    return dormancy(days, (machine for machine in standing if now - machine.still.since >= days * DAY_MS), now)


def _standing(ctx: Context, wanted: FleetFilter, now: int) -> Iterator[Dormant]:
    db = ctx.store.reading()
    last, snoozed, listed = (
        stored_claims.newest_claims(db),
        stored_snooze.active(db, now),
        rates.disk_and_address_prices(db),
    )
    for listing in listings.listings_page(db, wanted, limit=_NO_LIMIT):
        if listing.still is not None and listing.instance.provider == "ec2":
            key = listing.instance.id
            held = last.get(key)
            yield Dormant(
                listing=listing,
                still=listing.still,
                keeping=standing_cost(listing.instance, listed),
                last_holder=held.holder if held else "",
                last_held=(held.ended_at or held.until_at) if held else None,
                kept=_kept(ctx, listing, snoozed.get(key)),
            )


def _kept(ctx: Context, listing: Listing, snooze: Snooze | None) -> str:
    exemption = ctx.exemption(listing.instance)
    if exemption is not None:
        return f"exempt until {exemption.last_day:%-d %B %Y}: {exemption.reason}"
    return f"kept by {parts.person(snooze.who)}" if snooze else ""
