"""What is stopped by rule; a notice's subject is "channel|moment"."""

from bot.domain.acting.hours_wishes import wish_deciders
from bot.services import looking
from bot.services.acting import on_hours, waking, wishing_hours
from bot.services.acting import parking as service
from bot.services.desk import Desk
from handlers.blocks.acting import on_hours as hours_blocks
from handlers.blocks.acting import parking
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def notice(desk: Desk, subject: str) -> Reply | None:
    """What stops then, or has."""
    channel, _, moment = subject.partition("|")
    return parking.notice(service.notice(desk, channel, int(moment)), int(moment), desk.clock())


def soon(desk: Desk, subject: str) -> Reply | None:
    """The last warning."""
    channel, _, moment = subject.partition("|")
    return parking.soon(service.notice(desk, channel, int(moment)), int(moment), desk.clock())


def hours_set(desk: Desk, subject: str) -> Reply | None:
    """Somebody gave a machine other on-hours; the subject is "instance|who|before"."""
    instance_id, who, before = subject.split("|", 2)
    listing = looking.listing(desk, instance_id)
    if listing is None:
        return None
    own = on_hours.own_hours(desk, instance_id)
    return hours_blocks.hours_set(listing, own, on_hours.hours_of(desk, listing, own), who=who, before=before)


def hours_wish(desk: Desk, wish_id: str) -> Reply | None:
    """Somebody would like a machine to have other on-hours."""
    wish = wishing_hours.wish(desk, wish_id)
    listing = looking.listing(desk, wish.instance_id) if wish else None
    if wish is None or listing is None:
        return None
    hours = on_hours.planned(desk, listing, wish.windows, stop_only=wish.stop_only)
    return hours_blocks.card(wish, listing, hours, wish_deciders(wish, desk.roster()))


def hours_wish_ended(desk: Desk, wish_id: str) -> Reply | None:
    """What became of it, for whoever asked."""
    wish = wishing_hours.wish(desk, wish_id)
    return hours_blocks.ended(wish, looking.name_of(desk, wish.instance_id)) if wish else None


def hours_void(desk: Desk, subject: str) -> Reply | None:
    """Somebody may no longer set on-hours that they have set; the subject names the instances, blanks between."""
    of_them = [
        hours_blocks.Own(listing, own, on_hours.hours_of(desk, listing, own))
        for instance_id in subject.split()
        if (listing := looking.listing(desk, instance_id)) is not None
        for own in [on_hours.own_hours(desk, instance_id)]
    ]
    return hours_blocks.hours_void(of_them) if of_them else None


def waking_up(desk: Desk, subject: str) -> Reply | None:
    """A machine was not started at the beginning of its on-hours; the subject is "instance|beginning"."""
    instance_id, _, moment = subject.partition("|")
    listing, tries, ends = waking.tries(desk, instance_id, int(moment))
    return parking.waking(listing, tries, int(moment), ends) if listing and tries else None


def not_parked(desk: Desk, subject: str) -> Reply | None:
    """A stop by rule came to nothing; the subject is "instance|rule|basis"."""
    instance_id, rule, basis = subject.split("|")
    listing, tries = service.tries(desk, instance_id, rule, int(basis))
    return parking.not_parked(listing, tries) if listing and tries else None


def snooze_ended(desk: Desk, subject: str) -> Reply | None:
    """Somebody else ended one's snooze; the subject is "instance|who"."""
    instance_id, _, who = subject.partition("|")
    listing = looking.listing(desk, instance_id)
    return parking.snooze_ended(listing, who) if listing else None


def own(desk: Desk, subject: str) -> Reply | None:
    """Somebody's work is about to be ended by a window; the subject is "instance|moment"."""
    instance_id, _, moment = subject.partition("|")
    listing = looking.listing(desk, instance_id)
    return parking.own(listing, int(moment), desk.clock()) if listing else None


KINDS: dict[str, Draw] = {
    "parking": notice,
    "parking_soon": soon,
    "waking": waking_up,
    "not_parked": not_parked,
    "snooze_ended": snooze_ended,
    "parking_own": own,
    "hours_set": hours_set,
    "hours_wish": hours_wish,
    "hours_wish_ended": hours_wish_ended,
    "hours_void": hours_void,
}
