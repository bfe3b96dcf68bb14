"""`/gpu why`: everything that leads to a verdict, and what will happen next."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import Action
from bot.domain.digest import next_due
from bot.domain.machines import tags
from bot.domain.machines.listing import Listing
from bot.domain.machines.readings import AgentReport
from bot.domain.machines.why import Explanation
from bot.errors import Refused
from bot.services import digest
from bot.services.acting import plans, scenes
from bot.services.context import Context, team_channel
from bot.services.machines import owned, sources
from bot.services.machines import verdict as verdict_service
from bot.services.money import ledger
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import snooze as stored_snooze
from store.machines import agents
from store.machines import readings as stored_readings


def explain_verdict(ctx: Context, listing: Listing, viewer: str) -> Explanation:
    """All that counts for one instance, as of now, for whoever asks."""
    db, now, rule, instance = ctx.store.reading(), ctx.clock(), ctx.settings.rule_of(listing.team), listing.instance
    verdict = scenes.verdict_of(ctx, db, instance)
    action, told = actions.live_on(db, instance.id), agents.report_of(db, instance.id)
    stop = None if action else _stop_or_why_not(ctx, db, listing, viewer)
    spell = ledger.spent_since_idle(ctx, replace(listing, verdict=verdict)) if listing.rate else None
    return Explanation(
        listing=listing,
        rule=rule,
        verdict=verdict,
        traces=tuple(stored_readings.traces_of(db, instance.id, now, window_minutes=rule.window_minutes)),
        others=tuple(verdict_service.other_sources(ctx, db, instance, rule)),
        strip=verdict_service.activity_strip(ctx, db, instance.id, now),
        heard=told,
        missing_gpus=owned.missing_gpus(ctx, db, listing, told),
        exemption=ctx.exemption(instance),
        snooze=stored_snooze.on(db, instance.id, now),
        action=action,
        asked_first=tuple(each.holder for each in stored_approvals.consents_about(db, action.id) if not each.answer)
        if action
        else (),
        obstacle=stop if isinstance(stop, str) else None,
        planned=None if isinstance(stop, str) else stop,
        booked=scenes.next_slot(db, instance.id),
        digest_at=_next_digest(ctx, listing, now),
        unused_micros=spell.idle_micros if spell else None,
        tag_doubts=tuple(tags.tag_doubts(instance.tags, ctx.settings.known_tags)) if instance.provider == "ec2" else (),
        silent=sources.unread_of(ctx, [instance.id]),
        unused_day_micros=ledger.spent_of_machine(ctx, instance.id, ledger.day_before(now), now + 1).idle_micros,
    )


def _stop_or_why_not(ctx: Context, db: Database, listing: Listing, viewer: str) -> Action | str:
    """The stop that would be asked for just now without a reason; else the sentence that refuses it."""
    try:
        planned = plans.plan_stop(ctx, db, listing, viewer, reason="")
        plans.check_askable(ctx, planned)
    except Refused as error:
        return error.sentence
    return planned


def agent_report(ctx: Context, instance_id: str) -> AgentReport | None:
    """What the agent of an instance says of itself; None where none ever reported."""
    return agents.report_of(ctx.store.reading(), instance_id)


def _next_digest(ctx: Context, listing: Listing, now: int) -> int | None:
    zone = digest.zones(ctx).get(team_channel(ctx, listing.team))
    if zone is None or not ctx.settings.digest.enabled:
        return None
    return next_due(now, zone, ctx.settings.digest.at)
