"""Waking: what the end of a window has stopped is started when the next begins; a start that fails is told and retried.

A start by rule that comes to nothing counts as none: neither today's next try nor tomorrow's morning is lost by it.
"""

from collections.abc import Callable

from sqlite_utils import Database

from bot.domain.acting.actions import Action
from bot.domain.acting.parking import HoursRule
from bot.domain.acting.windows import Edge, OnHours, last_edge, next_edge
from bot.domain.clock import MINUTE
from bot.domain.listing import Listing
from bot.services.acting import on_hours, planning
from bot.services.desk import Desk
from store import listings
from store.acting import actions, parkings

TRY_EVERY = 30 * MINUTE
Approve = Callable[[Desk, Database, Action, str], None]
"""Writes an action of a rule and its decision."""


def wake_up(desk: Desk, listing: Listing, own: HoursRule | None, now: int, approve: Approve) -> None:
    """Start a machine that the end of a window has stopped, now that the next has begun."""
    if listing.instance.state != "stopped":
        return
    hours = on_hours.hours_of(desk, listing, own)
    edge = last_edge(hours, now) if hours else None
    if hours is None or edge is None or not edge.on or not _is_due(desk, listing.instance.id, hours, edge, now=now):
        return
    with desk.store.writing() as db:
        # the first try of a morning is made even so, as its end says why; then it is looked at again every minute
        if actions.starts_by_rule(db, listing.instance.id, edge.at) and planning.refusal_to_wake(desk, db, listing):
            return
        planned = planning.start_by_rule(desk, db, listing, begun_at=edge.at, reason="Its on-hours have begun.")
        approve(desk, db, planned, on_hours.setter(own))
    desk.wake()


def _is_due(desk: Desk, instance_id: str, hours: OnHours, edge: Edge, *, now: int) -> bool:
    """Whether Valet has stopped it at the end of a window, nobody has touched it since, and no try was just made."""
    db = desk.store.reading()
    newest = parkings.newest_by_hours(db, instance_id)
    if hours.stop_only or newest is None or newest.basis_at >= edge.at:
        return False
    stopped_by = actions.by_id(db, newest.action_id)
    if stopped_by is None or stopped_by.state != "done" or actions.newest_that_counts(db, instance_id) != stopped_by.id:
        return False
    tries = actions.starts_by_rule(db, instance_id, edge.at)
    return not tries or now >= (tries[-1].finished_at or now) + TRY_EVERY


def tries(desk: Desk, instance_id: str, begun_at: int) -> tuple[Listing | None, list[Action], int | None]:
    """A machine, the starts of it that its on-hours led to since then, and when those end."""
    db = desk.store.reading()
    listing = listings.by_id(db, instance_id)
    hours = on_hours.hours_of(desk, listing, on_hours.own_hours(desk, instance_id)) if listing else None
    ends = next_edge(hours, begun_at) if hours else None
    return listing, actions.starts_by_rule(db, instance_id, begun_at), ends.at if ends else None
