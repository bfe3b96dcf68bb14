"""Answers from the store, for the Slack face to show."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.acting.actions import Action
from bot.domain.machines.listing import FleetFilter, FleetSource, FleetTotals, Listing
from bot.domain.money.standing_costs import standing_cost
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.grants import Grant
from bot.domain.sharing.handovers import Handover
from bot.domain.sharing.runs import Run
from bot.services.context import Context
from bot.services.money import ledger, rates
from bot.services.sharing import unclaimed
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import snooze as stored_snooze
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import claims as stored_claims
from store.sharing import grants as stored_grants
from store.sharing import handovers as stored_handovers
from store.sharing import runs as stored_runs


def fleet_page(
    ctx: Context, chosen: FleetFilter, *, limit: int, offset: int = 0, order: str = "waste"
) -> tuple[list[Listing], FleetTotals]:
    """Some listings that pass the filter, in one of the store's orders, and the sums over all."""
    found = listings.listings_page(ctx.store.reading(), chosen, limit=limit, offset=offset, order=order)
    return [unclaimed.with_unclaimed_users(ctx, in_full(ctx, each)) for each in found], totals(ctx, chosen)


def totals(ctx: Context, chosen: FleetFilter) -> FleetTotals:
    """The sums over everything that passes the filter."""
    return listings.fleet_totals(ctx.store.reading(), chosen)


def in_full(ctx: Context, listing: Listing) -> Listing:
    """The listing with its snooze, what it costs if it stands still, and has cost unused."""
    db, now, instance_id = ctx.store.reading(), ctx.clock(), listing.instance.id
    stands_still = listing.instance.provider == "ec2" and not listing.running
    kept = (
        standing_cost(listing.instance, rates.disk_and_address_prices(db, listing.instance.region))
        if stands_still
        else None
    )
    snooze = stored_snooze.on(db, instance_id, now)
    return with_unused(ctx, replace(listing, snooze=snooze, keeping=kept))


def with_unused(ctx: Context, listing: Listing) -> Listing:
    """The listing with what it has cost unused since it was judged idle, where a price is known."""
    spell = ledger.spent_since_idle(ctx, listing) if listing.rate else None
    return replace(listing, unused_micros=spell.idle_micros if spell else None)


def sources(ctx: Context) -> list[FleetSource]:
    """Every source, with when it was last read."""
    return stored_fleet.fleet_sources(ctx.store.reading())


def held_by(ctx: Context, person: str) -> list[Listing]:
    """What a person holds."""
    found = listings.listings_page(ctx.store.reading(), FleetFilter(holder=person), limit=50)
    return [with_unused(ctx, each) for each in found]


def listing(ctx: Context, instance_id: str) -> Listing | None:
    """One instance."""
    return listings.by_id(ctx.store.reading(), instance_id)


def listings_of(ctx: Context, instance_ids: Sequence[str]) -> list[Listing]:
    """Several, in this order, without those that are gone."""
    return listings.by_ids(ctx.store.reading(), instance_ids)


def action(ctx: Context, action_id: str) -> Action | None:
    """One action."""
    return actions.by_id(ctx.store.reading(), action_id)


def live_action(ctx: Context, instance_id: str) -> Action | None:
    """What is asked about an instance, or happens to it; None where nothing is."""
    return actions.live_on(ctx.store.reading(), instance_id)


def pending(ctx: Context) -> list[Action]:
    """Actions that wait for those who decide; not those about which holders are asked first."""
    db = ctx.store.reading()
    return [each for each in actions.in_state(db, "pending") if not stored_approvals.hold_back(db, each.id)]


def claim(ctx: Context, claim_id: str) -> Claim | None:
    """One claim, open or ended."""
    return stored_claims.by_id(ctx.store.reading(), claim_id)


def handover(ctx: Context, offer_id: str) -> Handover | None:
    """One offer of a claim, open or settled."""
    return stored_handovers.by_id(ctx.store.reading(), offer_id)


def grant(ctx: Context, grant_id: str) -> Grant | None:
    """One request beyond fair use."""
    return stored_grants.by_id(ctx.store.reading(), grant_id)


def run(ctx: Context, run_id: str) -> Run | None:
    """One run, live or over."""
    return stored_runs.by_id(ctx.store.reading(), run_id)


def runs_of(ctx: Context, person: str, limit: int) -> list[Run]:
    """A person's runs, newest first."""
    return stored_runs.newest_runs(ctx.store.reading(), person, limit)


def types(ctx: Context) -> list[str]:
    """The types of rented instances there are."""
    return listings.rented_types(ctx.store.reading())


def name_of(ctx: Context, instance_id: str) -> str:
    """An instance's name, whether it is still there or not."""
    row = stored_fleet.by_id(ctx.store.reading(), instance_id)
    return str(row["name"]) if row else instance_id
