"""Asking for an action and deciding on it, whatever its kind; `executor` carries it out.

Every step is a row before it is a call, so a crash between any two is picked up after the start.
"""

from collections.abc import Callable
from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import BY_RULE, PAST_TENSE, VALET, Action, ActionKind, ActionState
from bot.domain.acting.approvals import refusal_to_approve, refusal_to_break_glass
from bot.domain.acting.snooze import BY_BUTTON, Snooze, by_one_tap
from bot.domain.acting.start import month_micros
from bot.domain.machines.listing import Listing
from bot.domain.money.rates import cost_for
from bot.errors import Refused
from bot.services import audit, digest
from bot.services.acting import allowances, consents, endings, plans
from bot.services.context import Context, team_channel
from bot.services.money import budgets
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions, makings
from store.acting import approvals as stored_approvals
from store.acting import snooze as stored_snooze
from store.machines import listings

PlanAction = Callable[[Database, Listing], Action]


def ask_to_stop(ctx: Context, instance_id: str, requester: str, *, reason: str = "", owner: str = "") -> Action:
    """Ask for a stop; asked twice, it is the same card. Raises Refused with what to do instead.

    `owner` is whose machine it is, where Valet itself asks.
    """
    return _ask(
        ctx,
        "stop",
        instance_id,
        requester,
        lambda db, listing: plans.plan_stop(ctx, db, listing, requester, reason=reason, owner=owner),
        ends_work=bool(reason) and requester != VALET,
    )


def ask_to_start(
    ctx: Context, instance_id: str, requester: str, *, length: int | None = None, note: str = ""
) -> Action:
    """Ask for a start, with a claim of that length once it is ready; asked twice, it is the same card."""
    return _ask(
        ctx,
        "start",
        instance_id,
        requester,
        lambda db, listing: plans.plan_start(ctx, db, listing, requester, length=length, reason=note),
    )


def ask_to_launch(
    ctx: Context, template_name: str, requester: str, *, length: int | None = None, note: str = ""
) -> Action:
    """Ask for a new machine, claimed for that long; asked twice, it is the same card. Raises Refused, NotFound."""
    ctx.freshen()
    subject = f"launch/{template_name}"
    with audit.kept(ctx, requester, "launch it", subject), ctx.store.writing() as db:
        live = endings.lapse(ctx, db, makings.live_launch(db, requester, template_name))
        if live is None:
            planned = plans.plan_launch(ctx, db, template_name, requester, length=length, reason=note)
            live = put_card(ctx, db, planned)
    ctx.wake()
    return live


def ask_to_clone(
    ctx: Context, instance_id: str, requester: str, *, length: int | None = None, note: str = "", reboot: bool = True
) -> Action:
    """Ask for a copy of an instance, claimed for that long; asked twice, it is the same card. Raises Refused."""

    def plan(db: Database, listing: Listing) -> Action:
        return plans.plan_clone(ctx, db, listing, requester, length=length, reason=note, reboot=reboot)

    return _ask(ctx, "clone", instance_id, requester, plan)


def ask_to_resize(
    ctx: Context, instance_id: str, requester: str, kind: str, *, length: int | None = None, reason: str = ""
) -> Action:
    """Ask for a machine of another type in the place of an instance; asked twice, it is the same card. Raises Refused.

    `length` None is what is left of one's claim.
    """

    def plan(db: Database, listing: Listing) -> Action:
        return plans.plan_resize(ctx, db, listing, requester, kind, length=length, reason=reason)

    action = _ask(ctx, "resize", instance_id, requester, plan)
    if action.facts.type != kind.lower():
        raise endings.still_open(action)
    return action


def _ask(
    ctx: Context, kind: ActionKind, instance_id: str, requester: str, plan: PlanAction, *, ends_work: bool = False
) -> Action:
    """`ends_work`: it is meant even if the instance works."""
    ctx.freshen()
    with audit.kept(ctx, requester, f"{kind} it", instance_id), ctx.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        if listing is None:
            raise Refused("That instance is gone.")
        live = _still_meant(ctx, db, listing, kind, ends_work=ends_work)
        action = live or put_card(ctx, db, plan(db, listing))
    ctx.wake()
    return action


