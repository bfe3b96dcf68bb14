"""Asking for other on-hours where one may not set them, and deciding on that."""

import secrets

from sqlite_utils import Database

from bot.domain.acting.hours_wishes import HoursWish, WishState, wish_deciders
from bot.domain.comparing import World, difference
from bot.domain.listing import Listing
from bot.domain.people import either
from bot.errors import Refused
from bot.services.acting import on_hours, refusals
from bot.services.desk import Desk, channel_of
from store import audit, listings, outbox
from store.acting import hours_wishes, parkings


def ask(desk: Desk, listing: Listing, person: str, windows: str, *, stop_only: bool) -> HoursWish:
    """Put on-hours to those who may set them; the same once more is the same card. Raises Refused."""
    desk.freshen()
    on_hours.refuse_owned(listing)
    instance, now = listing.instance, desk.clock()
    before = on_hours.said(on_hours.own_hours(desk, instance.id))
    after = on_hours.in_words(windows, stop_only=stop_only)
    if before == after:
        raise Refused(f"{instance.name} has just those on-hours already: {after}.")
    made = HoursWish(
        id=secrets.token_hex(16),
        instance_id=instance.id,
        team=listing.team,
        person=person,
        windows=windows,
        stop_only=stop_only,
        before=before,
        created_at=now,
        expires_at=now + desk.settings.answer_within,
    )
    if not wish_deciders(made, desk.roster()):
        raise Refused("Nobody could set that. Ask an admin to name approvers in valet.toml.")
    if not channel_of(desk, listing.team):
        raise Refused("There is no channel to ask in. Ask an admin to set [slack] channel in valet.toml.")
    with desk.store.writing() as db:
        for known in hours_wishes.pending(db, instance.id):
            if known.person != person:
                continue
            if (known.windows, known.stop_only, known.before) == (windows, stop_only, before):
                return known
            hours_wishes.end(db, known.id, "expired", now, outcome="They asked for others since.")
            _show(desk, db, known)
        hours_wishes.add(db, made)
        audit.add(db, now, person, "asked for on-hours", subject=instance.id, before=before, after=after)
        _show(desk, db, made)
    desk.wake()
    return made


def decide(desk: Desk, wish_id: str, person: str, *, yes: bool) -> None:
    """The word of somebody who may set them; a yes sets them, in their name. Raises Refused."""
    desk.freshen()
    asked = wish(desk, wish_id)
    if asked is None:
        raise Refused("This request is not known here any more.")
    with refusals.kept(desk, person, "decide on on-hours", asked.instance_id), desk.store.writing() as db:
        able, now = wish_deciders(asked, desk.roster()), desk.clock()
        if person not in able:
            raise Refused(f"Only {either(able)} can decide this.")
        outcome = _set(desk, db, asked, person) if yes and asked.expires_at > now else ""
        state: WishState = "failed" if outcome else "set" if yes else "denied"
        if asked.expires_at <= now or not hours_wishes.end(db, wish_id, state, now, decider=person, outcome=outcome):
            raise Refused("Too late: this has been decided, or has lapsed.")
        if not yes:
            detail = f"asked by <@{asked.person}>"
            audit.add(db, now, person, "refused on-hours", subject=asked.instance_id, detail=detail)
        _show(desk, db, asked, ended=True)
    desk.wake()


def _set(desk: Desk, db: Database, wish: HoursWish, person: str) -> str:
    """Set what is wished; returns why that is not possible any more, nothing when it is done."""
    listing = listings.by_id(db, wish.instance_id)
    if listing is None:
        return "The machine is gone."
    hours = on_hours.said(parkings.hours(db).get(wish.instance_id))
    seen = World(listing.instance.name, team=listing.team, hours=hours)
    if differs := difference("hours", World(team=wish.team, hours=wish.before), seen):
        return differs
    on_hours.write(desk, db, listing, person, wish.windows, stop_only=wish.stop_only)
    return ""


def lapse(desk: Desk) -> None:
    """Close what nobody answered in time."""
    now = desk.clock()
    late = [wish for wish in hours_wishes.pending(desk.store.reading()) if wish.expires_at <= now]
    if not late:
        return
    with desk.store.writing() as db:
        for wish in late:
            if hours_wishes.end(db, wish.id, "expired", now, outcome="Nobody answered in time."):
                _show(desk, db, wish, ended=True)
    desk.wake()


def wish(desk: Desk, wish_id: str) -> HoursWish | None:
    """One wish in whatever state."""
    return hours_wishes.by_id(desk.store.reading(), wish_id)


def pending(desk: Desk, instance_id: str | None = None) -> list[HoursWish]:
    """What waits for an answer, of one instance or of all."""
    now = desk.clock()
    return [wish for wish in hours_wishes.pending(desk.store.reading(), instance_id) if wish.expires_at > now]


def _show(desk: Desk, db: Database, wish: HoursWish, *, ended: bool = False) -> None:
    """Bring the card up to date; once it is over, whoever asked is told, too."""
    channel, now = channel_of(desk, wish.team), desk.clock()
    outbox.tell(db, channel, f"hours-wish:{wish.id}", kind="hours_wish", subject=wish.id, now=now)
    if ended:
        outbox.tell(db, wish.person, f"hours-wish-end:{wish.id}", kind="hours_wish_ended", subject=wish.id, now=now)
