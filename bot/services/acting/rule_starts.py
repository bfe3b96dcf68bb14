"""Starts by rule: what the end of on-hours stopped runs when the next begin; a start that fails is told and retried.

A start by rule that comes to nothing counts as none: neither today's next try nor tomorrow's morning is lost by it.
"""

from collections.abc import Callable

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.hours import Edge, HoursRule, last_edge, next_edge
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.services.acting import endings, plans
from bot.services.acting import hours as hours_service
from bot.services.context import Context
from store.acting import actions
from store.acting import rule_stops as stored_rule_stops
from store.machines import listings

TRY_EVERY = 30 * MINUTE_MS
Approve = Callable[[Context, Database, Action, str], None]
"""Writes an action of a rule and its decision."""


def start_by_rule(ctx: Context, listing: Listing, own: HoursRule | None, now: int, approve: Approve) -> None:
    """Start a machine that the end of its on-hours has stopped, now that the next have begun."""
    if listing.instance.state != "stopped":
        return
    hours, instance_id = hours_service.hours_of(ctx, listing, own), listing.instance.id
    edge = last_edge(hours, now) if hours else None
    if hours is None or edge is None or not edge.on or hours.stop_only:
        return
    stopped_by = _stopped_by(ctx.store.reading(), instance_id, edge)
    if stopped_by is None or not _is_time(ctx.store.reading(), instance_id, edge, now):
        return
    with ctx.store.writing() as db:
        planned = plans.plan_start_by_rule(
            ctx, db, listing, stopped_by=stopped_by, begun_at=edge.at, reason="Its on-hours have begun."
        )
        # The first try of a morning is made even so, as its end tells people why. After that a start that could only
        # fail is not even written down: it is looked at again every minute.
        if actions.starts_by_rule(db, instance_id, edge.at) and plans.refusal_to_start_by_rule(
            ctx, db, planned, listing
        ):
            return
        if not _makes_way(ctx, db, instance_id):
            return
        approve(ctx, db, planned, hours_service.setter_of(own))
    ctx.wake()


def _stopped_by(db: Database, instance_id: str, edge: Edge) -> Action | None:
    """The stop at the end of on-hours before this edge, if nothing has switched the machine on or off since."""
    newest = stored_rule_stops.newest_by_hours(db, instance_id)
    stop = actions.by_id(db, newest.action_id) if newest and newest.basis_at < edge.at else None
    if stop is None or stop.state not in {"done", "unknown"}:
        return None
    return stop if actions.newest_that_changed(db, instance_id) == stop.id else None


def _is_time(db: Database, instance_id: str, edge: Edge, now: int) -> bool:
    """No try was just made."""
    tries = actions.starts_by_rule(db, instance_id, edge.at)
    return not tries or now >= (tries[-1].finished_at or now) + TRY_EVERY


def _makes_way(ctx: Context, db: Database, instance_id: str) -> bool:
    """Whether nothing else is asked for; a start that nobody has decided makes way, as it is started anyway."""
    live = endings.lapse(ctx, db, actions.live_on(db, instance_id))
    if live is None:
        return True
    if live.kind != "start" or live.state != "pending":
        return False
    name = live.facts.name
    outcome = f"Its on-hours have begun, so it is started anyway. {parts.gpu('claim', name)} takes it once it runs."
    return endings.end(ctx, db, live, "cancelled", outcome=outcome)


def rule_start_tries(ctx: Context, instance_id: str, begun_at: int) -> tuple[Listing | None, list[Action], int | None]:
    """A machine, the starts of it that its on-hours led to since then, and when those end."""
    db = ctx.store.reading()
    listing = listings.by_id(db, instance_id)
    hours = hours_service.hours_of(ctx, listing, hours_service.own_hours(ctx, instance_id)) if listing else None
    ends = next_edge(hours, begun_at) if hours else None
    return listing, actions.starts_by_rule(db, instance_id, begun_at), ends.at if ends else None