def put_card(ctx: Context, db: Database, action: Action) -> Action:
    """Write a new action and its card; where the team's limit allows, it is decided at once."""
    now, action = action.created_at, allowances.with_fair_use(ctx, db, action)
    action = replace(action, facts=replace(action.facts, is_observed=ctx.settings.actions.observe_only))
    free = is_auto_approved(ctx, db, action)
    if not free:
        plans.check_askable(ctx, action)
    actions.add(db, action)
    did = f"asked to {action.kind}"
    stored_audit.add(db, now, action.requester, did, subject=action.subject, detail=action.reason, after=action.state)
    if free:
        stored_approvals.decide_action(db, action.id, BY_RULE, "approved", now)
        did = f"let the {action.kind} pass unasked"
        stored_audit.add(
            db, now, "valet", did, subject=action.subject, detail=action.id, before="pending", after="approved"
        )
    else:
        consents.ask_holders(ctx, db, action)
    endings.show_card(ctx, db, action)
    return actions.by_id(db, action.id) or action


def _still_meant(ctx: Context, db: Database, listing: Listing, kind: ActionKind, *, ends_work: bool) -> Action | None:
    """The live request for this instance; one that could only fail makes way."""
    live, name = endings.lapse(ctx, db, actions.live_on(db, listing.instance.id)), listing.instance.name
    if live is not None and live.state == "pending" and live.launched_at != listing.instance.launched_at:
        endings.end(ctx, db, live, "cancelled", outcome=f"{name} was restarted after the request.")
        return None
    if live is not None and ends_work and plans.began_to_work(ctx, db, live, listing):
        endings.end(ctx, db, live, "cancelled", outcome=f"{name} began to work after the request.")
        return None
    if live is not None and live.kind != kind:
        raise endings.still_open(live)
    return live


def decide(ctx: Context, action_id: str, person: str, *, yes: bool) -> Action:
    """The one decision on an action. Raises Refused when this person may not, or it was decided or lapsed already."""
    ctx.freshen()
    with ctx.store.writing() as db:
        action = actions.by_id(db, action_id)
        if action is None:
            raise Refused("This request is not known here any more.")
        obstacle = decide_within(ctx, db, action, person, yes=yes)
        decided = actions.by_id(db, action_id) or action
    ctx.wake()
    if obstacle:
        raise Refused(obstacle)
    return decided


def decide_within(ctx: Context, db: Database, action: Action, person: str, *, yes: bool) -> str | None:
    """The decision, in the caller's transaction; why it did not count, if it did not."""
    endings.lapse(ctx, db, action)
    current = actions.by_id(db, action.id) or action
    obstacle = _closed(current) or consents.obstacle(db, current) or refusal_to_approve(current, person, ctx.roster())
    if obstacle is None:
        obstacle = _decided(ctx, db, current, person, yes=yes)
    if obstacle:
        audit.note(ctx, db, person, f"{'approve' if yes else 'deny'} the {action.kind}", action.subject, obstacle)
    endings.show_card(ctx, db, action)
    return obstacle


def _decided(ctx: Context, db: Database, action: Action, person: str, *, yes: bool) -> str | None:
    """Write the decision; why it did not count, if it did not."""
    now = ctx.clock()
    state: ActionState = "approved" if yes else "denied"
    if yes and not stored_approvals.say_yes(db, action.id, person, now):
        return "You have approved this already. It needs somebody else's approval, too."
    # Where two have to say yes, the first is counted and the action stays pending.
    waits = yes and _still_needed(ctx, db, action)
    if not waits and not stored_approvals.decide_action(db, action.id, person, state, now):
        return "Somebody else decided this at the same moment."
    did = f"approved the {action.kind}" if yes else _denied(action)
    after = "pending" if waits else state
    stored_audit.add(db, now, person, did, subject=action.subject, detail=action.id, before="pending", after=after)
    if not yes and action.kind == "stop":
        wanted = Snooze(action.instance_id, now + digest.KEEP_FOR, person, now, BY_BUTTON)
        snooze = by_one_tap(stored_snooze.lately(db, action.instance_id, now), wanted)
        if snooze is not None:
            stored_snooze.put_snooze(db, snooze)
    if not yes:
        endings.tell_asker(db, action, now)
    return None


