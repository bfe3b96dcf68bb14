"""How much may be booked: how far ahead, how many, and no more than fair use lets one hold at a time and in a week."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import DAY
from bot.domain.sharing.bookings import Booking, Slot
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.fair_use import WEEK, Allowance, beyond, use_of
from bot.errors import Refused
from bot.services.desk import Desk
from bot.services.sharing import fair_use
from store.sharing import bookings, claims


def reach(desk: Desk, now: int) -> int:
    """The latest instant at which a booking may begin."""
    return now + desk.settings.claims.book_days_ahead * DAY


def check_time(desk: Desk, from_at: int, now: int) -> None:
    """Whether a booking may begin then. Raises Refused."""
    if from_at <= now:
        raise Refused("That is over already. Say a time that is still to come.")
    if from_at > reach(desk, now):
        days = desk.settings.claims.book_days_ahead
        raise Refused(f"A booking may begin at most {days} days ahead. Ask again nearer the time.")


def check_number(desk: Desk, db: Database, made: Booking) -> None:
    """Whether this person may have one more. Raises Refused."""
    most = desk.settings.claims.bookings_per_person
    if made.last_day is not None and made.last_day < made.first_day:
        raise Refused("The last day is before the first time. Say a later one.")
    if bookings.count_of(db, made.holder) >= most:
        have = f"{most} booking{'' if most == 1 else 's'}, as many as there may be"
        raise Refused(f"You have {have}. `/gpu bookings mine` shows them, with buttons to cancel.")


def check_use(desk: Desk, db: Database, slot: Slot) -> None:
    """Whether a slot keeps to the limits of fair use, or only a warning follows. Raises OverLimit."""
    advice = "Book fewer GPUs, less time, or another one less."
    fair_use.stop(desk, _as_claim(slot), _beyond_limits(desk, db, slot), advice)


def warnings(desk: Desk, slots: list[Slot]) -> str:
    """What to tell somebody who booked beyond a limit, for the first time that is; empty where they keep to them."""
    db = desk.store.reading()
    found = (fair_use.warning(_beyond_limits(desk, db, slot)) for slot in slots)
    return next((said for said in found if said), "")


def _beyond_limits(desk: Desk, db: Database, slot: Slot) -> list[str]:
    rules, now = desk.settings.fair_use(slot.team), desk.clock()
    said: list[str] = []
    if rules.person.is_set:
        said += _beyond(rules.person, _kept(db, now, holder=slot.holder), slot, "you")
    if rules.team.is_set and slot.team:
        said += _beyond(rules.team, _kept(db, now, team=slot.team), slot, f"team {slot.team}")
    return said


def _kept(db: Database, now: int, **whose: str) -> list[Claim]:
    """What a person or a team has held within a week or holds, and has booked."""
    booked = (_as_claim(each) for each in bookings.ahead(db, **whose))
    return [*claims.recent(db, now - WEEK, **whose), *booked]


def _beyond(allowance: Allowance, kept: list[Claim], slot: Slot, whose: str) -> list[str]:
    """Of claims and GPUs those at the same time count, of hours the seven days up to the slot."""
    at_once = [each for each in kept if each.from_at < slot.until_at and slot.from_at < each.until_at]
    at_once = [replace(each, from_at=slot.from_at) for each in at_once if each.ended_at is None]
    week = [each for each in kept if each.from_at < slot.until_at]
    said = beyond(replace(allowance, gpu_hours_per_week=None), use_of(at_once, slot.from_at), whose)
    only_hours = Allowance(gpu_hours_per_week=allowance.gpu_hours_per_week)
    return said + beyond(only_hours, use_of(week, slot.from_at), whose)


def _as_claim(slot: Slot) -> Claim:
    return Claim(
        id=slot.id,
        instance_id=slot.instance_id,
        holder=slot.holder,
        from_at=slot.from_at,
        until_at=slot.until_at,
        gpus=slot.gpus,
        team=slot.team,
        note=slot.note,
    )
