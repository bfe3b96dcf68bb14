"""Warnings before a stop by rule: given twice, taken back while something is in the way, and given anew after that."""

from sqlite_utils import Database

from bot.domain.acting.actions import Action
from bot.domain.acting.parking import WARNINGS, Circumstances, Over, Parking, anew, waits, warnings_due
from bot.domain.clock import DAY
from bot.domain.listing import Listing
from bot.services.acting import scenes
from bot.services.desk import Desk
from bot.services.sharing import using
from store import outbox
from store.acting import actions, parkings, snoozes
from store.sharing import claims

NEWS = DAY
"""A notice is redrawn for this long after the moment it announced."""
AGAIN = "It was wanted then, nobody could be warned, or I was away; it is announced anew."


def obstacle(desk: Desk, parking: Parking, listing: Listing, now: int) -> str | None:
    """Why this stop would not be carried out as things stand; None when it would."""
    db, instance = desk.store.reading(), listing.instance
    here = Circumstances(
        listing,
        snoozes.on(db, instance.id, now),
        desk.exemption(instance),
        actions.live_on(db, instance.id),
        stops_active=parking.rule == "hours" and _stops_active(desk, listing),
        booked=scenes.next_slot(db, instance.id),
        at=max(now, parking.acts_at),
    )
    return waits(here) or ("nobody could be warned of it" if _is_unheard(db, parking, now) else None)


def _is_unheard(db: Database, parking: Parking, now: int) -> bool:
    """Its moment has come, and Slack did not take both warnings before: whoever would keep it could not know."""
    if now < parking.acts_at or not parking.warned:
        return False
    if parking.warned < len(WARNINGS[parking.rule]):
        return outbox.is_held_up(db, parking.channel, _notice(parking))
    seen = [outbox.posted_at(db, parking.channel, ref) for ref in (_notice(parking), _last(parking))]
    return not all(at is not None and at < parking.acts_at for at in seen)


def _notice(parking: Parking) -> str:
    return f"parking:{parking.acts_at}"


def _last(parking: Parking) -> str:
    return f"parking-soon:{parking.acts_at}"


def _stops_active(desk: Desk, listing: Listing) -> bool:
    team = desk.settings.teams.get(listing.team)
    return team is not None and team.pausing.stop_active


def note(desk: Desk, parking: Parking, waiting: str, now: int) -> None:
    """Keep its notice true: what is in the way comes and goes."""
    if parking.waiting == waiting:
        return
    with desk.store.writing() as db:
        parkings.note(db, parking, waiting)
        if parking.warned and now - parking.acts_at < NEWS:
            tell(db, parking, now)
    desk.wake()


def warn(desk: Desk, parking: Parking, listing: Listing, now: int) -> None:
    """Give the warnings that are due."""
    due = warnings_due(parking, now)
    if parking.warned >= due:
        return
    with desk.store.writing() as db:
        parkings.warn(db, parking, due)
        tell(db, parking, now)
        if listing.verdict is not None and listing.verdict.works:
            _tell_whose(desk, db, parking, listing, ref=f"parking-own:{parking.acts_at}:{due}", now=now)
        if due == len(WARNINGS[parking.rule]):
            subject = f"{parking.channel}|{parking.acts_at}"
            outbox.tell(db, parking.channel, _last(parking), kind="parking_soon", subject=subject, now=now)
    desk.wake()


def _tell_whose(desk: Desk, db: Database, parking: Parking, listing: Listing, *, ref: str, now: int) -> None:
    """Work is about to be ended: whoever it may belong to hears of it in person."""
    instance = listing.instance
    last, users = claims.newest(db).get(instance.id), using.users_on(desk, db, instance.id)
    seen = {desk.settings.person(instance, user) for there in users.values() for user in there}
    for who in sorted({*seen, actions.maker(db, instance.id), last.holder if last else ""} - {""}):
        subject = f"{instance.id}|{parking.acts_at}"
        outbox.tell(db, who, f"{ref}:{instance.id}", kind="parking_own", subject=subject, now=now)


def take_back(db: Database, parking: Parking) -> None:
    """The last warning counts no more."""
    parkings.warn(db, parking, 1)


def hold_back(desk: Desk, parking: Parking, now: int) -> None:
    """Something is in the way: people are told so beforehand, and the last warning counts no more."""
    due = min(warnings_due(parking, now), 1)
    if parking.warned == due:
        return
    with desk.store.writing() as db:
        parkings.warn(db, parking, due)
        if now < parking.acts_at:
            tell(db, parking, now)
    desk.wake()


def announce_anew(desk: Desk, parking: Parking, now: int) -> None:
    """What was in the way is gone, or nobody was warned: never at once, but after new warnings."""
    later = anew(parking, now)
    with desk.store.writing() as db:
        settle(db, parking, now, Over("put off", AGAIN))
        parkings.add(db, later)
        parkings.warn(db, later, warnings_due(later, now))
        tell(db, later, now)
    desk.wake()


def settle(db: Database, parking: Parking, now: int, over: Over, action: Action | None = None) -> None:
    """It came to a stop, or to nothing."""
    parkings.settle(db, parking, now, over.why, outcome=over.said, action_id=action.id if action else "")
    if parking.warned and now - parking.acts_at < NEWS:
        tell(db, parking, now)


def tell(db: Database, parking: Parking, now: int) -> None:
    """Bring the notice up to date."""
    subject = f"{parking.channel}|{parking.acts_at}"
    outbox.tell(db, parking.channel, _notice(parking), kind="parking", subject=subject, now=now)