def _still_needed(ctx: Context, db: Database, action: Action) -> bool:
    """Whether it takes more yeses of people who may say so now."""
    current, roster = actions.by_id(db, action.id) or action, ctx.roster()
    counted = [person for person in current.yeses if refusal_to_approve(action, person, roster) is None]
    return len(counted) < action.facts.approvals


def _denied(action: Action) -> str:
    return "kept it running" if action.kind == "stop" else f"denied the {action.kind}"


def _closed(action: Action) -> str | None:
    if action.state == "pending":
        return None
    if action.state == "expired":
        return f"Too late: nobody answered in time, so nothing was done. Ask again with {parts.gpu(action.kind)}."
    who = f" by {action.decided_by}" if action.decider else ""
    return f"Already {action.state}{who}."


def make_way(ctx: Context, db: Database, listing: Listing, person: str, *, giver: str = "") -> None:
    """Somebody wants to use this instance: a stop (or a resize, which ends with one) nobody has decided yet is off.

    `giver` is whose claim they take over, if they do. Raises Refused when it is too late, or when the instance is on
    its way to somebody else.
    """
    name = listing.instance.name
    action = endings.lapse(ctx, db, actions.live_on(db, listing.instance.id))
    if action is None or (action.kind == "resize" and person == action.requester):
        return
    if action.kind not in {"stop", "resize"} or action.made_id == listing.instance.id:
        _leave_to(action, listing, person)
        return
    if action.state != "pending":
        raise Refused(f"{name} is about to be {PAST_TENSE[action.kind]} ({action.decided_by} approved it).")
    got = f"took {name} over from {parts.person(giver)}" if giver else f"claimed {name} first"
    outcome = f"{parts.person(person)} {got}."
    endings.end(ctx, db, action, "cancelled", outcome=outcome, who=person, did=f"cancelled the {action.kind}")


def _leave_to(action: Action, listing: Listing, person: str) -> None:
    """What is being started or made for somebody is theirs; copying a machine takes it from nobody."""
    comes = action.made_id == listing.instance.id or (action.kind == "start" and action.state == "executing")
    if comes and person != action.requester:
        done = PAST_TENSE[action.kind]
        raise Refused(f"{listing.instance.name} was {done} for {action.asker}, who gets it as soon as it is ready.")


def ask_again(ctx: Context, action: Action, person: str) -> Action:
    """Ask for the same once more, on the same terms. Raises Refused, NotFound."""
    length, reason, machine = action.length, action.reason, action.instance_id
    match action.kind:
        case "stop":
            return ask_to_stop(ctx, machine, person, reason=reason)
        case "start":
            return ask_to_start(ctx, machine, person, length=length, note=reason)
        case "launch":
            return ask_to_launch(ctx, action.template, person, length=length, note=reason)
        case "clone":
            return ask_to_clone(ctx, machine, person, length=length, note=reason, reboot=action.reboots)
        case "resize":
            return ask_to_resize(ctx, machine, person, action.facts.type, length=length, reason=reason)


def say_why(ctx: Context, action_id: str, person: str, reason: str) -> Action:
    """Why somebody said no: whoever asked is told, and the card shows it. Raises Refused."""
    with ctx.store.writing() as db:
        action = actions.by_id(db, action_id)
        if action is None or action.state != "denied" or action.decider != person:
            raise Refused("Only whoever said no to a request can say why.")
        if not reason:
            raise Refused("Say why in a few words, or close the form: your no counts already.")
        if not actions.note_reason(db, action_id, reason):
            raise Refused("You have said why already.")
        now = ctx.clock()
        stored_audit.add(db, now, person, "said why not", subject=action.subject, detail=reason, after="denied")
        endings.show_card(ctx, db, action)
        endings.tell_news(db, action, "why", now)
        denied = actions.by_id(db, action_id) or action
    ctx.wake()
    return denied


