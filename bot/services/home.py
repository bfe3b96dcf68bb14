"""What is on one person's desk: what they hold, what waits for their answer, what is booked, and what is free now."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.acting.approvals import deciders
from bot.domain.acting.hours import hours_request_deciders
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.home import FREE_SHOWN, Asked, FreeMachine, TeamMonth
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.sources import UnreadSource
from bot.domain.money.scope import Scope
from bot.domain.sharing.bookings import BookingSlot
from bot.domain.sharing.grants import grantors
from bot.errors import Impaired, Refused
from bot.services import queries
from bot.services.acting import hours
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.money import budget_amounts, budgets
from bot.services.sharing import bookings, checkins, find, line, unclaimed
from bot.services.sharing.turns import LinePlace
from store import home as stored_home
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
    yield from (Asked("consent", each.id) for each in stored_approvals.unanswered_consents(db) if each.holder == person)
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


def free_now(ctx: Context, person: str, fleet: find.IdleFleet | None = None) -> list[FreeMachine]:
    """What this person can have now, as `find` and `status free` have it: owned ones first, then the cheapest."""
    fleet = fleet or find.IdleFleet(ctx, FleetFilter())
    return sorted(itertools.starmap(FreeMachine, fleet.machines_for(person)), key=_dearness)


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


def line_places(ctx: Context, person: str) -> list[LinePlace]:
    """Where a person stands in line."""
    return line.places_of_person(ctx, person)


LATELY_MS = HOUR_MS
"""Whoever has looked within that sees news of their desk without opening it again."""
KEPT_MS = 7 * DAY_MS
MOST_OPEN = 20
"""So many desks are looked through for news, those looked at last."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All that one person's desk is drawn from, as of one moment."""

    person: str
    asked: Sequence[Asked]
    held: Sequence[Listing]
    slots: Sequence[BookingSlot]
    places: Sequence[LinePlace]
    free: Sequence[FreeMachine]
    month: TeamMonth | None
    silent: Sequence[UnreadSource]
    """Sources that were not read lately: what comes from them is as it was."""

    @property
    def fingerprint(self) -> str:
        """What it shows, in short: it changes when the desk should be drawn anew, and not by the minute."""
        held = [
            (listing.instance.id, listing.state, claim.id, claim.until_at, claim.gpus)
            for listing in self.held
            if (claim := listing.claim_of(self.person)) is not None
        ]
        shown_free = [(machine.listing.instance.id, machine.gpus) for machine in self.free[:FREE_SHOWN]]
        month = self.month
        facts = (
            held,
            [(asked.kind, asked.subject) for asked in self.asked],
            [(slot.id, slot.from_at, slot.until_at) for slot in self.slots],
            [(place.waiter.id, place.ahead, place.offer.id if place.offer else "") for place in self.places],
            (len(self.free), shown_free),
            (month.team, month.standing.percent if month.standing else None) if month else None,
            [source.name for source in self.silent],
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()


class Desks:
    """Desks as of one moment: what is the same for many of them, the fleet and the teams' months, is read once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._months: dict[str, TeamMonth | None] = {}
        self._fleet = find.IdleFleet(ctx, FleetFilter())
        self._silent = sources.unread_sources(ctx)

    def of_person(self, person: str) -> Desk:
        """One of them."""
        ctx, team = self._ctx, self._ctx.roster().team_of(person)
        if team not in self._months:
            self._months[team] = team_month(ctx, team)
        return Desk(
            person,
            asked=questions_to(ctx, person),
            held=queries.held_by(ctx, person),
            slots=next_bookings(ctx, person),
            places=line_places(ctx, person),
            free=free_now(ctx, person, self._fleet),
            month=self._months[team],
            silent=self._silent,
        )


def note_opened(ctx: Context, person: str, shown: str) -> None:
    """Somebody looks at their desk; a database that can't be written loses nothing but news of it."""
    now = ctx.clock()
    with suppress(Impaired), ctx.store.writing() as db:
        stored_home.forget_before(db, now - KEPT_MS)
        stored_home.note_opened(db, person, shown, now)


def note_drawn(ctx: Context, person: str, shown: str) -> None:
    """A desk was drawn anew."""
    with suppress(Impaired), ctx.store.writing() as db:
        stored_home.note_drawn(db, person, shown)


def forget_desk(ctx: Context, person: str) -> None:
    """Somebody is gone, and with them their desk."""
    with ctx.store.writing() as db:
        stored_home.forget_desk(db, person)


def is_desk_open(ctx: Context, person: str) -> bool:
    """Whether somebody has looked at their desk lately."""
    return stored_home.has_opened_since(ctx.store.reading(), person, ctx.clock() - LATELY_MS)


def changed_desks(ctx: Context) -> Iterator[Desk]:
    """Desks of those who have looked at theirs lately and would see something else now."""
    opened = stored_home.opened_since(ctx.store.reading(), ctx.clock() - LATELY_MS, MOST_OPEN)
    if not opened:
        return
    desks = Desks(ctx)
    for row in opened:
        desk = desks.of_person(row["person"])
        if desk.fingerprint != row["shown"]:
            yield desk


def team_month(ctx: Context, team: str) -> TeamMonth | None:
    """The month of a team; None without one, or before anything was looked at."""
    if not team:
        return None
    scope = Scope("team", team)
    try:
        standing = budgets.standing_of(ctx, scope)
    except Refused:
        return None
    db = ctx.store.reading()
    spent = standing.spent_micros if standing else budget_amounts.spent_of(ctx, db, scope)
    return TeamMonth(team, spent, budget_amounts.is_spent_estimated(ctx, db, scope, spent), standing)
