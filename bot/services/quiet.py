"""Nobody is woken: what Valet says by itself waits for the morning, but for what can't wait.

One table says of each kind of message which it is. A message is looked at as it is about to be sent, so what was chosen
since it was written counts; and one that has been overtaken meanwhile is never sent.
"""

from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS
from bot.domain.own_settings import USUAL_QUIET, quiet_until
from bot.services import digest
from bot.services.context import Context
from store import own_settings as stored_own_settings
from store import settings_reads as stored_settings_reads
from store.acting import drain as stored_drain
from store.machines import notices as stored_notices
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import handovers as stored_handovers
from store.sharing import line as stored_line
from store.sharing import requests as stored_requests
from store.sharing import unclaimed as stored_unclaimed

Timing = Literal["at once", "answer", "waits"]
"""at once: it can't wait, or comes at a time that people have set. answer: follows what somebody did; it waits only for
a person who was not there within `AT_IT_MS`. waits: for the morning of the person, or of the channel's team."""
AT_IT_MS = 30 * MINUTE_MS
"""Who has typed or pressed something so lately is awake."""

TIMING: dict[str, Timing] = {
    # A stop that is about to happen to what somebody holds, or their word on it.
    **dict.fromkeys(("consent", "parking", "parking_soon", "parking_own", "break_glass"), "at once"),
    # They have a time of their own, which people set.
    **dict.fromkeys(("digest", "weekly", "own_digest"), "at once"),
    # A booking of one's own begins, and is given up where nobody says a word.
    **dict.fromkeys(("slot", "slot_soon"), "at once"),
    # What becomes of what somebody asked for.
    **dict.fromkeys(("action_card", "batch_card", "card_elsewhere", "action_news", "action_ended"), "answer"),
    **dict.fromkeys(("batch_ended", "grant_card", "grant_ended", "hours_set", "hours_wish"), "answer"),
    **dict.fromkeys(("hours_wish_ended", "run", "run_ended", "run_refused"), "answer"),
    **dict.fromkeys(("offer", "answer", "handover_answer", "welcome", "joined"), "answer"),
    # What others ask of somebody, and what Valet asks or tells by itself.
    **dict.fromkeys(
        ("request", "handover", "waited_for", "keep_question", "keep_waited_for", "squat", "card_reminder"), "waits"
    ),
    **dict.fromkeys(("claim_reminder", "claim_ended", "claim_cut", "line_ended"), "waits"),
    **dict.fromkeys(("snooze_ended", "launch_over", "drain", "waking", "not_parked", "hours_void"), "waits"),
    **dict.fromkeys(("machine_notice", "retirement", "budget", "unusual_day"), "waits"),
    # While the clock is wrong, nobody can say whose night it is.
    **dict.fromkeys(("clock_off", "clock_right"), "at once"),
    # Follows what an admin did on Valet's machine.
    "restored": "at once",
    # Valet's other troubles; while it is in any, it stops nothing.
    **dict.fromkeys(("undelivered", "roster", "backup_failed"), "waits"),
    **dict.fromkeys(("sources_failing", "sources_again", "settings_changed", "settings_refused"), "waits"),
}
"""Of each kind of message; a kind that is not here waits."""


def timing_of(kind: str) -> Timing:
    """Whether a kind of message waits for the morning."""
    return TIMING.get(kind, "waits")


def held_until(ctx: Context, kind: str, place: str) -> int | None:
    """Until when a message that nobody has seen yet has to wait; None where it may be sent now."""
    timing = timing_of(kind)
    if timing == "at once":
        return None
    if not is_person(place):
        return _night_of_channel(ctx, place) if timing == "waits" else None
    if timing == "answer" and is_at_it(ctx, place):
        return None
    return night_of(ctx, place)


def is_person(place: str) -> bool:
    """A Slack user id; channels begin otherwise."""
    return place.startswith(("U", "W"))


def is_at_it(ctx: Context, person: str) -> bool:
    """Whether they have just used Valet."""
    last = ctx.presence.last(person)
    return last is not None and 0 <= ctx.clock() - last < AT_IT_MS


def night_of(ctx: Context, person: str) -> int | None:
    """When the quiet hours end that a person has now; None where they have none now. May ask Slack for their zone."""
    own = stored_own_settings.own_settings_of(ctx.store.reading(), person)
    return quiet_until(ctx.clock(), ZoneInfo(ctx.zone(person)), own.quiet)


