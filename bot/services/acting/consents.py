"""Asking holders first: a stop of what others hold reaches those who decide once each holder has had their say.

One who still needs it ends it, until it is being stopped. Silence, and a claim that has ended, pass the question on.
"""

import secrets

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import VALET, Action, StopFacts
from bot.domain.acting.approvals import NAG_PAUSE_MS, OPEN_ANSWERS, Consent, ConsentAnswer
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import Claim
from bot.errors import Refused
from bot.services import audit
from bot.services.acting import endings, scenes
from bot.services.context import Context
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.sharing import claims as stored_claims

UNDONE = frozenset({"pending", "approved"})
"""Nothing has been done yet that a holder's no could come too late for."""
SAID: dict[ConsentAnswer, str] = {
    "agreed": "said it may be stopped",
    "needed": "still needs it, so it is not stopped",
    "late": "still needs it, so it is not stopped",
}


def check(ctx: Context, db: Database, listing: Listing, requester: str) -> None:
    """Raises Refused when a holder has said just lately that they still need it."""
    for held in listing.claims:
        if held.holder != requester and stored_approvals.needed_since(db, held.id, ctx.clock() - NAG_PAUSE_MS):
            when = f"{parts.person(held.holder)} was asked less than {NAG_PAUSE_MS // HOUR_MS} hours ago"
            raise Refused(f"{when} and still needs {listing.instance.name}. Talk to them.")


def ask_holders(ctx: Context, db: Database, action: Action) -> bool:
    """Ask everybody else who holds it; False when nobody does, so that it can be decided at once."""
    if not isinstance(action.facts, StopFacts) or action.requester == VALET:
        return False
    now, wait = ctx.clock(), ctx.settings.actions.holder_minutes * MINUTE_MS
    others = [held for held in action.facts.held if held[1] != action.requester]
    for claim_id, holder in others:
        claim = stored_claims.by_id(db, claim_id)
        until = claim.until_at if claim else now
        stored_approvals.add(db, Consent(secrets.token_hex(16), action.id, claim_id, holder, until, now, now + wait))
    if others:
        stored_approvals.set_deadline(db, action.id, now + wait + ctx.settings.answer_within)
    return bool(others)


def answer_consent(ctx: Context, consent_id: str, person: str, *, agrees: bool) -> None:
    """What the holder says. Raises Refused."""
    now, stop = ctx.clock(), _asked_about(ctx, consent_id)
    tried = "agree to the stop" if agrees else "keep it from the stop"
    with audit.kept(ctx, person, tried, stop.subject), ctx.store.writing() as db:
        consent = stored_approvals.by_id(db, consent_id)
        if consent is None or consent.holder != person:
            raise Refused("Only the holder can answer this.")
        action = endings.lapse(ctx, db, actions.by_id(db, stop.id))
        if action is None or action.state not in UNDONE:
            raise Refused(f"This is over already. {parts.gpu('status mine')} shows what you hold.")
        if not agrees:
            _needs(ctx, db, action, consent)
        elif not stored_approvals.note_consent_answer(db, consent.id, "agreed", now):
            raise Refused("This has been answered already, or nobody did in time, so those who decide are asked.")
        else:
            _follow(ctx, db, action, consent, "agreed")
    ctx.wake()


def _asked_about(ctx: Context, consent_id: str) -> Action:
    db = ctx.store.reading()
    consent = stored_approvals.by_id(db, consent_id)
    action = actions.by_id(db, consent.action_id) if consent else None
    if action is None:
        raise Refused("This question is not known here any more.")
    return action


def _needs(ctx: Context, db: Database, action: Action, consent: Consent) -> None:
    """A no counts whenever it is said before the machine is being stopped. Raises Refused."""
    claim = stored_claims.by_id(db, consent.claim_id)
    if claim is None or claim.ended_at is not None:
        raise Refused(
            f"Your claim has ended. {parts.gpu('claim', action.facts.name)} takes it again, and ends the request."
        )
    reply: ConsentAnswer = "late" if consent.answer in OPEN_ANSWERS else "needed"
    if consent.answer not in {"", *OPEN_ANSWERS} or not stored_approvals.note_consent_answer(
        db, consent.id, reply, ctx.clock(), before=consent.answer
    ):
        raise Refused("You have said so already.")
    _follow(ctx, db, action, consent, reply)


