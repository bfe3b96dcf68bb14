"""Stops of several machines on one card: asked for, refused where they are too many, and decided on together."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.batches import BIGGEST_BATCH, Batch, BatchDraft, BatchResult, LeftOut, stops_allowed
from bot.domain.clock import DAY_MS
from bot.domain.machines.listing import FleetFilter, Listing
from bot.errors import Refused
from bot.services import audit
from bot.services.acting import approvals, endings, plans
from bot.services.context import Context
from store.acting import actions
from store.acting import batches as stored_batches
from store.machines import fleet as stored_fleet
from store.machines import listings

DRAFT_LASTS_MS = DAY_MS // 24
"""What was offered for longer than an hour is looked at anew by whoever still wants it."""


def idle_ids(ctx: Context, chosen: FleetFilter) -> list[str]:
    """The rented machines that pass a filter and could be stopped as idle."""
    machines = listings.listings_page(ctx.store.reading(), replace(chosen, provider="ec2"), limit=-1)
    running = [listing for listing in machines if listing.running]
    return [listing.instance.id for listing in running if listing.verdict is not None and listing.verdict.is_idle]


def count_beside(ctx: Context, chosen: FleetFilter, asked: Sequence[str]) -> tuple[int, int]:
    """How many more machines pass a filter than were asked about: rented ones, and owned ones."""
    found = listings.listings_page(ctx.store.reading(), chosen, limit=-1)
    running = [listing.instance for listing in found if listing.running]
    providers = [instance.provider for instance in running if instance.id not in asked]
    return len(providers) - providers.count("owned"), providers.count("owned")


def ask_stops(
    ctx: Context, instance_ids: Sequence[str], requester: str, *, reason: str = "", named: bool = False
) -> list[BatchResult]:
    """Ask to stop several machines, on one card for each team's; machines at work or held by others are left out.

    Of those that somebody has named themselves, it is kept why they are.
    """
    ctx.freshen()
    with ctx.store.writing() as db:
        teams: dict[str, list[Listing]] = {}
        for instance_id in dict.fromkeys(instance_ids):
            listing = listings.by_id(db, instance_id)
            if listing is not None:
                teams.setdefault(listing.team, []).append(listing)
        results = [_ask(ctx, db, team, machines, requester, reason=reason) for team, machines in sorted(teams.items())]
        for left_out in (left_out for result in results for left_out in result.left) if named else ():
            audit.note(ctx, db, requester, "stop it", left_out.instance_id, left_out.why)
    ctx.wake()
    return results


def ask_drafted(ctx: Context, draft_id: str, person: str) -> list[BatchResult]:
    """[Ask about the N dearest]: what was offered, looked at anew. Raises Refused."""
    draft = stored_batches.draft(ctx.store.reading(), draft_id)
    if draft is not None and draft.requester != person:
        raise Refused(f"This was offered to somebody else. {parts.gpu('stop idle')} asks about what idles now.")
    if draft is None or ctx.clock() - draft.made_at > DRAFT_LASTS_MS:
        raise Refused(f"This offer is over an hour old. {parts.gpu('stop idle')} asks about what idles now.")
    return ask_stops(ctx, draft.instance_ids, person, reason=draft.reason)


def _ask(
    ctx: Context, db: Database, team: str, machines: Sequence[Listing], requester: str, *, reason: str
) -> BatchResult:
    planned, left = [], []
    for listing in machines:
        try:
            planned.append(_plan(ctx, db, listing, requester, reason))
        except Refused as error:
            left.append(LeftOut(listing.instance.name, error.sentence, listing.instance.id))
    room = _room(ctx, db, team)
    if len(planned) > room:
        draft = _drafted(ctx, db, planned, requester, reason=reason, room=room)
        return BatchResult(team, draft=draft, wanted=len(planned), room=room, left=tuple(left))
    if len(planned) < 2:
        stops = tuple(approvals.put_card(ctx, db, stop) for stop in planned)
        return BatchResult(team, stops, left=tuple(left))
    batch = Batch(secrets.token_hex(16), team, requester, reason, ctx.clock())
    stored_batches.add(db, batch)
    stops = tuple(approvals.put_card(ctx, db, replace(stop, batch=batch.id)) for stop in planned)
    return BatchResult(team, stops, batch, left=tuple(left))


def _plan(ctx: Context, db: Database, listing: Listing, requester: str, reason: str) -> Action:
    """One stop of a batch. Raises Refused with why it is none."""
    name = listing.instance.name
    live = endings.lapse(ctx, db, actions.live_on(db, listing.instance.id))
    if live is not None:
        raise endings.still_open(live)
    others = [claim.holder for claim in listing.claims if claim.holder != requester]
    if others:
        raise Refused(f"{name} is {parts.person(others[0])}'s; {parts.gpu('stop', name)} asks them first.")
    planned = plans.plan_stop(ctx, db, listing, requester, reason=reason, may_end_work=False)
    if planned.machine and planned.machine.kept_by:
        raise Refused(
            f"{parts.person(planned.machine.kept_by)} keeps {name}; {parts.gpu('stop', name)} asks all the same."
        )
    plans.check_askable(ctx, planned)
    return planned


def _room(ctx: Context, db: Database, team: str) -> int:
    """How many more stops of a team's machines may be asked for now."""
    under_way = actions.live_stops(db, team, ctx.clock())
    return min(
        BIGGEST_BATCH, max(0, stops_allowed(stored_fleet.pool(db, team), ctx.settings.actions.most_stops) - under_way)
    )


def _drafted(
    ctx: Context, db: Database, planned: Sequence[Action], requester: str, *, reason: str, room: int
) -> BatchDraft:
    """The dearest of them that fit."""
    dearest = sorted(planned, key=lambda stop: (-(stop.facts.rate_micros or 0), stop.facts.name))[:room]
    ids = tuple(stop.instance_id for stop in dearest)
    draft = BatchDraft(secrets.token_hex(16), requester, reason, ids, ctx.clock())
    stored_batches.add_draft(db, draft)
    return draft


def decide_batch(ctx: Context, batch_id: str, person: str, *, yes: bool) -> None:
    """The one decision on all that nobody has decided yet. Raises Refused when it counts for none of them."""
    ctx.freshen()
    with ctx.store.writing() as db:
        stops = actions.of_batch(db, batch_id)
        if not stops:
            raise Refused("This request is not known here any more.")
        waiting = [stop for stop in stops if stop.state == "pending"]
        obstacles = [approvals.decide_within(ctx, db, stop, person, yes=yes) for stop in waiting or stops[:1]]
        refused = obstacles[0] if all(obstacles) else None
    ctx.wake()
    if refused:
        raise Refused(refused)


def is_batch_open(ctx: Context, batch_id: str) -> bool:
    """Whether any stop of a batch waits for an answer."""
    return any(stop.state == "pending" for stop in actions.of_batch(ctx.store.reading(), batch_id))


def batch_of(ctx: Context, batch_id: str) -> tuple[Batch, list[Action]] | None:
    """A batch and its stops, the dearest first; None when there is none."""
    db = ctx.store.reading()
    batch = stored_batches.by_id(db, batch_id)
    stops = sorted(actions.of_batch(db, batch_id), key=lambda stop: (-(stop.facts.rate_micros or 0), stop.facts.name))
    return (batch, stops) if batch and stops else None
