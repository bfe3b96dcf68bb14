"""`/gpu why`: everything that leads to a verdict, and what will happen next."""

from bot.domain.acting.obstacles import Scene, obstacle_to_stop
from bot.domain.digest import next_due
from bot.domain.listing import Listing
from bot.domain.measuring.explanation import Explanation
from bot.services import digesting
from bot.services.desk import Desk, channel_of
from bot.services.measuring import judging
from store import actions, minutes, rollups, snoozes


def explain(desk: Desk, listing: Listing) -> Explanation:
    """All that counts for one instance, as of now."""
    db, now, rule, instance = desk.store.reading(), desk.clock(), desk.settings.rule_of(listing.team), listing.instance
    verdict = judging.judge_now(desk, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)
    return Explanation(
        listing=listing,
        rule=rule,
        verdict=verdict,
        traces=tuple(minutes.traces_of(db, instance.id, now, window_minutes=rule.window_minutes)),
        others=tuple(judging.other_sources(desk, db, instance, rule)),
        strip=tuple(rollups.strip(db, instance.id, now)),
        exemption=desk.exemption(instance),
        snooze=snoozes.on(db, instance.id, now),
        action=actions.live_on(db, instance.id),
        obstacle=obstacle_to_stop(
            Scene(
                *(instance, listing.claims, verdict, desk.roster(), desk.exemption(instance), desk.protects(instance)),
                switches=desk.switches(instance),
            )
        ),
        digest_at=_next_digest(desk, listing, now),
    )


def _next_digest(desk: Desk, listing: Listing, now: int) -> int | None:
    zone = digesting.zones(desk).get(channel_of(desk, listing.team))
    if zone is None or not desk.settings.digest.enabled:
        return None
    return next_due(now, zone, desk.settings.digest.at)