def call_off(ctx: Context, action_id: str, person: str) -> Action:
    """Give up what one has asked for, while no call is under way. Raises Refused."""
    now, action = ctx.clock(), actions.by_id(ctx.store.reading(), action_id)
    if action is None:
        raise Refused("This request is not known here any more.")
    with audit.kept(ctx, person, f"call the {action.kind} off", action.subject), ctx.store.writing() as db:
        if person != action.requester:
            raise Refused(f"Only {action.asker}, who asked for it, can call it off.")
        outcome = f"{parts.person(person)} called it off."
        if not actions.cancel_uncalled(db, action, finished_at=now, outcome=outcome):
            raise Refused("It is under way or over, so it can't be called off any more.")
        stored_audit.add(db, now, person, f"called the {action.kind} off", subject=action.subject, detail=action.id)
        endings.show_card(ctx, db, action)
        if action.batch:  # they know what came of this one, and nothing yet of the others
            endings.tell_asker(db, action, now)
        ended = actions.by_id(db, action_id) or action
    ctx.wake()
    return ended


def is_open(ctx: Context, action_id: str) -> bool:
    """Whether a request waits for an answer."""
    action = actions.by_id(ctx.store.reading(), action_id)
    return action is not None and action.state == "pending"


def expire(ctx: Context) -> None:
    """Close the requests nobody answered in time."""
    now = ctx.clock()
    lapsed = [action for action in actions.in_state(ctx.store.reading(), "pending") if action.expires_at <= now]
    for action in lapsed:
        with ctx.store.writing() as db:
            endings.lapse(ctx, db, action)
    if lapsed:
        ctx.wake()


def break_glass(ctx: Context, listing: Listing, kind: ActionKind, person: str, why: str) -> Action:
    """Decide on one's own pending request. All that is looked at before it is carried out stays. Raises Refused."""
    now, name = ctx.clock(), listing.instance.name
    attempt = audit.kept(ctx, person, f"break the glass for the {kind}", listing.instance.id)
    with attempt, ctx.store.writing() as db:
        action = endings.lapse(ctx, db, actions.live_on(db, listing.instance.id))
        if action is None or action.kind != kind or action.state != "pending":
            raise Refused(f"No such request waits for an answer. Ask first, with {parts.gpu(kind, name)}.")
        obstacle = consents.obstacle(db, action) or refusal_to_break_glass(action, person, ctx.roster())
        if obstacle:
            raise Refused(obstacle)
        if not why:
            raise Refused(
                f"It takes a reason, which is posted: {parts.gpu(kind, name, '--break-glass it blocks the demo')}."
            )
        if not stored_approvals.break_glass(db, action.id, person, why, now):
            raise Refused("Somebody else decided this at the same moment.")
        did = f"broke the glass for the {kind}"
        stored_audit.add(db, now, person, did, subject=action.subject, detail=why, before="pending", after="approved")
        ref = f"break-glass:{action.id}"
        stored_outbox.tell(db, team_channel(ctx, action.team), ref, kind="break_glass", subject=action.id, now=now)
        endings.show_card(ctx, db, action)
        passed = actions.by_id(db, action.id) or action
    ctx.wake()
    return passed


def is_auto_approved(ctx: Context, db: Database, action: Action) -> bool:
    """Whether nobody need be asked: it stays within the team's limit, counting what runs by this rule already."""
    limit, rate = ctx.settings.unasked_micros(action.team), action.facts.rate_micros
    if action.kind not in {"start", "launch"} or not limit or rate is None:
        return False
    if allowances.fair_use_asks(ctx, action):
        return False
    if ctx.roster().team_of(action.requester) != action.team:
        return False
    if budgets.asks_over_budget(ctx, action.team):
        costs = cost_for(rate, action.length or 0)
        known = budgets.budget_limits(ctx, db, action.team, action.facts.type, action.instance_id)
        if any(spent + costs > budget for _, budget, spent in known):
            return False
    return month_micros(rate + actions.rule_micros(db, action.team, but=action.id)) < limit


def auto_approval_ended(ctx: Context, db: Database, action: Action) -> str | None:
    """Why a decision by this rule does not hold any more; None when it does, or a person decided."""
    if action.decider != BY_RULE or is_auto_approved(ctx, db, action):
        return None
    return "It no longer stays within what the team may start unasked. Ask again, and an approver decides."