def extended(ctx: Context, db: Database, held: Claim) -> None:
    """A claim was extended: its holder needs it, whatever they said or left unsaid before."""
    action = actions.live_on(db, held.instance_id)
    if action is None or action.state not in UNDONE:
        return
    for consent in stored_approvals.consents_about(db, action.id):
        if consent.claim_id == held.id and consent.answer in {"", *OPEN_ANSWERS}:
            _needs(ctx, db, action, consent)


def pass_on(ctx: Context) -> None:
    """Pass on what nobody answered in time, and what has answered itself. Run it every minute."""
    now = ctx.clock()
    for consent in stored_approvals.unanswered_consents(ctx.store.reading()):
        with ctx.store.writing() as db:
            reply = _by_itself(db, consent, now)
            action = actions.by_id(db, consent.action_id)
            if (
                reply
                and action
                and action.state == "pending"
                and stored_approvals.note_consent_answer(db, consent.id, reply, now)
            ):
                _follow(ctx, db, action, consent, reply)
        if reply:
            ctx.wake()


def _by_itself(db: Database, consent: Consent, now: int) -> ConsentAnswer:
    """The answer that there is without one: the claim has ended, it was extended, or the time is over."""
    claim = stored_claims.by_id(db, consent.claim_id)
    if claim is None or claim.ended_at is not None:
        return "ended"
    if claim.until_at > consent.until_at:
        return "needed"
    return "silent" if now >= consent.deadline_at and _is_heard(db, consent, now) else ""


def _is_heard(db: Database, consent: Consent, now: int) -> bool:
    """They could answer for as long as was said, or Slack has no way to them at all."""
    ref = f"consent:{consent.id}"
    if stored_outbox.is_on_its_way(db, consent.holder, ref):
        return False
    posted_at = stored_outbox.posted_at(db, consent.holder, ref) or consent.asked_at
    return now >= consent.deadline_at + max(0, posted_at - consent.asked_at)


def _follow(ctx: Context, db: Database, action: Action, consent: Consent, reply: ConsentAnswer) -> None:
    """What an answer leads to: the end of the stop, or its card, once nobody is left to ask."""
    now = ctx.clock()
    if reply in SAID:
        stored_audit.add(db, now, consent.holder, SAID[reply], subject=action.subject, detail=action.id)
    no = reply in {"needed", "late"}
    if (
        no
        and action.state == "pending"
        and stored_approvals.decide_action(db, action.id, consent.holder, "denied", now)
    ):
        endings.tell_asker(db, action, now)
    elif no:
        outcome = f"{parts.person(consent.holder)} holds it and still needs it."
        endings.end(ctx, db, action, "cancelled", outcome=outcome)
    elif not stored_approvals.hold_back(db, action.id):
        _pass_on(ctx, db, action)
    endings.show_card(ctx, db, action)


def _pass_on(ctx: Context, db: Database, action: Action) -> None:
    """Its card goes to those who decide: with what the machine does by now, and not at all when it works."""
    works = scenes.judge_card_anew(ctx, db, action)
    if works:
        endings.end(ctx, db, action, "cancelled", outcome=works)
    else:
        stored_approvals.set_deadline(db, action.id, ctx.clock() + ctx.settings.answer_within)


def obstacle(db: Database, action: Action) -> str | None:
    """Why nobody decides on it yet; None when they may."""
    unanswered = [consent for consent in stored_approvals.consents_about(db, action.id) if not consent.answer]
    who = parts.persons((consent.holder for consent in unanswered), " and ")
    return f"{who} holds it and is asked first; the card comes when that is answered." if unanswered else None


def consents_of(ctx: Context, action_id: str) -> list[Consent]:
    """What holders were asked about a stop, and what they said."""
    return stored_approvals.consents_about(ctx.store.reading(), action_id)


def consent_by_id(ctx: Context, consent_id: str) -> Consent | None:
    """One question."""
    return stored_approvals.by_id(ctx.store.reading(), consent_id)
