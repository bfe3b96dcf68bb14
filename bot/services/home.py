"""What is on one person's desk: what they hold, what waits for their answer, what is booked, and what is free now."""

from collections.abc import Iterator

from sqlite_utils import Database

from bot.domain.acting.approvals import deciders
from bot.domain.acting.hours import hours_request_deciders
from bot.domain.home import Asked, FreeMachine, TeamMonth
from bot.domain.machines.listing import FleetFilter
from bot.domain.money.scope import Scope
from bot.domain.sharing.bookings import BookingSlot
from bot.domain.sharing.grants import grantors
from bot.errors import Refused
from bot.services import queries
from bot.services.acting import hours
from bot.services.context import Context
from bot.services.money import budget_amounts, budgets
from bot.services.sharing import bookings, checkins, find, line, unclaimed
from bot.services.sharing.turns import LinePlace
from store.acting import approvals as stored_approvals
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import grants as stored_grants
from store.sharing import handovers as stored_handovers
from store.sharing import line as stored_line
from store.sharing import requests as stored_requests
from store.sharing import unclaimed as stored_unclaimed


def questions_to(ctx: Context, person: str) -> list[Asked]:
    """What waits for this person's answer: first what is put to them alone, then what they may decide with others."""
    db = ctx.store.reading()
    return [*dict.fromkeys([*_personal(db, person), *_cards(ctx, db, person)])]


def _personal(db: Database, person: str) -> Iterator[Asked]:
    yield from (Asked("consent", each.id) for each in stored_approvals.waiting(db) if each.holder == person)
    offers = (stored_line.offer_to(db, waiter.id) for waiter in stored_line.places_of(db, person))
    yield from (Asked("offer", offer.id) for offer in offers if offer is not None)
    yield from (Asked("handover", handover.id) for handover in stored_handovers.open_handovers_to(db, person))
    for claim in stored_claims.open_claims_of(db, person):
        yield from (Asked("request", request.id) for request in stored_requests.unanswered_requests(db, claim.id))
    own = (checkin for checkin in stored_checkins.open_checkins(db) if checkin.person == person)
    yield from (Asked(checkins.CHECKIN_MESSAGE, checkin.batch) for checkin in own)
    uses = (use for use in stored_unclaimed.open_uses(db) if use.person == person)
    yield from (Asked(unclaimed.UNCLAIMED_MESSAGE, use.id) for use in uses)


def _cards(ctx: Context, db: Database, person: str) -> Iterator[Asked]:
    """Each card once, however many stops are on it."""
    roster = ctx.roster()
    for action in queries.pending(ctx):
        if person in deciders(action, roster):
            yield Asked("batch_card", action.batch) if action.batch else Asked("action_card", action.id)
    for wish in hours.pending_requests(ctx):
        if person in hours_request_deciders(wish, roster):
            yield Asked("hours_wish", wish.id)
    for grant in stored_grants.pending_grants(db):
        if person in grantors(grant, roster) and grant.expires_at > ctx.clock():
            yield Asked("grant_card", grant.id)


def free_now(ctx: Context, person: str) -> list[FreeMachine]:
    """What this person can have now, as `find` and `status free` have it: owned ones first, then the cheapest."""
    gpus = {instance_id: free for instance_id, free in find.free_gpus(ctx, FleetFilter(), person).items() if free}
    machines = [
        FreeMachine(listing, tuple(sorted(gpus[listing.instance.id])))
        for listing in queries.listings_of(ctx, tuple(gpus))
    ]
    return sorted(machines, key=_dearness)


def _dearness(machine: FreeMachine) -> tuple[bool, int, int, str]:
    """Owned machines are paid already; one without a known price comes last."""
    listing = machine.listing
    is_paid = listing.instance.provider == "owned"
    micros = listing.rate.micros_per_hour if listing.rate else None
    return not is_paid, int(micros is None), micros or 0, listing.instance.name


def next_bookings(ctx: Context, person: str) -> list[BookingSlot]:
    """The next time of each of a person's bookings, the soonest first."""
    first = {slot.booking_id: slot for slot in reversed(bookings.upcoming_bookings(ctx, holder=person))}
    return sorted(first.values(), key=lambda slot: slot.from_at)


def places(ctx: Context, person: str) -> list[LinePlace]:
    """Where a person stands in line."""
    return line.places_of_person(ctx, person)


def team_month(ctx: Context, person: str) -> TeamMonth | None:
    """The month of a person's team; None without a team, or before anything was looked at."""
    team = ctx.roster().team_of(person)
    if not team:
        return None
    scope = Scope("team", team)
    try:
        standing = budgets.standing_of(ctx, scope)
    except Refused:
        return None
    spent = standing.spent_micros if standing else budget_amounts.spent_of(ctx, ctx.store.reading(), scope)
    return TeamMonth(team, spent, standing)
