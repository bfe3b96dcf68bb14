"""Gathers what is known of the days ahead: approved actions, announced stops, claims, bookings and on-hours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.domain.acting.actions import Action, SeenFacts
from bot.domain.acting.snoozes import Snooze
from bot.domain.clock import HOUR
from bot.domain.listing import Filter, Listing
from bot.domain.money.foresight import FAR, Facts
from bot.domain.money.plans import Span
from bot.domain.money.spending import Machine
from bot.services.acting.on_hours import counts, hours_of
from bot.services.desk import Desk
from store import listings
from store.acting import actions, makings, parkings, snoozes
from store.sharing import bookings

ALL = -1
SLACK = HOUR
"""A machine that started no longer than this before its claim began was started for it."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is known, by instance id, with the machines that are still to be launched."""

    facts: Mapping[str, Facts]
    coming: tuple[Machine, ...]
    open_ended: Mapping[str, int]
    """Machines whose last claim ends then, but that ran before it and may run on."""


def foresee(desk: Desk, now: int) -> Foreseen:
    """Everything known now of the days ahead."""
    db = desk.store.reading()
    facts: dict[str, Facts] = {}
    open_ended: dict[str, int] = {}
    own, snoozed, booked = parkings.hours(db), snoozes.active(db, now), _booked(db)
    timed = {action.made_id: action for action in makings.over(db, now + FAR, now + FAR)}
    for listing in listings.page(db, Filter(provider="ec2"), limit=ALL):
        each, rule = listing.instance.id, own.get(listing.instance.id)
        rule = rule if rule is not None and counts(desk, listing, rule) else None
        if desk.exemption(listing.instance) or desk.protects(listing.instance) or listing.instance.paid_anyway:
            facts[each] = Facts(booked=tuple(booked.get(each, ())))
            continue
        ends_at = _end(desk, listing, timed.get(each))
        if ends_at is None and listing.running and listing.claims:
            open_ended[each] = listing.claims[0].until_at
        facts[each] = Facts(
            ends_at=ends_at,
            ends="claim_ends" if listing.claims else "time_over",
            hours=hours_of(desk, listing, rule),
            hours_since=rule.set_at if rule else None,
            held_until=_held(listing, snoozed.get(each)),
            booked=tuple(booked.get(each, ())),
        )
    for parking in parkings.open_ones(db):
        known = facts.get(parking.instance_id)
        if parking.rule == "idle" and parking.acts_at > now and known is not None and known.held_until is None:
            facts[parking.instance_id] = replace(known, parked_at=parking.acts_at)
    coming = _decided(db, facts, now)
    return Foreseen(facts, tuple(coming), open_ended)


def _booked(db: Database) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for slot in bookings.ahead(db):
        found.setdefault(slot.instance_id, []).append((slot.from_at, slot.until_at))
    return found


def _held(listing: Listing, snooze: Snooze | None) -> int | None:
    until = [claim.until_at for claim in listing.claims] + ([snooze.until_at] if snooze else [])
    return max(until, default=None)


def _end(desk: Desk, listing: Listing, launch: Action | None) -> int | None:
    """When something ends its run: its last claim, where it was started for that or its team stops what idles."""
    if not listing.running:
        return None
    idle_stop = desk.settings.idle_stop(listing.team)
    if listing.claims:
        last = listing.claims[0].until_at
        if idle_stop is not None:
            return last + idle_stop
        first = min(claim.from_at for claim in listing.claims)
        return last if (listing.instance.launched_at or 0) >= first - SLACK else None
    if launch is None or launch.length is None:
        return None
    return (launch.ordered_at or launch.executing_at or launch.created_at) + launch.length


def _decided(db: Database, facts: dict[str, Facts], now: int) -> list[Machine]:
    """Notes actions that somebody has said yes to; gives the machines that will come of launches and clones."""
    coming = []
    for action in (*actions.in_state(db, "approved"), *actions.in_state(db, "executing")):
        stops = isinstance(action.facts, SeenFacts) and not action.facts.paid_anyway
        if stops and action.instance_id in facts:
            facts[action.instance_id] = replace(facts[action.instance_id], stopping=True)
        if action.kind != "stop" and not action.made_id and action.length:
            wanted = (now, now + action.length)
            if action.kind == "start":
                known = facts.get(action.instance_id, Facts())
                facts[action.instance_id] = replace(known, wanted=wanted)
                continue
            made = f"action/{action.id}"
            rate = action.facts.rate_micros
            coming.append(Machine(made, action.facts.name, action.facts.type, action.team, rate, None, runs=False))
            facts[made] = Facts(wanted=wanted, launching=True)
    return coming
