"""The calendar: the week ahead, and the iCalendar feeds that people subscribe to."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot import __version__
from bot.domain import parts
from bot.domain.clock import DAY_MS
from bot.domain.machines.fleet import plain_name
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingSlot, hold_from
from bot.domain.sharing.calendar import CalendarWeek, calendar_end
from bot.domain.sharing.claims import Claim
from bot.errors import Refused
from bot.services import people
from bot.services.context import Context
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import bookings as stored_bookings
from store.sharing import calendar as stored_calendar
from store.sharing import claims as stored_claims

FEED_PAST_MS = 14 * DAY_MS
"""So far back feeds show what was held."""
FEED_REFRESH = "PT15M"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One hold, for a calendar. Its uid stays when a booking becomes a claim and when times change."""

    uid: str
    made_at: int
    from_at: int
    until_at: int
    title: str
    holder: str
    """A person by name, or by id, marked, where none is known."""
    instance_id: str
    tentative: bool
    """Booked, and not begun."""


def calendar_week(ctx: Context, listing: Listing, zone: str) -> CalendarWeek:
    """The week ahead of one instance."""
    db, now = ctx.store.reading(), ctx.clock()
    kept: list[Claim | BookingSlot] = [
        *listing.claims,
        *stored_bookings.slots_ahead(db, instance_id=listing.instance.id),
    ]
    return _week(listing, kept, calendar_end(now, ZoneInfo(zone)))


def calendar_weeks(ctx: Context, zone: str) -> list[CalendarWeek]:
    """The week ahead of every instance of which something is claimed or booked, by name."""
    db, now = ctx.store.reading(), ctx.clock()
    kept: dict[str, list[Claim | BookingSlot]] = {}
    held: list[Claim | BookingSlot] = [
        claim for claim in stored_claims.recent_claims(db, now) if claim.ended_at is None
    ]
    for hold in [*held, *stored_bookings.slots_ahead(db)]:
        kept.setdefault(hold.instance_id, []).append(hold)
    pairs = ((listings.by_id(db, instance_id), theirs) for instance_id, theirs in kept.items())
    until = calendar_end(now, ZoneInfo(zone))
    shown_weeks = [_week(listing, theirs, until) for listing, theirs in pairs if listing]
    return sorted(
        (shown for shown in shown_weeks if shown.holds),
        key=lambda shown: (shown.name, shown.instance_id),
    )


def _week(listing: Listing, kept: Iterable[Claim | BookingSlot], until: int) -> CalendarWeek:
    holds = sorted((hold_from(hold) for hold in kept), key=lambda hold: (hold.from_at, hold.until_at))
    here = tuple(hold for hold in holds if hold.from_at < until)
    return CalendarWeek(listing.instance.id, listing.instance.name, len(listing.gpus), here)


def subscribe_to_feed(ctx: Context, person: str, team: str = "") -> tuple[str, bool]:
    """A new address for a feed of one's own holds, or a team's; and whether an older one stopped. Raises Refused."""
    if team and not _may_see(ctx, person, team):
        raise Refused(f'You are in no team "{team[:40]}". {parts.gpu("calendar feed")} makes a feed of your own.')
    token = secrets.token_urlsafe(32)
    with ctx.store.writing() as db:
        replaced = stored_calendar.put_feed(db, _hash(token), person=person, team=team, now=ctx.clock())
    return token, replaced


def unsubscribe_from_feeds(ctx: Context, person: str) -> None:
    """All feeds of a person stop working. Raises Refused when there is none."""
    with ctx.store.writing() as db:
        if not stored_calendar.drop_feeds(db, person=person):
            raise Refused(f"You have no calendar feed. {parts.gpu('calendar feed')} makes one.")


