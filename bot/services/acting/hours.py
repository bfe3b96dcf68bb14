"""On-hours: those of an instance and of its team, whether who set them still may, and requests for others."""

import secrets
from collections.abc import Container, Iterable, Sequence

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import BY_SETTINGS
from bot.domain.acting.approvals import rule_setters
from bot.domain.acting.hours import (
    NEVER,
    HoursRequest,
    HoursRequestState,
    HoursRule,
    OnHours,
    hours_request_deciders,
    on_ms,
    parse_hours,
)
from bot.domain.clock import DAY_MS
from bot.domain.machines.listing import Listing
from bot.domain.people import either
from bot.domain.preconditions import Conditions, difference
from bot.errors import Refused
from bot.services import audit
from bot.services.acting import card_reminders
from bot.services.context import Context, team_channel
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import hours as stored_hours
from store.machines import listings
from store.money import ledger as stored_ledger

AS_TEAM = "as its team"


def hours_of(ctx: Context, listing: Listing, own: HoursRule | None) -> OnHours | None:
    """The on-hours that count for an instance: its own, else its team's; None when no window ever stops it."""
    if own is None or not still_counts(ctx, listing, own):
        return as_on_hours(ctx, listing, "")
    return as_on_hours(ctx, listing, own.windows, stop_only=own.stop_only)


def as_on_hours(ctx: Context, listing: Listing, windows: str, *, stop_only: bool = False) -> OnHours | None:
    """What on-hours set as `windows` come to ("": those of its team); None when no window ever stops it."""
    if windows == NEVER:
        return None
    zone, holidays = ctx.settings.zone_of(listing.team), ctx.settings.holidays(listing.team)
    if windows:
        return OnHours(parse_hours(windows), zone, holidays, stop_only)
    team = ctx.settings.teams.get(listing.team)
    if team is None or not team.pausing.hours:
        return None
    return OnHours(parse_hours(team.pausing.hours), zone, holidays, team.pausing.stop_only)


def still_counts(ctx: Context, listing: Listing, own: HoursRule) -> bool:
    """Whether whoever set on-hours still may. Leaving a machine alone takes nobody's right; stopping it does."""
    return own.windows == NEVER or own.set_by in rule_setters(listing.team, ctx.roster())


def own_that_count(ctx: Context, listings: Iterable[Listing]) -> dict[str, HoursRule]:
    """The on-hours that instances have of their own and that count; it is told once where some do no more."""
    own_by_id, standing = stored_hours.own_hours(ctx.store.reading()), dict[str, HoursRule]()
    changed: list[tuple[Listing, HoursRule]] = []
    for listing in listings if own_by_id else ():
        own = own_by_id.get(listing.instance.id)
        if own is None:
            continue
        stands = still_counts(ctx, listing, own)
        if stands:
            standing[own.instance_id] = own
        if stands == (own.void_since is not None):
            changed.append((listing, own))
    if changed:
        _note(ctx, changed, standing)
    return standing


def _note(ctx: Context, changed: Sequence[tuple[Listing, HoursRule]], standing: Container[str]) -> None:
    """Write down what counts again or no more; a channel gets one message per person who set them."""
    now, void = ctx.clock(), dict[tuple[str, str], list[str]]()
    with ctx.store.writing() as db:
        for listing, own in changed:
            stands = own.instance_id in standing
            stored_hours.mark_void(db, own.instance_id, None if stands else now)
            did = "count again" if stands else "count no more"
            detail = f"set by {own.set_by}: {own.windows}"
            stored_audit.add(db, now, "valet", f"let on-hours {did}", subject=own.instance_id, detail=detail)
            if not stands:
                void.setdefault((team_channel(ctx, listing.team), own.set_by), []).append(own.instance_id)
        for (channel, person), instance_ids in void.items():
            ref, subject = f"hours-void:{person}:{now}", " ".join(instance_ids)
            stored_outbox.tell(db, channel, ref, kind="hours_void", subject=subject, now=now)
    ctx.wake()


def setter_of(own: HoursRule | None) -> str:
    """Who decided what follows from on-hours."""
    return own.set_by if own else BY_SETTINGS


def may_set(ctx: Context, listing: Listing, person: str) -> bool:
    """Whether this person sets on-hours; others ask for them."""
    return person in rule_setters(listing.team, ctx.roster())


