"""Everything that counts about an instance at this moment, for whoever weighs an action on it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import Action, ResizeFacts, SeenFacts, StopFacts
from bot.domain.acting.obstacles import Scene
from bot.domain.acting.wanted_again import wanted_again
from bot.domain.machines.fleet import Instance
from bot.domain.machines.verdict import Verdict
from bot.domain.sharing.bookings import BookingSlot
from bot.domain.sharing.claims import CLAIM_GRACE_MS, Claim
from bot.services.acting import allowances
from bot.services.acting import hours as hours_service
from bot.services.context import Context
from bot.services.machines import looks, verdict
from bot.services.money import rates
from store.acting import actions
from store.acting import hours as stored_hours
from store.acting import snooze as stored_snooze
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line


def verdict_of(ctx: Context, db: Database, instance: Instance) -> Verdict:
    """Its verdict by readings of this moment."""
    return verdict.judge_now(ctx, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)


def scene(
    ctx: Context, db: Database, instance: Instance, held: Sequence[Claim], verdict: Verdict | None = None
) -> Scene:
    """An instance with the claims that hold; `verdict` where it is known already."""
    at = ctx.clock()
    standing = [snooze for snooze in stored_snooze.lately(db, instance.id, at) if snooze.until_at > at]
    return Scene(
        instance,
        tuple(held),
        verdict or verdict_of(ctx, db, instance),
        ctx.roster(),
        ctx.exemption(instance),
        ctx.protects(instance),
        ctx.keepers,
        switches=ctx.switches(instance),
        offers=tuple(stored_line.offers_on(db, [instance.id]).get(instance.id, ())),
        snooze=standing[-1] if standing else None,
        snoozes=tuple(standing),
        waiting=tuple(waiter.person for waiter in stored_line.waiters_unoffered(db, instance_id=instance.id)),
        slots=tuple(stored_bookings.slots_ahead(db, instance_id=instance.id)),
        now=at,
    )


def next_slot(db: Database, instance_id: str) -> BookingSlot | None:
    """The booking of an instance that begins next."""
    return next(iter(stored_bookings.slots_ahead(db, instance_id=instance_id)), None)


def scene_now(ctx: Context, db: Database, instance: Instance) -> Scene:
    """As `scene`, with the claims that hold by now."""
    at = ctx.clock()
    claims = [claim for claim in stored_claims.open_claims_on(db, instance.id) if claim.until_at + CLAIM_GRACE_MS > at]
    return scene(ctx, db, instance, claims)


def scene_of(ctx: Context, db: Database, action: Action, instance: Instance) -> Scene:
    """As `now`, with all that an action on it is compared with."""
    row, runs = stored_fleet.by_id(db, instance.id), replace(instance, type=action.facts.type)
    # what the look has just written is of the type it is; a resize orders another
    known = stored_fleet.rate_of(row) if row and action.kind != "resize" else rates.rented_rate(ctx, db, runs)
    return replace(
        scene_now(ctx, db, instance),
        team=row["team"] if row else None,
        rate_micros=known.micros_per_hour if known else None,
        over=allowances.budgets_over(ctx, db, action) if action.kind in allowances.PAID else None,
        beyond=allowances.beyond_fair_use(ctx, db, action),
    )


_F = TypeVar("_F", bound=SeenFacts)


def with_verdict(ctx: Context, db: Database, facts: _F, instance: Instance, verdict: Verdict | None) -> _F:
    """The facts with a verdict, as of when it is, and who can tell of work only late."""
    if verdict is None:
        return facts
    newest, slow = looks.machine_seen_until(ctx, db, instance), looks.slowest_notice(ctx, db, instance)
    is_silent = verdict.state == "unknown"  # its age is that of the silence, not of the last word before it
    return replace(
        facts,
        verdict=verdict.state,
        verdict_since=verdict.since,
        evidence=verdict.evidence,
        as_of=verdict.judged_at if is_silent else newest or verdict.judged_at,
        late_by=slow[0] if slow else "",
        late=slow[1] if slow else 0,
    )


def with_saving(ctx: Context, db: Database, facts: StopFacts, scene: Scene) -> StopFacts:
    """The facts with until when a stop of this moment saves, and why until then."""
    listing = listings.by_id(db, scene.instance.id)
    if listing is None:
        return facts
    team, own = listing.team, stored_hours.own_hours(db).get(scene.instance.id)
    zone, holidays = ctx.settings.zone_of(team), ctx.settings.holidays(team)
    wanted = wanted_again(scene.now, zone, holidays, scene.slots, hours_service.hours_of(ctx, listing, own))
    whys = {
        "booked": f"when {parts.person(wanted.who)} has booked it",
        "hours": "when its on-hours begin",
        "morning": "the next working morning",
    }
    return replace(facts, saves_from=scene.now, saves_until=wanted.at, saves_why=whys[wanted.why])


def judge_card_anew(ctx: Context, db: Database, action: Action) -> str | None:
    """Judge a machine anew for a card that has aged; why that card is not to be shown any more, if it isn't."""
    row = stored_fleet.by_id(db, action.instance_id)
    if row is None:
        return None
    instance = stored_fleet.instance_of(row)
    verdict = verdict_of(ctx, db, instance)
    if verdict.works and not action.may_end_work:
        return f"{instance.name} began to work after the request."
    if isinstance(action.facts, StopFacts | ResizeFacts):
        facts = with_verdict(ctx, db, action.facts, instance, verdict)
        if isinstance(facts, StopFacts):
            facts = with_saving(ctx, db, facts, scene_now(ctx, db, instance))
        actions.set_facts(db, replace(action, facts=facts))
    return None