def _may_see(ctx: Context, person: str, team: str) -> bool:
    roster = ctx.roster()
    named_team = roster.team(team)
    return named_team is not None and person in named_team.members | named_team.approvers | roster.admins


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def calendar_feed(ctx: Context, token_sha256: str) -> bytes | None:
    """The feed at an address; None when there is none, or its person has left the team. It ends with its person."""
    owner = stored_calendar.owner_of_feed(ctx.store.reading(), token_sha256)
    if owner is not None and not ctx.is_colleague(owner["person"]):
        with ctx.store.writing() as db:
            stored_calendar.drop_feeds(db, person=owner["person"])
        return None
    if owner is None or (owner["team"] and not _may_see(ctx, owner["person"], owner["team"])):
        return None
    if owner["team"]:
        return calendar_file(calendar_events(ctx, team=owner["team"]), f"GPUs of {owner['team']}")
    return calendar_file(calendar_events(ctx, holder=owner["person"]), "My GPUs")


def calendar_events(ctx: Context, *, holder: str = "", team: str = "") -> list[CalendarEvent]:
    """What is held and booked, of everybody, a person or a team, the first to begin first."""
    db, now = ctx.store.reading(), ctx.clock()
    slots = stored_bookings.slots_since(db, now - FEED_PAST_MS)
    of_claim = {slot.claim_id: slot for slot in slots if slot.claim_id}
    kept: list[Claim | BookingSlot] = [slot for slot in slots if slot.state == "booked"]
    kept += stored_claims.recent_claims(db, now - FEED_PAST_MS)
    wanted = [hold for hold in kept if (not holder or hold.holder == holder) and (not team or hold.team == team)]
    rows = stored_fleet.known_instances(db)
    names = people.known(ctx)
    shown = [_event(hold, of_claim, rows.get(hold.instance_id), names, alone=bool(holder)) for hold in wanted]
    return sorted(shown, key=lambda event: (event.from_at, event.uid))


def _event(
    kept: Claim | BookingSlot,
    of_claim: dict[str, BookingSlot],
    machine: tuple[str, int] | None,
    names: Mapping[str, str],
    *,
    alone: bool,
) -> CalendarEvent:
    """`alone`: the calendar is of one person, so that titles need not say whose it is."""
    name, gpu_count = machine or (kept.instance_id, 0)
    is_all = set(range(max(1, gpu_count))) <= set(kept.gpus)
    some = "" if is_all else f", GPU {', '.join(map(str, kept.gpus))}"
    whose = "" if alone or kept.holder not in names else f" ({names[kept.holder]})"
    title = f"{name}{some}{whose}{f': {kept.note}' if kept.note else ''}"
    booked = isinstance(kept, BookingSlot)
    until, slot = kept.until_at, kept if isinstance(kept, BookingSlot) else of_claim.get(kept.id)
    if isinstance(kept, Claim) and kept.ended_at is not None:
        until = max(kept.from_at + 1000, min(kept.ended_at, kept.until_at))
    return CalendarEvent(
        uid=f"{slot.id if slot else kept.id}@gpu-valet",
        made_at=slot.made_at if slot else kept.from_at,
        from_at=kept.from_at,
        until_at=until,
        title=title,
        holder=people.called(names, kept.holder),
        instance_id=kept.instance_id,
        tentative=booked,
    )


def calendar_file(events: Sequence[CalendarEvent], name: str) -> bytes:
    """An iCalendar file (RFC 5545). Times are UTC, so that no calendar needs our zones; readers show their own."""
    from datetime import timedelta

    from icalendar import Calendar
    from icalendar import Event as Entry

    file = Calendar()
    file.add("prodid", f"-//gpu-valet//Valet {__version__}//EN")
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    file.add("x-wr-calname", plain_name(name))
    file.add("refresh-interval", timedelta(minutes=15), parameters={"value": "DURATION"})
    file.add("x-published-ttl", FEED_REFRESH)
    for event in events:
        entry = Entry()
        entry.add("uid", event.uid)
        entry.add("dtstamp", _utc(event.made_at))
        entry.add("dtstart", _utc(event.from_at))
        entry.add("dtend", _utc(event.until_at))
        entry.add("summary", plain_name(event.title, 200))
        entry.add("description", f"Held by {event.holder}. Machine {event.instance_id}.")
        entry.add("status", "TENTATIVE" if event.tentative else "CONFIRMED")
        entry.add("transp", "TRANSPARENT")
        file.add_component(entry)
    return bytes(file.to_ical())


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC)
