"""Snoozes: one time-boxed exception, from windows, idle questions and digests alike; it ends by itself."""

from bot.domain.acting.parking import LONGEST_SNOOZE
from bot.domain.acting.snoozes import Snooze
from bot.domain.clock import DAY, HOUR, MINUTE
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services import digesting
from bot.services.acting import parking
from bot.services.desk import Desk
from store import audit, snoozes

USUAL = 4 * HOUR


def snooze(desk: Desk, listing: Listing, person: str, *, until: int | None, reason: str = "") -> Snooze:
    """Leave an instance alone until then; again, it moves the end. Raises Refused when too short or too long."""
    now, name = desk.clock(), listing.instance.name
    end = now + USUAL if until is None else until
    if end - now < MINUTE:
        raise Refused(f"A snooze lasts at least a minute. Try `snooze {name} 4h`, or `snooze {name} end` to end one.")
    if end - now > LONGEST_SNOOZE:
        raise Refused(f"A snooze lasts at most {LONGEST_SNOOZE // DAY} days. Try `snooze {name} 4h`.")
    with desk.store.writing() as db:
        before = snoozes.on(db, listing.instance.id, now)
        if before is not None and before.who == person and end > before.until_at and not reason:
            raise Refused(f"You have snoozed {name} already. To go on, say why: `snooze {name} 4h the run is late`.")
        made = Snooze(listing.instance.id, end, person, now, reason)
        snoozes.put(db, made)
        audit.add(db, now, person, "snoozed", subject=listing.instance.id, detail=reason)
        digesting.refresh(desk, db, listing.instance.id)
        parking.refresh(desk, db, listing.instance.id)
    desk.wake()
    return made


def end(desk: Desk, listing: Listing, person: str) -> None:
    """End a snooze before its time. Raises Refused when there is none."""
    now = desk.clock()
    with desk.store.writing() as db:
        if not snoozes.drop(db, listing.instance.id, now):
            raise Refused(f"{listing.instance.name} is not snoozed.")
        audit.add(db, now, person, "ended the snooze", subject=listing.instance.id)
        digesting.refresh(desk, db, listing.instance.id)
        parking.refresh(desk, db, listing.instance.id)
    desk.wake()
