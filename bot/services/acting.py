"""Stopping from chat: asked for and decided by somebody else. `executing` carries it out.

Every step is a row before it is a call, so a crash between any two is picked up after the start.
"""

import secrets

from sqlite_utils import Database

from bot.billing import prices
from bot.domain.actions import Action, ActionState, Facts, Scene, deciders, obstacle_to_stop, refusal_to_approve
from bot.domain.listing import Listing
from bot.domain.snoozes import Snooze
from bot.domain.verdict import Verdict
from bot.errors import Refused
from bot.services import digesting, ending, judging
from bot.services.desk import Desk, channel_of
from store import actions, audit, listings, snoozes


def ask_to_stop(desk: Desk, instance_id: str, requester: str, *, reason: str = "") -> Action:
    """Ask for a stop; asked twice, it is the same card. Raises Refused with what to do instead."""
    with desk.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        if listing is None:
            raise Refused("That instance is gone.")
        live = _still_meant(desk, db, listing)
        if live is not None:
            return live
        action = _plan(desk, db, listing, requester, reason=reason)
        actions.add(db, action)
        audit.add(db, action.created_at, requester, "asked to stop", subject=instance_id, detail=reason)
        ending.show(desk, db, action)
    desk.wake()
    return action


def _still_meant(desk: Desk, db: Database, listing: Listing) -> Action | None:
    """The live request for this instance; one made before its last restart could only fail, so it makes way."""
    live = ending.lapse(desk, db, actions.live_on(db, listing.instance.id))
    if live is None or live.state != "pending" or live.launched_at == listing.instance.launched_at:
        return live
    ending.end(desk, db, live, "cancelled", outcome=f"{listing.instance.name} was restarted after the request.")
    return None


def _plan(desk: Desk, db: Database, listing: Listing, requester: str, *, reason: str) -> Action:
    now, roster, instance = desk.clock(), desk.roster(), listing.instance
    verdict = judging.judge_now(desk, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)
    obstacle = obstacle_to_stop(Scene(instance, listing.claims, verdict, roster, desk.exemption(instance)))
    if obstacle:
        raise Refused(obstacle)
    action = Action(
        id=secrets.token_hex(16),
        kind="stop",
        instance_id=instance.id,
        launched_at=instance.launched_at,
        requester=requester,
        team=listing.team,
        state="pending",
        created_at=now,
        expires_at=now + desk.settings.answer_within,
        facts=_facts(listing, verdict),
        reason=reason,
    )
    if not deciders(action, roster):
        raise Refused("Nobody could approve this but you. Ask an admin to name approvers in valet.toml.")
    if not channel_of(desk, listing.team):
        raise Refused("There is no channel to ask in. Ask an admin to set [slack] channel in valet.toml.")
    return action


def _facts(listing: Listing, verdict: Verdict) -> Facts:
    instance, held = listing.instance, listing.claims
    return Facts(
        name=instance.name,
        type=instance.type,
        region=instance.region,
        verdict=verdict.state,
        verdict_since=verdict.since,
        evidence=verdict.evidence,
        claim_ids=tuple(claim.id for claim in held),
        holders=tuple(claim.holder for claim in held),
        claim_until=max((claim.until_at for claim in held), default=None),
        rate_micros=listing.rate.micros_per_hour if listing.rate else None,
        rate_exact=listing.rate is None or listing.rate.exact,
        nvme_gb=instance.nvme_gb,
        capacity_short=prices.is_capacity_short(instance.type),
    )


def decide(desk: Desk, action_id: str, person: str, *, yes: bool) -> Action:
    """The one decision on an action. Raises Refused when this person may not, or it was decided or lapsed already."""
    with desk.store.writing() as db:
        action = actions.by_id(db, action_id)
        if action is None:
            raise Refused("This request is not known here any more.")
        ending.lapse(desk, db, action)
        current = actions.by_id(db, action_id) or action
        obstacle = _closed(current) or refusal_to_approve(current, person, desk.roster())
        if obstacle is None:
            obstacle = _decided(desk, db, current, person, yes=yes)
        ending.show(desk, db, action)
        decided = actions.by_id(db, action_id) or action
    desk.wake()
    if obstacle:
        raise Refused(obstacle)
    return decided


def _decided(desk: Desk, db: Database, action: Action, person: str, *, yes: bool) -> str | None:
    """Write the decision; why it did not count, if it did not."""
    now = desk.clock()
    state: ActionState = "approved" if yes else "denied"
    if not actions.decide(db, action.id, person, state, now):
        return "Somebody else decided this at the same moment."
    did = "approved the stop" if yes else "kept it running"
    audit.add(db, now, person, did, subject=action.instance_id, detail=action.id)
    if not yes:
        snoozes.put(db, Snooze(action.instance_id, now + digesting.KEEP_FOR, person, now))
        ending.note(db, action, now)
    return None


def _closed(action: Action) -> str | None:
    if action.state == "pending":
        return None
    if action.state == "expired":
        return f"Too late: nobody answered in time, so {action.facts.name} keeps running. Ask again with `/gpu stop`."
    who = f" by <@{action.decider}>" if action.decider else ""
    return f"Already {action.state}{who}."


def make_way(desk: Desk, db: Database, listing: Listing, person: str) -> None:
    """Somebody wants to use this instance: a stop nobody has decided yet is off. Raises Refused when it is too late."""
    name = listing.instance.name
    action = ending.lapse(desk, db, actions.live_on(db, listing.instance.id))
    if action is None:
        return
    if action.state != "pending":
        raise Refused(f"{name} is about to be stopped (<@{action.decider}> approved it).")
    outcome = f"<@{person}> claimed {name} first."
    ending.end(desk, db, action, "cancelled", outcome=outcome, who=person, did="cancelled the stop")


def expire(desk: Desk) -> None:
    """Close the requests nobody answered in time."""
    now = desk.clock()
    over = [each for each in actions.in_state(desk.store.reading(), "pending") if each.expires_at <= now]
    for action in over:
        with desk.store.writing() as db:
            ending.lapse(desk, db, action)
    if over:
        desk.wake()
