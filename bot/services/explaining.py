"""`/gpu why`: everything that leads to a verdict, and what will happen next."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain import tags
from bot.domain.acting.actions import Action
from bot.domain.digest import next_due
from bot.domain.listing import Listing
from bot.domain.measuring.explanation import Explanation
from bot.domain.measuring.heard import Heard
from bot.errors import Refused
from bot.services import digesting, silences
from bot.services.acting import owned, planning, scenes
from bot.services.desk import Desk, channel_of
from bot.services.measuring import judging
from bot.services.money import unused
from store.acting import actions, consents, snoozes
from store.measuring import hosts, minutes


def explain(desk: Desk, listing: Listing, viewer: str) -> Explanation:
    """All that counts for one instance, as of now, for whoever asks."""
    db, now, rule, instance = desk.store.reading(), desk.clock(), desk.settings.rule_of(listing.team), listing.instance
    verdict = scenes.verdict_of(desk, db, instance)
    action, told = actions.live_on(db, instance.id), hosts.of(db, instance.id)
    stop = None if action else _stop_or_why_not(desk, db, listing, viewer)
    spell = unused.of_spell(desk, replace(listing, verdict=verdict)) if listing.rate else None
    return Explanation(
        listing=listing,
        rule=rule,
        verdict=verdict,
        traces=tuple(minutes.traces_of(db, instance.id, now, window_minutes=rule.window_minutes)),
        others=tuple(judging.other_sources(desk, db, instance, rule)),
        strip=judging.strip(desk, db, instance.id, now),
        heard=told,
        missing_gpus=owned.missing(desk, db, listing, told),
        exemption=desk.exemption(instance),
        snooze=snoozes.on(db, instance.id, now),
        action=action,
        asked_first=tuple(each.holder for each in consents.of(db, action.id) if not each.answer) if action else (),
        obstacle=stop if isinstance(stop, str) else None,
        planned=None if isinstance(stop, str) else stop,
        booked=scenes.next_slot(db, instance.id),
        digest_at=_next_digest(desk, listing, now),
        unused_micros=spell.idle_micros if spell else None,
        tag_doubts=tuple(tags.doubts(instance.tags, desk.settings.known_tags)) if instance.provider == "ec2" else (),
        silent=silences.of_machines(desk, [instance.id]),
        unused_day_micros=unused.of_machine(desk, instance.id, unused.day_before(now), now + 1).idle_micros,
    )


def _stop_or_why_not(desk: Desk, db: Database, listing: Listing, viewer: str) -> Action | str:
    """The stop that would be asked for just now without a reason; else the sentence that refuses it."""
    try:
        planned = planning.stop(desk, db, listing, viewer, reason="")
        planning.check_askable(desk, planned)
    except Refused as error:
        return str(error)
    return planned


def heard(desk: Desk, instance_id: str) -> Heard | None:
    """What the agent of an instance says of itself; None where none ever reported."""
    return hosts.of(desk.store.reading(), instance_id)


def _next_digest(desk: Desk, listing: Listing, now: int) -> int | None:
    zone = digesting.zones(desk).get(channel_of(desk, listing.team))
    if zone is None or not desk.settings.digest.enabled:
        return None
    return next_due(now, zone, desk.settings.digest.at)