def set_hours(ctx: Context, listing: Listing, person: str, windows: str, *, stop_only: bool = False) -> None:
    """Give an instance on-hours of its own ("" for its team's again). Raises Refused when this person may not."""
    refuse_owned(listing)
    with audit.kept(ctx, person, "set on-hours", listing.instance.id), ctx.store.writing() as db:
        if not may_set(ctx, listing, person):
            able = sorted(rule_setters(listing.team, ctx.roster()))
            setters = parts.persons(able, nobody="an approver, once one is set")
            raise Refused(f"On-hours stop {listing.instance.name} without asking again, so {setters} sets them.")
        before = write_hours(ctx, db, listing, person, windows, stop_only=stop_only)
        _tell(ctx, db, listing, person, before)
    ctx.wake()


def write_hours(ctx: Context, db: Database, listing: Listing, person: str, windows: str, *, stop_only: bool) -> str:
    """Set on-hours in the name of somebody who may; returns those before, in words. Raises Refused."""
    instance_id, now = listing.instance.id, ctx.clock()
    before = own_in_words(stored_hours.own_hours(db).get(instance_id))
    after = HoursRule(instance_id, windows, stop_only, person, now) if windows else None
    if after is not None:
        stored_hours.set_hours(db, after)
    elif not stored_hours.drop_hours(db, instance_id):
        raise Refused(f"{listing.instance.name} has no on-hours of its own; its team's count.")
    stored_audit.add(db, now, person, "set on-hours", subject=instance_id, before=before, after=own_in_words(after))
    return before


def refuse_owned(listing: Listing) -> None:
    """Raises Refused for a machine that can't have on-hours."""
    instance = listing.instance
    if instance.provider == "owned":
        raise Refused(f"{instance.name} is owned: Valet can't switch it off, so it has no on-hours.")


def own_in_words(own: HoursRule | None) -> str:
    """On-hours as the audit and the channel name them."""
    return hours_in_words(own.windows, stop_only=own.stop_only) if own else AS_TEAM


def hours_in_words(windows: str, *, stop_only: bool) -> str:
    """Windows as they were typed; those of the team where there are none."""
    return f"{windows}{' stop-only' if stop_only else ''}" if windows else AS_TEAM


def _tell(ctx: Context, db: Database, listing: Listing, person: str, before: str) -> None:
    now, instance_id = ctx.clock(), listing.instance.id
    subject, ref = f"{instance_id}|{person}|{before}", f"hours-set:{instance_id}:{now}"
    stored_outbox.tell(db, team_channel(ctx, listing.team), ref, kind="hours_set", subject=subject, now=now)


SAVED_OVER_MS = 28 * DAY_MS


def would_have_saved(ctx: Context, listing: Listing, hours: OnHours) -> int | None:
    """Micro-dollars that on-hours would have saved in the last 4 weeks: what was charged for idleness outside them.

    By the ledger, so it is part of what reports call idle; None where nobody noted when the machine idled.
    """
    now = ctx.clock()
    charged = stored_ledger.idle_charges(ctx.store.reading(), listing.instance.id, now - SAVED_OVER_MS, now)
    known = [row for row in charged if row["idle_ms"] is not None]
    if not known:
        return None
    saved = 0
    for row in known:
        span = row["until_at"] - row["from_at"]
        off = span - on_ms(hours, row["from_at"], row["until_at"])
        saved += row["micros"] * row["idle_ms"] * off // (row["running_ms"] * span)
    return saved


def own_hours(ctx: Context, instance_id: str) -> HoursRule | None:
    """The on-hours an instance has of its own, whether they count or not."""
    return stored_hours.own_hours(ctx.store.reading()).get(instance_id)


def ask_for_hours(ctx: Context, listing: Listing, person: str, windows: str, *, stop_only: bool) -> HoursRequest:
    """Put on-hours to those who may set them; the same once more is the same card. Raises Refused."""
    ctx.freshen()
    refuse_owned(listing)
    instance, now = listing.instance, ctx.clock()
    before = own_in_words(own_hours(ctx, instance.id))
    after = hours_in_words(windows, stop_only=stop_only)
    if before == after:
        raise Refused(f"{instance.name} has just those on-hours already: {after}.")
    request = HoursRequest(
        id=secrets.token_hex(16),
        instance_id=instance.id,
        team=listing.team,
        person=person,
        windows=windows,
        stop_only=stop_only,
        before=before,
        created_at=now,
        expires_at=now + ctx.settings.answer_within,
    )
    if not hours_request_deciders(request, ctx.roster()):
        raise Refused("Nobody could set that. Ask an admin to name approvers in valet.toml.")
    if not team_channel(ctx, listing.team):
        raise Refused("There is no channel to ask in. Ask an admin to set [slack] channel in valet.toml.")
    with ctx.store.writing() as db:
        for known in stored_hours.pending_requests(db, instance.id):
            if known.person != person:
                continue
            if (known.windows, known.stop_only, known.before) == (windows, stop_only, before):
                return known
            stored_hours.end_request(db, known.id, "expired", now, outcome="They asked for others since.")
            _show(ctx, db, known)
        stored_hours.add_request(db, request)
        stored_audit.add(db, now, person, "asked for on-hours", subject=instance.id, before=before, after=after)
        _show(ctx, db, request)
    ctx.wake()
    return request


