"""How an action ends: its state, its card, and the note to whoever asked, in one transaction."""

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import NOBODY_ASKED, NOTHING_CAME, PAST_TENSE, Action, ActionState
from bot.errors import RequestOpen
from bot.services import digest
from bot.services.acting import card_reminders
from bot.services.context import Context, team_channel
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import rule_stops as stored_rule_stops


def end(
    ctx: Context, db: Database, action: Action, state: ActionState, *, outcome: str, who: str = "valet", did: str = ""
) -> bool:
    """End an action that is still as `action` has it; False, and nothing is said, when it has moved on."""
    now = ctx.clock()
    # A compare-and-set: whoever comes second ends nothing, and tells nobody anything.
    if not actions.move(db, action.id, action.state, state, finished_at=now, outcome=outcome):
        return False
    did, detail = (did, action.id) if did else (f"{action.kind} {state}", outcome)
    stored_audit.add(db, now, who, did, subject=action.subject, detail=detail, before=action.state, after=state)
    show_card(ctx, db, action)
    tell_asker(db, action, now)
    if state == "done":
        _tell_holders(db, action, now)
    return True


def _tell_holders(db: Database, action: Action, now: int) -> None:
    """Whoever was asked before hears that it was done: their question, edited, notifies nobody."""
    for consent in stored_approvals.consents_about(db, action.id):
        stored_outbox.tell(
            db, consent.holder, f"action-end:{action.id}", kind="action_ended", subject=action.id, now=now
        )


def lapse(ctx: Context, db: Database, action: Action | None) -> Action | None:
    """The action, unless nobody answered it in time: then it is closed and gone."""
    if action is None or action.state != "pending" or action.expires_at > ctx.clock():
        return action
    was_posted = stored_outbox.was_sent(db, card_ref(action), action.expires_at)
    outcome = "Nobody answered in time." if was_posted else NOBODY_ASKED
    end(ctx, db, action, "expired", outcome=outcome, did="let the request end")
    return None


def still_open(action: Action) -> RequestOpen:
    """Why nothing else can be asked for a machine while this is under way, with its card."""
    name = action.facts.name
    becomes = f" to a {action.facts.type}" if action.kind == "resize" else ""
    if action.state == "pending":
        until = parts.moment(action.expires_at)
        said = f"{action.asker}'s request to {action.kind} {name}{becomes} is open until {until}. Decide that first."
    else:
        said = f"{name} is being {PAST_TENSE[action.kind]}{becomes}. Ask again once that is done."
    return RequestOpen(said, card_ref(action))


def card_ref(action: Action) -> str:
    """The name of its card in the outbox."""
    return f"batch:{action.batch}" if action.batch else f"action:{action.id}"


def show_card(ctx: Context, db: Database, action: Action) -> None:
    """Bring its card or the holders' questions up to date, and the digest; all are drawn when they are sent."""
    channel = team_channel(ctx, action.team)
    for consent in stored_approvals.consents_about(db, action.id):
        ref = f"consent:{consent.id}"
        stored_outbox.tell(db, consent.holder, ref, kind="consent", subject=consent.id, now=ctx.clock())
    if action.facts.parked_at is not None:
        _show_by_rule(db, action, channel, ctx.clock())
    elif not action.facts.rule and not stored_approvals.hold_back(db, action.id):
        kind, subject = ("batch_card", action.batch) if action.batch else ("action_card", action.id)
        for place in {channel, *stored_outbox.message_places(db, card_ref(action))}:
            stored_outbox.tell(db, place, card_ref(action), kind=kind, subject=subject, now=ctx.clock())
        card_reminders.edit_reminders(db, card_ref(action), f"{kind.removesuffix('_card')} {subject}", ctx.clock())
    if action.instance_id:
        digest.refresh_digest(ctx, db, action.instance_id)


def _show_by_rule(db: Database, action: Action, channel: str, now: int) -> None:
    """A stop by rule is in its notice; a start is told of once one has come to nothing, until one has not."""
    parked_at, instance_id = action.facts.parked_at, action.instance_id
    if action.kind == "stop":
        stored_outbox.tell(
            db, channel, f"parking:{parked_at}", kind="parking", subject=f"{channel}|{parked_at}", now=now
        )
        _show_failed_rule_stop(db, action, channel, now)
    elif parked_at is not None and any(
        start.state in NOTHING_CAME for start in actions.starts_by_rule(db, instance_id, parked_at)
    ):
        subject = f"{instance_id}|{parked_at}"
        stored_outbox.tell(db, channel, f"waking:{subject}", kind="waking", subject=subject, now=now)


def _show_failed_rule_stop(db: Database, action: Action, channel: str, now: int) -> None:
    """A stop by rule that came to nothing, once, until it has not: its notice, edited, notifies nobody."""
    rule_stop = stored_rule_stops.of_action(db, action.id)
    if rule_stop is None:
        return
    planned = stored_rule_stops.of_basis(db, rule_stop.instance_id, rule_stop.rule, rule_stop.basis_at)
    stops = [actions.by_id(db, planned_stop.action_id) for planned_stop in planned if planned_stop.action_id]
    if any(planned_stop is not None and planned_stop.state in {"failed", "unknown"} for planned_stop in stops):
        subject = f"{rule_stop.instance_id}|{rule_stop.rule}|{rule_stop.basis_at}"
        stored_outbox.tell(db, channel, f"not-parked:{subject}", kind="not_parked", subject=subject, now=now)


def tell_news(db: Database, action: Action, stage: int | str, now: int) -> None:
    """Tell the one who asked how far it is; each try, and each other stage, in a message of its own."""
    subject = f"{action.id} {stage}"
    stored_outbox.tell(db, action.told, f"action-news:{subject}", kind="action_news", subject=subject, now=now)


def tell_asker(db: Database, action: Action, now: int) -> None:
    """Tell the one who asked, in person: an edited card notifies nobody. Of a batch they hear once, at its end."""
    if action.batch:
        if not any(stop.is_live for stop in actions.of_batch(db, action.batch)):
            ref = f"batch-end:{action.batch}"
            stored_outbox.tell(db, action.told, ref, kind="batch_ended", subject=action.batch, now=now)
        return
    ref = f"action-end:{action.id}"
    stored_outbox.tell(db, action.told, ref, kind="action_ended", subject=action.id, now=now)
