"""Stops of several machines on one card: asked for, refused where they are too many, and decided on together."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from sqlite_utils import Database

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
    found = listings.listings_page(ctx.store.reading(), replace(chosen, provider="ec2"), limit=-1)
    return [each.instance.id for each in found if each.running and each.verdict is not None and each.verdict.is_idle]


def count_beside(ctx: Context, chosen: FleetFilter, asked: Sequence[str]) -> tuple[int, int]:
    """How many more machines pass a filter than were asked about: rented ones, and owned ones."""
    found = listings.listings_page(ctx.store.reading(), chosen, limit=-1)
    more = [each.instance.provider for each in found if each.running and each.instance.id not in asked]
    return len(more) - more.count("owned"), more.count("owned")


def ask(
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
        asked = [_ask(ctx, db, team, found, requester, reason=reason) for team, found in sorted(teams.items())]
        for each in (left for made in asked for left in made.left) if named else ():
            audit.note(ctx, db, requester, "stop it", each.instance_id, each.why)
    ctx.wake()
    return asked


def ask_drafted(ctx: Context, draft_id: str, person: str) -> list[BatchResult]:
    """[Ask about the N dearest]: what was offered, looked at anew. Raises Refused."""
    draft = stored_batches.draft(ctx.store.reading(), draft_id)
    if draft is not None and draft.requester != person:
        raise Refused("This was offered to somebody else. `/gpu stop idle` asks about what idles now.")
    if draft is None or ctx.clock() - draft.made_at > DRAFT_LASTS_MS:
        raise Refused("This offer is over an hour old. `/gpu stop idle` asks about what idles now.")
    return ask(ctx, draft.instance_ids, person, reason=draft.reason)


def _ask(
    ctx: Context, db: Database, team: str, found: Sequence[Listing], requester: str, *, reason: str
) -> BatchResult:
    planned, left = [], []
    for listing in found:
        try:
            planned.append(_plan(ctx, db, listing, requester, reason))
        except Refused as error:
            left.append(LeftOut(listing.instance.name, str(error), listing.instance.id))
    room = _room(ctx, db, team)
    if len(planned) > room:
        draft = _drafted(ctx, db, planned, requester, reason=reason, room=room)
        return BatchResult(team, draft=draft, wanted=len(planned), room=room, left=tuple(left))
    if len(planned) < 2:
        made = tuple(approvals.put(ctx, db, each) for each in planned)
        return BatchResult(team, made, left=tuple(left))
    batch = Batch(secrets.token_hex(16), team, requester, reason, ctx.clock())
    stored_batches.add(db, batch)
    made = tuple(approvals.put(ctx, db, replace(each, batch=batch.id)) for each in planned)
    return BatchResult(team, made, batch, left=tuple(left))


def _plan(ctx: Context, db: Database, listing: Listing, requester: str, reason: str) -> Action:
    """One stop of a batch. Raises Refused with why it is none."""
    name = listing.instance.name
    live = endings.lapse(ctx, db, actions.live_on(db, listing.instance.id))
    if live is not None:
        raise Refused(f"{name} is asked about already.")
    others = [each.holder for each in listing.claims if each.holder != requester]
    if others:
        raise Refused(f"{name} is <@{others[0]}>'s; `/gpu stop {name}` asks them first.")
    planned = plans.stop(ctx, db, listing, requester, reason=reason, may_end_work=False)
    if planned.machine and planned.machine.kept_by:
        raise Refused(f"<@{planned.machine.kept_by}> keeps {name}; `/gpu stop {name}` asks all the same.")
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
    dearest = sorted(planned, key=lambda each: (-(each.facts.rate_micros or 0), each.facts.name))[:room]
    ids = tuple(each.instance_id for each in dearest)
    draft = BatchDraft(secrets.token_hex(16), requester, reason, ids, ctx.clock())
    stored_batches.add_draft(db, draft)
    return draft


def decide(ctx: Context, batch_id: str, person: str, *, yes: bool) -> None:
    """The one decision on all that nobody has decided yet. Raises Refused when it counts for none of them."""
    ctx.freshen()
    with ctx.store.writing() as db:
        found = actions.of_batch(db, batch_id)
        if not found:
            raise Refused("This request is not known here any more.")
        waiting = [each for each in found if each.state == "pending"]
        obstacles = [approvals.decide_within(ctx, db, each, person, yes=yes) for each in waiting or found[:1]]
        refused = obstacles[0] if all(obstacles) else None
    ctx.wake()
    if refused:
        raise Refused(refused)


def of(ctx: Context, batch_id: str) -> tuple[Batch, list[Action]] | None:
    """A batch and its stops, the dearest first; None when there is none."""
    db = ctx.store.reading()
    batch = stored_batches.by_id(db, batch_id)
    found = sorted(actions.of_batch(db, batch_id), key=lambda each: (-(each.facts.rate_micros or 0), each.facts.name))
    return (batch, found) if batch and found else None