def is_asleep(ctx: Context, person: str) -> bool:
    """They have quiet hours now, and nothing shows that they are there all the same."""
    return not is_at_it(ctx, person) and night_of(ctx, person) is not None


def _night_of_channel(ctx: Context, channel: str) -> int | None:
    zone = digest.zones(ctx).get(channel, ctx.settings.digest.timezone)
    return quiet_until(ctx.clock(), ZoneInfo(zone), USUAL_QUIET)


def is_muted(ctx: Context, kind: str, subject: str, person: str) -> bool:
    """Whether it is only news of a machine of which this person wants none."""
    own = stored_own_settings.own_settings_of(ctx.store.reading(), person)
    machine_of = MACHINE_OF.get(kind)
    return bool(own.muted) and machine_of is not None and machine_of(ctx.store.reading(), subject) in own.muted


def _machine_of_claim(db: Database, claim_id: str) -> str:
    claim = stored_claims.by_id(db, claim_id.partition("|")[0])
    return claim.instance_id if claim else ""


def _machine_of_notice(db: Database, number: str) -> str:
    notice = stored_notices.by_id(db, int(number))
    return notice.instance_id if notice else ""


def _machine_of_use(db: Database, use_id: str) -> str:
    use = stored_unclaimed.by_id(db, use_id)
    return use.instance_id if use else ""


MACHINE_OF: dict[str, Callable[[Database, str], str]] = {
    "claim_reminder": _machine_of_claim,
    "claim_cut": _machine_of_claim,
    "waited_for": _machine_of_claim,
    "machine_notice": _machine_of_notice,
    "squat": _machine_of_use,
    "snooze_ended": lambda _db, subject: subject.partition("|")[0],
}
"""By kind, which machine a message is about, of those that can be muted: none that asks for a word that counts."""


def is_overtaken(ctx: Context, kind: str, subject: str) -> bool:
    """Whether a message that has waited has nothing to say any more: what it told of, or asked, is over."""
    is_over = IS_OVER.get(kind)
    return is_over is not None and is_over(ctx.store.reading(), subject)


def _is_reminder_over(db: Database, claim_id: str) -> bool:
    """The claim has ended otherwise than by its time: its holder did it, or is told of it by another message."""
    claim = stored_claims.by_id(db, claim_id)
    return claim is None or (claim.ended_at is not None and claim.end_reason != "expired")


def _is_claim_over(db: Database, claim_id: str) -> bool:
    claim = stored_claims.by_id(db, claim_id)
    return claim is None or claim.ended_at is not None


def _is_checkin_over(db: Database, batch: str) -> bool:
    return all(checkin.state != "open" for checkin in stored_checkins.checkins_in_batch(db, batch))


def _is_one_checkin_over(db: Database, checkin_id: str) -> bool:
    checkin = stored_checkins.by_id(db, checkin_id)
    return checkin is None or checkin.state != "open"


def _is_notice_over(db: Database, number: str) -> bool:
    notice = stored_notices.by_id(db, int(number))
    return notice is None or notice.over_at is not None


def _is_request_over(db: Database, request_id: str) -> bool:
    request = stored_requests.by_id(db, request_id)
    return request is None or request.answer != "" or _is_claim_over(db, request.claim_id)


def _is_use_over(db: Database, use_id: str) -> bool:
    use = stored_unclaimed.by_id(db, use_id)
    return use is None or use.state != "asked"


def _is_offer_over(db: Database, offer_id: str) -> bool:
    offer = stored_line.offer_by_id(db, offer_id)
    return offer is None or offer.state != "open"


def _is_handover_over(db: Database, offer_id: str) -> bool:
    handover = stored_handovers.by_id(db, offer_id)
    return handover is None or handover.state != "open"


def _is_drain_over(db: Database, drain_id: str) -> bool:
    drain = stored_drain.by_id(db, drain_id)
    return drain is None or drain.ended_at is not None


def _is_refusal_over(db: Database, _sentence: str) -> bool:
    read = stored_settings_reads.settings_read(db)
    return read is not None and not read.refused


IS_OVER: dict[str, Callable[[Database, str], bool]] = {
    "claim_reminder": _is_reminder_over,
    "waited_for": _is_claim_over,
    "keep_question": _is_checkin_over,
    "keep_waited_for": _is_one_checkin_over,
    "machine_notice": _is_notice_over,
    "request": _is_request_over,
    "squat": _is_use_over,
    "offer": _is_offer_over,
    "handover": _is_handover_over,
    "drain": _is_drain_over,
    "settings_refused": _is_refusal_over,
}
