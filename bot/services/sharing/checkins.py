"""Asking holders whether they still need what they hold: in the morning what they hold for days, and what nobody uses.

Nothing is given up while a GPU of it works, or while that is not known.
"""

import secrets
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import local
from bot.domain.machines.listing import Listing
from bot.domain.machines.verdict import Verdict
from bot.domain.sharing.checkins import (
    LONG_CLAIM_MS,
    Checkin,
    CheckinState,
    checkin_day,
    claim_idle_since,
    is_worked_on,
    silence_ends,
)
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.line import turns_now
from bot.domain.sharing.reminders import FIRST_REMINDER_MS
from bot.errors import Refused
from bot.services import quiet
from bot.services.context import Context
from bot.services.machines import verdict as verdict_service
from bot.services.sharing import claims, turns
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import snooze as stored_snooze
from store.machines import listings
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sharing import requests as stored_requests

CHECKIN_MESSAGE, WAITED_FOR_MESSAGE = "keep_question", "keep_waited_for"


def run_checkins(ctx: Context) -> None:
    """Settle what can be settled, and ask what is due. Late is fine, twice is not."""
    settle_checkins(ctx)
    ask_idle(ctx)
    ask_mornings(ctx)


def ask_idle(ctx: Context) -> int:
    """Ask those who have claimed what nobody works on, at most once a day; how many were asked."""
    now = ctx.clock()
    before = now - ctx.settings.claims.idle_minutes * MINUTE_MS
    idle = stored_checkins.idle_claims(ctx.store.reading(), before)
    return sum(_ask_idle(ctx, claim_id) for claim_id, _ in idle if _is_idle(ctx, claim_id, before))


def _is_idle(ctx: Context, claim_id: str, before: int) -> bool:
    db, now = ctx.store.reading(), ctx.clock()
    claim = stored_claims.by_id(db, claim_id)
    listing = listings.by_id(db, claim.instance_id) if claim else None
    if claim is None or listing is None or listing.verdict is None or not listing.running:
        return False
    if claim.until_at <= now + FIRST_REMINDER_MS:  # its end is told anyway
        return False
    since = claim_idle_since(claim, listing.verdict)
    if since is None or since > before or stored_checkins.asked_about_claim(db, claim_id, now - DAY_MS):
        return False
    if any(checkin.kind == "idle" for checkin in stored_checkins.open_checkins(db, claim_id=claim_id)):
        return False  # they have not answered the last one yet
    return ctx.exemption(listing.instance) is None and stored_snooze.on(db, claim.instance_id, now) is None


def _ask_idle(ctx: Context, claim_id: str) -> bool:
    now = ctx.clock()
    known = stored_claims.by_id(ctx.store.reading(), claim_id)
    read_at = (quiet.night_of(ctx, known.holder) if known else None) or now
    with ctx.store.writing() as db:
        claim, listing = _scene(db, claim_id)
        if claim is None or listing is None or listing.verdict is None:
            return False
        number = secrets.token_hex(16)
        since = claim_idle_since(claim, listing.verdict)
        deadline = (
            read_at + ctx.settings.claims.answer_minutes * MINUTE_MS if next_people(ctx, db, claim, listing) else None
        )
        stored_checkins.add(
            db,
            Checkin(number, number, claim.id, claim.holder, "idle", "", claim.until_at, since, now, deadline),
        )
        stored_audit.add(db, now, "valet", "asked whether it is needed", subject=claim.instance_id, detail=claim.holder)
        _tell(db, claim.holder, number, now)
    ctx.wake()
    return True


def _scene(db: Database, claim_id: str) -> tuple[Claim | None, Listing | None]:
    """An open claim and its instance."""
    claim = stored_claims.by_id(db, claim_id)
    if claim is None or claim.ended_at is not None:
        return None, None
    return claim, listings.by_id(db, claim.instance_id)


def next_people(ctx: Context, db: Database, claim: Claim, listing: Listing) -> list[str]:
    """Who would get GPUs at once if a claim ended, or has asked its holder for them; the first first."""
    freed = replace(listing, claims=tuple(other for other in listing.claims if other.id != claim.id))
    lines = [first for first, _ in stored_line.first_of_lines(db) if first.could_use(listing.instance)]
    in_line = [
        waiter for waiter in stored_line.waiters_in_lines(db, lines) if stored_line.offer_to(db, waiter.id) is None
    ]
    served = turns_now(in_line, turns.line_vacancies(ctx, db, [freed]), ctx.clock())
    askers = [request.asker for request in stored_requests.unanswered_requests(db, claim.id)]
    people = dict.fromkeys([*askers, *(turn.waiter.person for turn in served)])
    return [person for person in people if person != claim.holder]


