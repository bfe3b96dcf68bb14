"""The weeks the demo has lived, written into its store: charges, claims, readings, and a stop that was approved."""

import hashlib
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

from sqlite_utils import Database

from bot.domain.acting.actions import Action, StopFacts
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.sharing.claims import Claim, ClaimEndReason
from bot.sandbox.history import SandboxHistory
from bot.sandbox.slack.people import ADA, BOB
from bot.sandbox.spells import TEAMS
from bot.services.context import Context
from bot.services.machines import readings
from store import audit as stored_audit
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.machines import listings, rollups
from store.money import ledger as stored_ledger
from store.money import source_reads
from store.sharing import claims as stored_claims

BY_VALET = "valet"


class Noted(NamedTuple):
    """An entry of the audit."""

    at: int
    who: str
    did: str
    subject: str
    detail: str = ""
    before: str = ""
    after: str = ""


def remember_readings(ctx: Context, history: SandboxHistory) -> None:
    """What agents told before their first report here, and what the agent of a stopped machine told last."""
    machines = [listing.instance for listing in _known(ctx)]
    with ctx.store.writing() as db:
        for machine in machines:
            for level, start, sums in history.sums(machine):
                rollups.put_sums(db, level, start, machine.id, sums)
    for machine in machines:
        if machine.state == "stopped" and machine.stopped_at:
            _report_until_the_stop(ctx, history, machine, machine.stopped_at)


def _report_until_the_stop(ctx: Context, history: SandboxHistory, machine: Instance, stopped_at: int) -> None:
    then = replace(ctx, clock=lambda: stopped_at)
    for push in history.pushes(machine.id, history.first_minute(machine.id), stopped_at // MINUTE_MS):
        readings.receive(then, push, "127.0.0.1")


def remember_charges(ctx: Context, history: SandboxHistory) -> None:
    """What the weeks cost, at the rates that are known now, and that somebody looked all along."""
    known, now = _known(ctx), ctx.clock()
    rates = {listing.instance.id: listing.rate for listing in known if listing.rate}
    with ctx.store.writing() as db:
        stored_ledger.add(db, history.charges(rates, until=now))
        for source in {listing.instance.source for listing in known}:
            source_reads.carry(db, source, history.since, now)


def remember_people(ctx: Context, history: SandboxHistory) -> None:
    """Who claimed what, as the ledger has it, who stopped what, and the audit of both."""
    known = {listing.instance.name: listing for listing in _known(ctx)}
    with ctx.store.writing() as db:
        noted = [entry for listing in known.values() for entry in _claims(db, history, listing.instance)]
        noted += _stop(db, known["eval-2"])
        for entry in sorted(noted, key=attrgetter("at")):
            at, who, did, subject, detail, before, after = entry
            stored_audit.add(db, at, who, did, subject=subject, detail=detail, before=before, after=after)


def _known(ctx: Context) -> list[Listing]:
    return listings.listings_page(ctx.store.reading(), FleetFilter(), limit=-1)


def _claims(db: Database, history: SandboxHistory, machine: Instance) -> list[Noted]:
    noted = []
    for number, spell in enumerate(history.spells(machine)):
        name, gpus = f"{machine.id}-{number}", tuple(range(machine.gpu_count))
        team = TEAMS[spell.holder]
        claim = Claim(name, machine.id, spell.holder, spell.from_at, spell.until_at, gpus, team, spell.note)
        stored_claims.add(db, claim)
        noted.append(Noted(spell.from_at, spell.holder, "claimed", machine.id, spell.note))
        if spell.ended_at is not None:
            reason: ClaimEndReason = "released" if spell.is_released else "expired"
            who = spell.holder if spell.is_released else ""
            stored_claims.end(db, name, spell.ended_at, reason, who=who)
            noted.append(Noted(spell.ended_at, who or BY_VALET, reason, machine.id, spell.holder))
    return noted


def _stop(db: Database, listing: Listing) -> list[Noted]:
    """A stop as it was once asked for, approved and carried out; what it saves is worked out from it."""
    machine, at = listing.instance, listing.instance.stopped_at or 0
    asked, called = at - 6 * MINUTE_MS, at - MINUTE_MS
    rate, reason = listing.rate, "the evaluation is over"
    facts = StopFacts(
        name=machine.name,
        type=machine.type,
        region=machine.region,
        rate_micros=rate.micros_per_hour if rate else None,
        rate_exact=rate.exact if rate else False,
        nvme_gb=machine.nvme_gb,
    )
    action = Action(
        id=hashlib.sha256(machine.id.encode()).hexdigest()[:32],
        kind="stop",
        instance_id=machine.id,
        launched_at=machine.launched_at,
        requester=ADA,
        team=listing.team,
        state="pending",
        created_at=asked,
        expires_at=asked + 2 * HOUR_MS,
        facts=facts,
        reason=reason,
    )
    actions.add(db, action)
    stored_approvals.say_yes(db, action.id, BOB, called)
    stored_approvals.decide_action(db, action.id, BOB, "approved", called)
    outcome = "It took 60 s."
    actions.move(db, action.id, "approved", "executing", executing_at=called, called_at=called, calls=1)
    actions.move(db, action.id, "executing", "done", finished_at=at, outcome=outcome)
    return [
        Noted(asked, ADA, "asked to stop", machine.id, reason, after="pending"),
        Noted(called, BOB, "approved the stop", machine.id, action.id, "pending", "approved"),
        Noted(at, BY_VALET, "stop done", machine.id, outcome, "executing", "done"),
    ]
