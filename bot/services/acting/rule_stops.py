"""Stops by rule: on-hours and idleness, announced, kept to, and never against work, claims, snoozes or starts by hand.

Run it every minute. What is planned is written down before it is announced and settled once, so late is fine, twice is
not, and a start after a long absence announces anew before it stops anything.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlite_utils import Database

from bot.domain.acting.actions import BY_SETTINGS, VALET, Action
from bot.domain.acting.hours import NEVER, HoursRule, OnHours, is_on, last_edge, next_edge
from bot.domain.acting.obstacles import Scene, obstacle_to_anything, provider_obstacle
from bot.domain.acting.rule_stops import (
    FOR_GOOD,
    WARNINGS_MS,
    Circumstances,
    RuleStop,
    Settlement,
    StopRule,
    acts_at,
    again_at,
    is_stale,
    planned_anew,
    rule_stop_waits_for,
    settlement,
    warnings_due,
)
from bot.domain.clock import DAY_MS
from bot.domain.machines.fleet import is_gone
from bot.domain.machines.listing import FleetFilter, Listing
from bot.errors import Refused
from bot.services.acting import endings, plans, rule_starts, scenes
from bot.services.acting import hours as hours_service
from bot.services.acting.executor import one_by_one
from bot.services.context import Context, team_channel
from bot.services.sharing import unclaimed
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import hours as stored_hours
from store.acting import rule_stops as stored_rule_stops
from store.acting import snooze as stored_snooze
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import claims as stored_claims

_GONE = Settlement("gone", "It is gone.")


def run_rules(ctx: Context) -> None:
    """Announce what is near, stop what is due, and start what a window has stopped; not where Valet only observes."""
    if ctx.settings.actions.observe_only:
        return
    now = ctx.clock()
    db = ctx.store.reading()
    concerned = {*stored_hours.own_hours(db), *(rule_stop.instance_id for rule_stop in stored_rule_stops.open_ones(db))}
    has_rules = _has_rules(ctx)
    if not concerned and not has_rules:
        return
    chosen = FleetFilter(provider="ec2", ids=None if has_rules else tuple(sorted(concerned)))
    rented = listings.listings_page(db, chosen, limit=-1)
    listings_by_id = {listing.instance.id: listing for listing in rented}
    own = hours_service.own_that_count(ctx, listings_by_id.values())
    by_hours = [(listing, own.get(key)) for key, listing in listings_by_id.items()]
    # Planned anew first and read back from the database: what is moved on below is what was written down.
    one_by_one([partial(_plan, ctx, listing, rule, now) for listing, rule in by_hours])
    planned = stored_rule_stops.open_ones(ctx.store.reading())
    keys = [rule_stop.instance_id for rule_stop in planned]
    moves = [
        partial(_move_on, ctx, rule_stop, listings_by_id.get(key), own.get(key), now=now)
        for rule_stop, key in zip(planned, keys, strict=True)
    ]
    one_by_one(moves)
    one_by_one([partial(rule_starts.start_by_rule, ctx, listing, rule, now, _approve) for listing, rule in by_hours])


def _has_rules(ctx: Context) -> bool:
    """Some team has on-hours or an idle limit."""
    rules = [team.pausing for team in ctx.settings.teams.values()]
    return any(rule.hours or rule.idle_stop_hours is not None for rule in rules)


def _plan(ctx: Context, listing: Listing, own: HoursRule | None, now: int) -> None:
    if not listing.running or (own is not None and own.windows == NEVER):
        return
    hours = hours_service.hours_of(ctx, listing, own)
    if hours is not None:
        ends = _end_of_window(hours, now)
        if ends is not None:
            _add(ctx, listing, "hours", ends, hours_service.setter_of(own), planned=ends)
    idle_for = None if listing.instance.paid_anyway else ctx.settings.idle_stop(listing.team)
    verdict = listing.verdict
    if idle_for is not None and verdict is not None and verdict.is_idle and verdict.since is not None:
        planned = verdict.since + idle_for
        if now >= planned - WARNINGS_MS["idle"][0]:
            _add(ctx, listing, "idle", verdict.since, BY_SETTINGS, planned=planned)


def _end_of_window(hours: OnHours, now: int) -> int | None:
    """The end that is to be announced now: one that is near, or one that is past and still counts."""
    if not is_on(hours, now):
        edge = last_edge(hours, now)
    else:
        edge = next_edge(hours, now)
        if edge is not None and edge.at - now > WARNINGS_MS["hours"][0]:
            return None
    return edge.at if edge is not None and not edge.on else None


def _add(ctx: Context, listing: Listing, rule: StopRule, basis_at: int, decider: str, *, planned: int) -> None:
    now, instance = ctx.clock(), listing.instance
    db = ctx.store.reading()
    when = _when(db, stored_rule_stops.of_basis(db, instance.id, rule, basis_at), planned)
    if when is None:
        return
    channel = team_channel(ctx, listing.team)
    rule_stop = RuleStop(instance.id, rule, basis_at, acts_at(rule, when, now), channel, decider)
    if not channel or settlement(rule_stop, listing) is not None or _never(ctx, listing) or ctx.exemption(instance):
        return
    with ctx.store.writing() as writing:
        stored_rule_stops.add(writing, rule_stop)


def _when(db: Database, earlier: Sequence[RuleStop], planned: int) -> int | None:
    """When to stop, after what came of the same `earlier`; None where that is planned or over."""
    if not earlier:
        return planned
    if any(rule_stop.settled_at is None for rule_stop in earlier):
        return None
    stops = _stops(db, earlier)
    if stops:
        return planned if stops[-1].state == "aborted" else again_at(stops)
    return None if earlier[-1].why in FOR_GOOD else planned


def _stops(db: Database, rule_stops: Sequence[RuleStop]) -> list[Action]:
    """The stops that came of them, oldest first."""
    found = (actions.by_id(db, rule_stop.action_id) for rule_stop in rule_stops if rule_stop.action_id)
    return [stop for stop in found if stop is not None]


def _never(ctx: Context, listing: Listing) -> str | None:
    """Why no stop by rule can come of it for as long as it is what it is, so that nobody is told of one."""
    instance = listing.instance
    return obstacle_to_anything(
        Scene(instance, (), None, protected=ctx.protects(instance), keepers=ctx.keepers)
    ) or provider_obstacle(instance)


def _move_on(ctx: Context, rule_stop: RuleStop, listing: Listing | None, own: HoursRule | None, *, now: int) -> None:
    if rule_stop.rule == "hours":
        rule_stop = replace(rule_stop, decider=hours_service.setter_of(own))
    if listing is None and not is_gone(stored_fleet.missed_at(ctx.store.reading(), rule_stop.instance_id), now):
        return  # one look has missed it: it is neither stopped nor forgotten
    gone = _gone(ctx, rule_stop, listing, own, now=now)
    if listing is None or gone:
        with ctx.store.writing() as db:
            settle_rule_stop(db, rule_stop, now, gone or _GONE)
        return
    waiting = obstacle_now(ctx, rule_stop, listing, now)
    note_waiting(ctx, rule_stop, waiting or "", now)
    if waiting is not None:
        hold_back_warning(ctx, rule_stop, now)
    elif is_stale(rule_stop, now):
        announce_anew(ctx, rule_stop, now)
    elif now >= rule_stop.acts_at:
        _stop(ctx, rule_stop, listing, now)
    else:
        give_warnings(ctx, rule_stop, listing, now)


def _gone(
    ctx: Context, rule_stop: RuleStop, listing: Listing | None, own: HoursRule | None, *, now: int
) -> Settlement | None:
    """Why nothing comes of it as things are; None while it stands."""
    if listing is None:
        return _GONE
    never = _never(ctx, listing)
    unfit = Settlement("unfit", never) if never else None
    return settlement(rule_stop, listing) or unfit or _not_meant(ctx, rule_stop, listing, own, now=now)


def _not_meant(
    ctx: Context, rule_stop: RuleStop, listing: Listing, own: HoursRule | None, *, now: int
) -> Settlement | None:
    """Why the rule it follows from counts no more."""
    if rule_stop.rule == "idle":
        return None if ctx.settings.idle_stop(listing.team) is not None else Settlement("unmeant", "The rule is gone.")
    hours = hours_service.hours_of(ctx, listing, own)
    if hours is None:
        return Settlement("unmeant", "It has no on-hours any more.")
    if _end_of_window(hours, now) != rule_stop.basis_at:
        return Settlement("unmeant", "A new window has begun." if is_on(hours, now) else "Its on-hours have changed.")
    return None


def _stop(ctx: Context, rule_stop: RuleStop, listing: Listing, now: int) -> None:
    """The stop, decided by whoever set the rule; carried out, and looked at once more, like any other."""
    with ctx.store.writing() as db:
        if actions.live_on(db, rule_stop.instance_id) is not None:
            take_back_warning(db, rule_stop)  # somebody has just asked for something; what comes of that is awaited
            return
        try:
            planned = plans.stop_by_rule(
                ctx, db, listing, rule=rule_stop.rule, parked_at=rule_stop.acts_at, reason=_reason(rule_stop)
            )
        except Refused:
            take_back_warning(db, rule_stop)  # things have just changed; it is announced anew
            return
        _approve(ctx, db, planned, rule_stop.decider)
        settle_rule_stop(db, rule_stop, now, Settlement("acted", ""), planned)
    ctx.wake()


def _reason(rule_stop: RuleStop) -> str:
    return "Its on-hours have ended." if rule_stop.rule == "hours" else "It was idle for as long as its team allows."


def _approve(ctx: Context, db: Database, planned: Action, decider: str) -> None:
    now = ctx.clock()
    actions.add(db, planned)
    whose = "By its team's rule in valet.toml." if decider == BY_SETTINGS else f"By on-hours set by {decider}."
    stored_audit.add(
        db, now, VALET, f"{planned.kind} by rule", subject=planned.subject, detail=f"{planned.reason} {whose}"
    )
    stored_approvals.decide_action(db, planned.id, decider, "approved", now)
    endings.show_card(ctx, db, planned)


def stops_in_notice(
    ctx: Context, channel: str, at: int
) -> list[tuple[RuleStop, Listing | None, Action | None, str | None]]:
    """What one notice tells of: each planned stop, its instance, the stop that came of it, and what it waits for."""
    db, now = ctx.store.reading(), ctx.clock()
    rows = []
    for rule_stop in stored_rule_stops.stops_at(db, channel, at):
        listing = listings.by_id(db, rule_stop.instance_id)
        waiting = obstacle_now(ctx, rule_stop, listing, now) if listing and rule_stop.settled_at is None else None
        action = actions.by_id(db, rule_stop.action_id) if rule_stop.action_id else None
        rows.append((rule_stop, listing, action, waiting))
    return rows


def rule_stop_tries(ctx: Context, instance_id: str, rule: str, basis_at: int) -> tuple[Listing | None, list[Action]]:
    """A machine, and the stops of it that followed from the same, oldest first."""
    db = ctx.store.reading()
    return listings.by_id(db, instance_id), _stops(db, stored_rule_stops.of_basis(db, instance_id, rule, basis_at))


def redraw_notices(ctx: Context, db: Database, instance_id: str) -> None:
    """Redraw the open notices that tell of an instance, in the transaction that changed it."""
    for rule_stop in stored_rule_stops.open_ones(db):
        if rule_stop.instance_id == instance_id and rule_stop.warned:
            show_notice(db, rule_stop, ctx.clock())


NOTICE_FRESH_MS = DAY_MS
"""A notice is redrawn for this long after the moment it announced."""
PUT_OFF = "It was wanted then, nobody could be warned, or I was away; it is announced anew."


def obstacle_now(ctx: Context, rule_stop: RuleStop, listing: Listing, now: int) -> str | None:
    """Why this stop would not be carried out as things stand; None when it would."""
    db, instance = ctx.store.reading(), listing.instance
    here = Circumstances(
        listing,
        stored_snooze.on(db, instance.id, now),
        ctx.exemption(instance),
        actions.live_on(db, instance.id),
        stops_active=rule_stop.rule == "hours" and _stops_active(ctx, listing),
        booked=scenes.next_slot(db, instance.id),
        at=max(now, rule_stop.acts_at),
    )
    return rule_stop_waits_for(here) or ("nobody could be warned of it" if _is_unheard(db, rule_stop, now) else None)


def _is_unheard(db: Database, rule_stop: RuleStop, now: int) -> bool:
    """Its moment has come, and Slack did not take both warnings before: whoever would keep it could not know."""
    if now < rule_stop.acts_at or not rule_stop.warned:
        return False
    if rule_stop.warned < len(WARNINGS_MS[rule_stop.rule]):
        return stored_outbox.is_held_up(db, rule_stop.channel, _notice(rule_stop))
    seen = [stored_outbox.posted_at(db, rule_stop.channel, ref) for ref in (_notice(rule_stop), _last(rule_stop))]
    return not all(at is not None and at < rule_stop.acts_at for at in seen)


def _notice(rule_stop: RuleStop) -> str:
    return f"parking:{rule_stop.acts_at}"


def _last(rule_stop: RuleStop) -> str:
    return f"parking-soon:{rule_stop.acts_at}"


def _stops_active(ctx: Context, listing: Listing) -> bool:
    team = ctx.settings.teams.get(listing.team)
    return team is not None and team.pausing.stop_active


def note_waiting(ctx: Context, rule_stop: RuleStop, waiting: str, now: int) -> None:
    """Keep its notice true: what is in the way comes and goes."""
    if rule_stop.waiting == waiting:
        return
    with ctx.store.writing() as db:
        stored_rule_stops.note_waiting(db, rule_stop, waiting)
        if rule_stop.warned and now - rule_stop.acts_at < NOTICE_FRESH_MS:
            show_notice(db, rule_stop, now)
    ctx.wake()


def give_warnings(ctx: Context, rule_stop: RuleStop, listing: Listing, now: int) -> None:
    """Give the warnings that are due."""
    due = warnings_due(rule_stop, now)
    if rule_stop.warned >= due:
        return
    with ctx.store.writing() as db:
        stored_rule_stops.note_warned(db, rule_stop, due)
        show_notice(db, rule_stop, now)
        if listing.verdict is not None and listing.verdict.works:
            _tell_whose(ctx, db, rule_stop, listing, ref=f"parking-own:{rule_stop.acts_at}:{due}", now=now)
        if due == len(WARNINGS_MS[rule_stop.rule]):
            subject = f"{rule_stop.channel}|{rule_stop.acts_at}"
            stored_outbox.tell(db, rule_stop.channel, _last(rule_stop), kind="parking_soon", subject=subject, now=now)
    ctx.wake()


def _tell_whose(ctx: Context, db: Database, rule_stop: RuleStop, listing: Listing, *, ref: str, now: int) -> None:
    """Work is about to be ended: whoever it may belong to hears of it in person."""
    instance = listing.instance
    last, users_by_gpu = stored_claims.newest_claims(db).get(instance.id), unclaimed.current_users(ctx, db, instance.id)
    users = {ctx.settings.person(instance, user) for on_gpu in users_by_gpu.values() for user in on_gpu}
    for who in sorted({*users, actions.maker(db, instance.id), last.holder if last else ""} - {""}):
        subject = f"{instance.id}|{rule_stop.acts_at}"
        stored_outbox.tell(db, who, f"{ref}:{instance.id}", kind="parking_own", subject=subject, now=now)


def take_back_warning(db: Database, rule_stop: RuleStop) -> None:
    """The last warning counts no more."""
    stored_rule_stops.note_warned(db, rule_stop, 1)


def hold_back_warning(ctx: Context, rule_stop: RuleStop, now: int) -> None:
    """Something is in the way: people are told so beforehand, and the last warning counts no more."""
    due = min(warnings_due(rule_stop, now), 1)
    if rule_stop.warned == due:
        return
    with ctx.store.writing() as db:
        stored_rule_stops.note_warned(db, rule_stop, due)
        if now < rule_stop.acts_at:
            show_notice(db, rule_stop, now)
    ctx.wake()


def announce_anew(ctx: Context, rule_stop: RuleStop, now: int) -> None:
    """What was in the way is gone, or nobody was warned: never at once, but after new warnings."""
    later = planned_anew(rule_stop, now)
    with ctx.store.writing() as db:
        settle_rule_stop(db, rule_stop, now, Settlement("put off", PUT_OFF))
        stored_rule_stops.add(db, later)
        stored_rule_stops.note_warned(db, later, warnings_due(later, now))
        show_notice(db, later, now)
    ctx.wake()


def settle_rule_stop(
    db: Database, rule_stop: RuleStop, now: int, over: Settlement, action: Action | None = None
) -> None:
    """It came to a stop, or to nothing."""
    stored_rule_stops.settle_rule_stop(
        db, rule_stop, now, over.why, outcome=over.said, action_id=action.id if action else ""
    )
    if rule_stop.warned and now - rule_stop.acts_at < NOTICE_FRESH_MS:
        show_notice(db, rule_stop, now)


def show_notice(db: Database, rule_stop: RuleStop, now: int) -> None:
    """Bring the notice up to date."""
    subject = f"{rule_stop.channel}|{rule_stop.acts_at}"
    stored_outbox.tell(db, rule_stop.channel, _notice(rule_stop), kind="parking", subject=subject, now=now)
