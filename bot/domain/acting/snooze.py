"""Time-boxed exceptions: an instance that somebody wants left alone until then. Each person has their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS

LONGEST_SNOOZE_MS = 7 * DAY_MS
"""An instance is left alone for so long on end, whoever wants it."""
FOLLOWS_WITHIN_MS = 2 * HOUR_MS
"""A snooze that follows another within this goes on with it."""
SHORTEST_SNOOZE_MS = MINUTE_MS
BY_BUTTON = "by button"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Somebody wants to keep an instance for a while."""

    instance_id: str
    until_at: int
    who: str
    """Slack user id."""
    made_at: int
    reason: str = ""
    since_at: int = 0
    """When the first began of those that followed each other up to this one."""


def snoozed_since(lately: Sequence[Snooze], now: int) -> int:
    """Since when an instance has been left alone on end, by the snoozes that ended within ON_END."""
    return min((snooze.since_at for snooze in lately), default=now)


def snooze_of(lately: Sequence[Snooze], person: str, now: int) -> Snooze | None:
    """The one this person has on it now."""
    return next((snooze for snooze in lately if snooze.who == person and snooze.until_at > now), None)


def by_one_tap(lately: Sequence[Snooze], wanted: Snooze) -> Snooze | None:
    """What one tap comes to: it shortens nothing, and goes as far as may be; None when that is nowhere."""
    now, since = wanted.made_at, snoozed_since(lately, wanted.made_at)
    mine = snooze_of(lately, wanted.who, now)
    until = min(max(wanted.until_at, mine.until_at if mine else 0), since + LONGEST_SNOOZE_MS)
    reason = (mine.reason if mine else "") or wanted.reason
    return replace(wanted, until_at=until, since_at=since, reason=reason) if until - now >= SHORTEST_SNOOZE_MS else None


def used_up_text(name: str, left: int = 0) -> str:
    """What is said to whoever wants more than is left."""
    rest = f"{left // HOUR_MS} h of them are left" if left >= HOUR_MS else "they are over"
    exemption = "an admin can exempt it until a day, with the reason ([[exempt]] in valet.toml)"
    return (
        f"{name} is kept for at most {LONGEST_SNOOZE_MS // DAY_MS} days on end, and {rest}. Beyond that, {exemption}."
    )