def decide_request(ctx: Context, request_id: str, person: str, *, yes: bool) -> None:
    """The word of somebody who may set them; a yes sets them, in their name. Raises Refused."""
    ctx.freshen()
    request = hours_request(ctx, request_id)
    if request is None:
        raise Refused("This request is not known here any more.")
    with audit.kept(ctx, person, "decide on on-hours", request.instance_id), ctx.store.writing() as db:
        able, now = hours_request_deciders(request, ctx.roster()), ctx.clock()
        if person not in able:
            raise Refused(f"Only {either(able)} can decide this.")
        outcome = _set(ctx, db, request, person) if yes and request.expires_at > now else ""
        state: HoursRequestState = "failed" if outcome else "set" if yes else "denied"
        if request.expires_at <= now or not stored_hours.end_request(
            db, request_id, state, now, decider=person, outcome=outcome
        ):
            raise Refused("Too late: this has been decided, or has ended.")
        if not yes:
            detail = f"asked by {parts.person(request.person)}"
            stored_audit.add(db, now, person, "refused on-hours", subject=request.instance_id, detail=detail)
        _show(ctx, db, request, ended=True)
    ctx.wake()


def _set(ctx: Context, db: Database, request: HoursRequest, person: str) -> str:
    """Set what is wished; returns why that is not possible any more, nothing when it is done."""
    listing = listings.by_id(db, request.instance_id)
    if listing is None:
        return "The machine is gone."
    hours = own_in_words(stored_hours.own_hours(db).get(request.instance_id))
    seen = Conditions(listing.instance.name, team=listing.team, hours=hours)
    if differs := difference("hours", Conditions(team=request.team, hours=request.before), seen):
        return differs
    write_hours(ctx, db, listing, person, request.windows, stop_only=request.stop_only)
    return ""


def lapse_requests(ctx: Context) -> None:
    """Close what nobody answered in time."""
    now = ctx.clock()
    late = [request for request in stored_hours.pending_requests(ctx.store.reading()) if request.expires_at <= now]
    if not late:
        return
    with ctx.store.writing() as db:
        for request in late:
            if stored_hours.end_request(db, request.id, "expired", now, outcome="Nobody answered in time."):
                _show(ctx, db, request, ended=True)
    ctx.wake()


def hours_request(ctx: Context, request_id: str) -> HoursRequest | None:
    """One wish in whatever state."""
    return stored_hours.request_by_id(ctx.store.reading(), request_id)


def is_request_open(ctx: Context, request_id: str) -> bool:
    """Whether a request waits for an answer."""
    request = hours_request(ctx, request_id)
    return request is not None and request.state == "pending"


def pending_requests(ctx: Context, instance_id: str | None = None) -> list[HoursRequest]:
    """What waits for an answer, of one instance or of all."""
    now = ctx.clock()
    return [
        request
        for request in stored_hours.pending_requests(ctx.store.reading(), instance_id)
        if request.expires_at > now
    ]


def request_ref(request: HoursRequest) -> str:
    """The name of its card in the outbox."""
    return f"hours-wish:{request.id}"


def _show(ctx: Context, db: Database, request: HoursRequest, *, ended: bool = False) -> None:
    """Bring the card up to date; once it is over, whoever asked is told, too."""
    channel, now = team_channel(ctx, request.team), ctx.clock()
    stored_outbox.tell(db, channel, request_ref(request), kind="hours_wish", subject=request.id, now=now)
    card_reminders.edit_reminders(db, request_ref(request), f"hours {request.id}", now)
    if ended:
        stored_outbox.tell(
            db, request.person, f"hours-wish-end:{request.id}", kind="hours_wish_ended", subject=request.id, now=now
        )
