"""On-hours: those of an instance and those of its team, who set them, and whether they still may."""

from collections.abc import Container, Iterable, Sequence

from sqlite_utils import Database

from bot.domain.acting.actions import BY_SETTINGS
from bot.domain.acting.deciders import rule_setters
from bot.domain.acting.parking import NEVER, HoursRule
from bot.domain.acting.windows import OnHours, parse
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services.acting import refusals
from bot.services.desk import Desk, channel_of
from store import audit, outbox
from store.acting import parkings

AS_TEAM = "as its team"


def hours_of(desk: Desk, listing: Listing, own: HoursRule | None) -> OnHours | None:
    """The on-hours that count for an instance: its own, else its team's; None when no window ever stops it."""
    if own is None or not counts(desk, listing, own):
        return planned(desk, listing, "")
    return planned(desk, listing, own.windows, stop_only=own.stop_only)


def planned(desk: Desk, listing: Listing, windows: str, *, stop_only: bool = False) -> OnHours | None:
    """What on-hours set as `windows` come to ("": those of its team); None when no window ever stops it."""
    if windows == NEVER:
        return None
    zone, holidays = desk.settings.zone_of(listing.team), desk.settings.holidays(listing.team)
    if windows:
        return OnHours(parse(windows), zone, holidays, stop_only)
    team = desk.settings.teams.get(listing.team)
    if team is None or not team.pausing.hours:
        return None
    return OnHours(parse(team.pausing.hours), zone, holidays, team.pausing.stop_only)


def counts(desk: Desk, listing: Listing, own: HoursRule) -> bool:
    """Whether whoever set on-hours still may. Leaving a machine alone takes nobody's right; stopping it does."""
    return own.windows == NEVER or own.set_by in rule_setters(listing.team, desk.roster())


def counting(desk: Desk, found: Iterable[Listing]) -> dict[str, HoursRule]:
    """The on-hours that instances have of their own and that count; it is told once where some do no more."""
    kept, standing = parkings.hours(desk.store.reading()), dict[str, HoursRule]()
    changed: list[tuple[Listing, HoursRule]] = []
    for listing in found if kept else ():
        own = kept.get(listing.instance.id)
        if own is None:
            continue
        stands = counts(desk, listing, own)
        if stands:
            standing[own.instance_id] = own
        if stands == (own.void_since is not None):
            changed.append((listing, own))
    if changed:
        _note(desk, changed, standing)
    return standing


def _note(desk: Desk, changed: Sequence[tuple[Listing, HoursRule]], standing: Container[str]) -> None:
    """Write down what counts again or no more; a channel gets one message per person who set them."""
    now, void = desk.clock(), dict[tuple[str, str], list[str]]()
    with desk.store.writing() as db:
        for listing, own in changed:
            stands = own.instance_id in standing
            parkings.mark_void(db, own.instance_id, None if stands else now)
            did = "count again" if stands else "count no more"
            detail = f"set by <@{own.set_by}>: {own.windows}"
            audit.add(db, now, "valet", f"let on-hours {did}", subject=own.instance_id, detail=detail)
            if not stands:
                void.setdefault((channel_of(desk, listing.team), own.set_by), []).append(own.instance_id)
        for (channel, person), instance_ids in void.items():
            ref, subject = f"hours-void:{person}:{now}", " ".join(instance_ids)
            outbox.tell(db, channel, ref, kind="hours_void", subject=subject, now=now)
    desk.wake()


def setter(own: HoursRule | None) -> str:
    """Who decided what follows from on-hours."""
    return own.set_by if own else BY_SETTINGS


def may_set(desk: Desk, listing: Listing, person: str) -> bool:
    """Whether this person sets on-hours; others ask for them."""
    return person in rule_setters(listing.team, desk.roster())


def set_hours(desk: Desk, listing: Listing, person: str, windows: str, *, stop_only: bool = False) -> None:
    """Give an instance on-hours of its own ("" for its team's again). Raises Refused when this person may not."""
    refuse_owned(listing)
    with refusals.kept(desk, person, "set on-hours", listing.instance.id), desk.store.writing() as db:
        if not may_set(desk, listing, person):
            names = " or ".join(f"<@{user}>" for user in sorted(rule_setters(listing.team, desk.roster())))
            setters = names or "an approver, once one is set"
            raise Refused(f"On-hours stop {listing.instance.name} without asking again, so {setters} sets them.")
        before = write(desk, db, listing, person, windows, stop_only=stop_only)
        _tell(desk, db, listing, person, before)
    desk.wake()


def write(desk: Desk, db: Database, listing: Listing, person: str, windows: str, *, stop_only: bool) -> str:
    """Set on-hours in the name of somebody who may; returns those before, in words. Raises Refused."""
    instance_id, now = listing.instance.id, desk.clock()
    before = said(parkings.hours(db).get(instance_id))
    after = HoursRule(instance_id, windows, stop_only, person, now) if windows else None
    if after is not None:
        parkings.set_hours(db, after)
    elif not parkings.drop_hours(db, instance_id):
        raise Refused(f"{listing.instance.name} has no on-hours of its own; its team's count.")
    audit.add(db, now, person, "set on-hours", subject=instance_id, before=before, after=said(after))
    return before


def refuse_owned(listing: Listing) -> None:
    """Raises Refused for a machine that can't have on-hours."""
    instance = listing.instance
    if instance.provider == "owned":
        raise Refused(f"{instance.name} is owned: Valet can't switch it off, so it has no on-hours.")


def said(own: HoursRule | None) -> str:
    """On-hours as the audit and the channel name them."""
    return in_words(own.windows, stop_only=own.stop_only) if own else AS_TEAM


def in_words(windows: str, *, stop_only: bool) -> str:
    """Windows as they were typed; those of the team where there are none."""
    return f"{windows}{' stop-only' if stop_only else ''}" if windows else AS_TEAM


def _tell(desk: Desk, db: Database, listing: Listing, person: str, before: str) -> None:
    now, instance_id = desk.clock(), listing.instance.id
    subject, ref = f"{instance_id}|{person}|{before}", f"hours-set:{instance_id}:{now}"
    outbox.tell(db, channel_of(desk, listing.team), ref, kind="hours_set", subject=subject, now=now)


def own_hours(desk: Desk, instance_id: str) -> HoursRule | None:
    """The on-hours an instance has of its own, whether they count or not."""
    return parkings.hours(desk.store.reading()).get(instance_id)
