"""What is stopped by rule; a notice's subject is "channel|moment"."""

from bot.services import looking
from bot.services.acting import on_hours, waking
from bot.services.acting import parking as service
from bot.services.desk import Desk
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
    return parking.soon(service.notice(desk, channel, int(moment)), int(moment))


def hours_set(desk: Desk, subject: str) -> Reply | None:
    """Somebody gave a machine other on-hours; the subject is "instance|who|before"."""
    instance_id, who, before = subject.split("|", 2)
    listing = looking.listing(desk, instance_id)
    if listing is None:
        return None
    own = on_hours.own_hours(desk, instance_id)
    return parking.hours_set(listing, own, on_hours.hours_of(desk, listing, own), who=who, before=before)


def hours_void(desk: Desk, instance_id: str) -> Reply | None:
    """Whoever set the on-hours of a machine may no longer do so."""
    listing, own = looking.listing(desk, instance_id), on_hours.own_hours(desk, instance_id)
    if listing is None:
        return None
    return parking.hours_void(listing, own, on_hours.hours_of(desk, listing, own))


def waking_up(desk: Desk, subject: str) -> Reply | None:
    """A machine was not started at the beginning of its on-hours; the subject is "instance|beginning"."""
    instance_id, _, moment = subject.partition("|")
    listing, tries, ends = waking.tries(desk, instance_id, int(moment))
    return parking.waking(listing, tries, int(moment), ends) if listing and tries else None


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
    "snooze_ended": snooze_ended,
    "parking_own": own,
    "hours_set": hours_set,
    "hours_void": hours_void,
}