def ask_mornings(ctx: Context) -> int:
    """Ask everybody, once on a working morning of theirs, about what they hold for days; how many were asked."""
    now, db, asked_count = ctx.clock(), ctx.store.reading(), 0
    until = now + int(ctx.settings.claims.silence_hours * HOUR_MS)
    by_holder: dict[str, list[str]] = {}
    for claim_id, holder in stored_checkins.long_claims(db, LONG_CLAIM_MS, until):
        by_holder.setdefault(holder, []).append(claim_id)
    for holder, claim_ids in by_holder.items():
        zone = ZoneInfo(ctx.zone(holder))
        day = checkin_day(now, zone)
        if day is not None and not stored_checkins.was_asked_on(db, holder, day.isoformat()):
            asked_count += _ask_morning(ctx, holder, claim_ids, day.isoformat(), zone)
    return asked_count


def _ask_morning(ctx: Context, holder: str, claim_ids: list[str], day: str, zone: ZoneInfo) -> bool:
    now, batch = ctx.clock(), secrets.token_hex(16)
    deadline = silence_ends(now // MINUTE_MS * MINUTE_MS, ctx.settings.claims.silence_hours, zone)
    with ctx.store.writing() as db:
        if stored_checkins.was_asked_on(db, holder, day):
            return False
        claims_to_ask = [claim for claim_id in claim_ids if (claim := _unasked(ctx, db, claim_id, zone))]
        for claim in claims_to_ask:
            number = secrets.token_hex(16)
            stored_checkins.add(
                db,
                Checkin(number, batch, claim.id, holder, "morning", day, claim.until_at, None, now, deadline),
            )
        if claims_to_ask:
            _tell(db, holder, batch, now)
    if claims_to_ask:
        ctx.wake()
    return bool(claims_to_ask)


def _unasked(ctx: Context, db: Database, claim_id: str, zone: ZoneInfo) -> Claim | None:
    """A claim to ask about this morning: it was made before today, and no question about it is open."""
    claim, listing = _scene(db, claim_id)
    if claim is None or listing is None or ctx.exemption(listing.instance):
        return None
    is_new = local(claim.from_at, zone).date() >= local(ctx.clock(), zone).date()
    return None if is_new or stored_checkins.open_checkins(db, claim_id=claim_id) else claim


def settle_checkins(ctx: Context) -> int:
    """Settle questions that have answered themselves, and give up what silence gives up; how many changed."""
    return sum(_settle(ctx, checkin) for checkin in stored_checkins.open_checkins(ctx.store.reading()))


def _settle(ctx: Context, checkin: Checkin) -> bool:
    now, listing = ctx.clock(), None
    read_at = quiet.night_of(ctx, checkin.person) or now
    with ctx.store.writing() as db:
        claim = stored_claims.by_id(db, checkin.claim_id)
        if claim is None or claim.ended_at is not None:
            by_holder = claim is not None and claim.end_reason == "released" and claim.ended_by == claim.holder
            changed = _close(db, checkin, "released" if by_holder else "ended", now)
        elif claim.until_at > checkin.until_at:
            changed = _close(db, checkin, "kept", now)
        else:
            listing = listings.by_id(db, claim.instance_id)
            changed = listing is not None and _look(ctx, db, (checkin, read_at), claim, listing)
    if changed:
        ctx.wake()
    return changed


def _look(ctx: Context, db: Database, put: tuple[Checkin, int], claim: Claim, listing: Listing) -> bool:
    """What the machine and those who wait say to an open question; with it comes when more of it would be read."""
    checkin, read_at = put
    now, instance = ctx.clock(), listing.instance
    verdict = verdict_service.judge_now(ctx, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)
    deadline = checkin.deadline_at
    over = deadline is not None and now >= deadline and _is_heard(ctx, db, checkin, deadline)
    worked_on = is_worked_on(claim, verdict, is_whole=listing.is_whole(claim))
    if worked_on and (over or checkin.kind == "idle"):
        return _close(db, checkin, "worked", now)
    if checkin.kind == "idle":
        wanted = bool(next_people(ctx, db, claim, listing))
        if wanted != (checkin.deadline_at is not None):
            return _set_deadline(ctx, db, checkin, read_at if wanted else None)
    if not over or not listing.running or not _is_unused(ctx, checkin, claim, verdict):
        return False
    _close(db, checkin, "unused", now)
    return claims.end_claim(ctx, db, claim, "unused")


def _is_heard(ctx: Context, db: Database, checkin: Checkin, deadline: int) -> bool:
    """It was there to be answered for as long as it says: silence on what Slack has not taken is none."""
    posted_at, word = stored_outbox.posted_at(db, checkin.person, f"keep:{checkin.batch}"), _word(checkin, deadline)
    if posted_at is None or stored_outbox.is_held_up(db, checkin.person, word):
        return False
    again, begins = stored_outbox.posted_at(db, checkin.person, word), checkin.asked_at
    if checkin.kind == "idle":  # counted from when it was to be read
        begins = deadline - ctx.settings.claims.answer_minutes * MINUTE_MS
    if again is not None:
        posted_at, begins = max(posted_at, again), deadline - ctx.settings.claims.answer_minutes * MINUTE_MS
    return ctx.clock() >= deadline + max(0, posted_at - begins)


def _word(checkin: Checkin, deadline: int) -> str:
    """The name of the message that somebody waits by now."""
    return f"keep-waited-for:{checkin.id}:{deadline}"


def _is_unused(ctx: Context, checkin: Checkin, claim: Claim, verdict: Verdict) -> bool:
    """Nobody has worked there, by readings of this moment; for a claim found idle, since it was found so."""
    since = claim_idle_since(claim, verdict)
    if since is None:
        return False
    return checkin.kind == "morning" or since <= ctx.clock() - ctx.settings.claims.idle_minutes * MINUTE_MS


def _set_deadline(ctx: Context, db: Database, checkin: Checkin, read_at: int | None) -> bool:
    """Somebody waits by now, so silence counts from now on, and its holder hears so; or nobody does any more."""
    deadline = None if read_at is None else read_at + ctx.settings.claims.answer_minutes * MINUTE_MS
    if not stored_checkins.set_checkin_deadline(db, checkin.id, deadline):
        return False
    at = ctx.clock()
    _tell(db, checkin.person, checkin.batch, at)
    if deadline is not None:  # an edit alone tells nobody
        stored_outbox.tell(
            db,
            checkin.person,
            _word(checkin, deadline),
            kind=WAITED_FOR_MESSAGE,
            subject=checkin.id,
            now=at,
            thread=f"keep:{checkin.batch}",
        )
    return True


def _close(db: Database, checkin: Checkin, state: CheckinState, now: int) -> bool:
    if not stored_checkins.settle_checkin(db, checkin.id, state, now):
        return False
    _tell(db, checkin.person, checkin.batch, now)
    return True


def _tell(db: Database, person: str, batch: str, now: int) -> None:
    stored_outbox.tell(db, person, f"keep:{batch}", kind=CHECKIN_MESSAGE, subject=batch, now=now)


def keep_claim(ctx: Context, batch: str, person: str) -> None:
    """[Keep it]: all that one message asks about. Raises Refused."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        batch_checkins = stored_checkins.checkins_in_batch(db, batch)
        if not batch_checkins or batch_checkins[0].person != person:
            raise Refused("Only the holder can answer this.")
        waiting = [checkin for checkin in batch_checkins if checkin.state == "open"]
        if not waiting:
            raise Refused(f"This is settled already. {parts.gpu('status mine')} shows what you hold.")
        for checkin in waiting:
            for twin in stored_checkins.open_checkins(db, claim_id=checkin.claim_id):
                _close(db, twin, "kept", now)
            claim = stored_claims.by_id(db, checkin.claim_id)
            if claim is not None:
                stored_audit.add(db, now, person, "still needs it", subject=claim.instance_id)
    ctx.wake()


def claim_of_checkin(ctx: Context, question_id: str, person: str) -> Claim:
    """The claim that a question is about, for its holder to release. Raises Refused."""
    db = ctx.store.reading()
    checkin = stored_checkins.by_id(db, question_id)
    claim = stored_claims.by_id(db, checkin.claim_id) if checkin else None
    if checkin is None or claim is None or checkin.person != person or claim.holder != person:
        raise Refused("Only the holder can answer this.")
    if claim.ended_at is not None:
        raise Refused(f"That claim has ended already. {parts.gpu('status mine')} shows what you hold.")
    return claim


def checkins_of_batch(ctx: Context, batch: str) -> list[Checkin]:
    """The questions of one message."""
    return stored_checkins.checkins_in_batch(ctx.store.reading(), batch)


def find_checkin(ctx: Context, question_id: str) -> Checkin | None:
    """One question."""
    return stored_checkins.by_id(ctx.store.reading(), question_id)


def next_people_now(ctx: Context, claim: Claim, listing: Listing) -> list[str]:
    """Who waits for what a claim holds."""
    return next_people(ctx, ctx.store.reading(), claim, listing)
