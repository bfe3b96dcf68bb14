"""Snoozes: one time-boxed exception, from on-hours, idle questions and digests alike; it ends by itself."""

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.snooze import (
    BY_BUTTON,
    LONGEST_SNOOZE_MS,
    SHORTEST_SNOOZE_MS,
    Snooze,
    by_one_tap,
    snooze_of,
    snoozed_since,
    used_up_text,
)
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.services import audit, digest
from bot.services.acting import endings, rule_stops
from bot.services.context import Context
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import snooze as stored_snooze
from store.machines import listings

USUAL_SNOOZE_MS = 4 * HOUR_MS


def snooze(ctx: Context, listing: Listing, person: str, *, until: int | None, reason: str = "") -> Snooze:
    """Leave an instance alone until then; again, it moves the person's own end. Raises Refused.

    What counts is the longest that anybody wants; that is what is given back.
    """
    now, name, instance_id = ctx.clock(), listing.instance.name, listing.instance.id
    end = now + USUAL_SNOOZE_MS if until is None else until
    if end - now < SHORTEST_SNOOZE_MS:
        raise Refused(f"A snooze lasts at least a minute. Try `snooze {name} 4h`, or `snooze {name} end` to end one.")
    if end - now > LONGEST_SNOOZE_MS:
        raise Refused(f"A snooze lasts at most {LONGEST_SNOOZE_MS // DAY_MS} days. Try `snooze {name} 4h`.")
    with ctx.store.writing() as db:
        lately = stored_snooze.lately(db, instance_id, now)
        mine, since = snooze_of(lately, person, now), snoozed_since(lately, now)
        if mine is not None and end > mine.until_at and not reason:
            raise Refused(f"You have snoozed {name} already. To go on, say why: `snooze {name} 4h the run is late`.")
        if end - now > DAY_MS and not reason:
            raise Refused(f"For more than a day, say why: `snooze {name} {_days(end - now)} the demo at the fair`.")
        if end > since + LONGEST_SNOOZE_MS:
            raise Refused(used_up_text(name, since + LONGEST_SNOOZE_MS - now))
        counts = _put(ctx, db, Snooze(instance_id, end, person, now, reason, since))
    ctx.wake()
    return counts


def _days(length: int) -> str:
    return f"{-(-length // DAY_MS)}d"


def snooze_by_button(ctx: Context, instance_id: str, person: str, *, length: int = USUAL_SNOOZE_MS) -> Snooze:
    """Leave an instance alone for so long, by one tap: that shortens nothing. Raises Refused."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        if listing is None:
            raise Refused(f"That instance is gone. {parts.gpu('status')} shows what there is.")
        wanted = Snooze(instance_id, now + length, person, now, BY_BUTTON)
        lengthened = by_one_tap(stored_snooze.lately(db, instance_id, now), wanted)
        if lengthened is None:
            raise Refused(used_up_text(listing.instance.name))
        counts = _put(ctx, db, lengthened)
    ctx.wake()
    return counts


def _put(ctx: Context, db: Database, new: Snooze) -> Snooze:
    _call_off_stop(ctx, db, new)
    stored_snooze.put_snooze(db, new)
    stored_audit.add(db, new.made_at, new.who, "snoozed", subject=new.instance_id, detail=new.reason)
    _refresh(ctx, db, new.instance_id)
    return stored_snooze.on(db, new.instance_id, new.made_at) or new


def _call_off_stop(ctx: Context, db: Database, new: Snooze) -> None:
    """What would stop or reboot it and nobody has decided yet is off.

    Raises Refused where it is too late for a snooze to keep anything.
    """
    action = endings.lapse(ctx, db, actions.live_on(db, new.instance_id))
    if action is None or not (action.kind == "stop" or action.reboots):
        return
    name, is_stop = action.facts.name, action.kind == "stop" or (action.arrived_at is not None and action.calls > 0)
    if action.state == "pending":
        outcome = f"{parts.person(new.who)} snoozed {name} first."
        endings.end(ctx, db, action, "cancelled", outcome=outcome, who=new.who, did=f"cancelled the {action.kind}")
    elif not is_stop:
        return  # what carries it out looks for snoozes that came after the request
    elif action.state == "executing":
        raise Refused(
            f"{name} is being stopped already. {parts.gpu('start', name)} starts it again once it stands still."
        )
    elif not action.facts.rule:
        raise Refused(f"{name} is about to be stopped ({action.decided_by} approved it).")


def end(ctx: Context, listing: Listing, person: str) -> Snooze | None:
    """End snoozes before their time: one's own, and everybody's for the team's people, its approvers and admins.

    Whose it was is told. What still keeps it is given back. Raises Refused.
    """
    now, name, instance_id = ctx.clock(), listing.instance.name, listing.instance.id
    with audit.kept(ctx, person, "end the snooze", instance_id), ctx.store.writing() as db:
        standing = [known for known in stored_snooze.lately(db, instance_id, now) if known.until_at > now]
        if not standing:
            raise Refused(f"{name} is not snoozed.")
        ended = [known for known in standing if known.who == person or person in _may_end_all(ctx, listing.team)]
        if not ended:
            team = f"team {listing.team}'s people" if listing.team else "an approver"
            raise Refused(f"{parts.person(standing[-1].who)} keeps {name}. Only they, {team} or an admin can end that.")
        for known in ended:
            _end(db, known, person, now)
        _refresh(ctx, db, instance_id)
        left = stored_snooze.on(db, instance_id, now)
    ctx.wake()
    return left


def _may_end_all(ctx: Context, team_name: str) -> frozenset[str]:
    roster = ctx.roster()
    team = roster.team(team_name)
    return roster.approvers(team_name) | roster.admins | (team.members if team else frozenset())


def _end(db: Database, ended: Snooze, person: str, now: int) -> None:
    stored_snooze.end(db, ended, now)
    detail = "" if ended.who == person else f"for {ended.who}"
    stored_audit.add(db, now, person, "ended the snooze", subject=ended.instance_id, detail=detail)
    if ended.who != person:
        subject, ref = f"{ended.instance_id}|{person}", f"snooze-ended:{ended.instance_id}:{now}"
        stored_outbox.tell(db, ended.who, ref, kind="snooze_ended", subject=subject, now=now)


def _refresh(ctx: Context, db: Database, instance_id: str) -> None:
    digest.refresh_digest(ctx, db, instance_id)
    rule_stops.redraw_notices(ctx, db, instance_id)
