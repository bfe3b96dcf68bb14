"""Since when, and when, each source of rented machines was looked at: what the ledger can know at all."""

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import day_start, local_day
from bot.domain.money.plans import Span, merged
from bot.domain.money.watching import Watch, days_known, first_known, watched_days
from bot.services.desk import Desk
from bot.services.measuring.sweeping import NOT_LOOKED_AT, OWNED
from store import fleet
from store.money import source_reads, spend


def watches(db: Database) -> dict[str, Watch]:
    """Every source of rented machines that was ever read, by name."""
    charged = {source: at for source, at in spend.begins(db).items() if source != OWNED}
    read = {source: spans for source, spans in source_reads.spans(db).items() if source != OWNED}
    ended = {each.name: each.ok_at for each in fleet.sources(db) if each.error == NOT_LOOKED_AT}
    begins = first_known(charged, {source: spans[0][0] for source, spans in read.items()})
    return {source: Watch(begins[source], read.get(source, ()), ended.get(source)) for source in begins}


def unseen(desk: Desk) -> str:
    """Why nothing is known of rented machines yet, as a sentence; empty once any account or region was read."""
    db = desk.store.reading()
    heard = [each for each in fleet.sources(db) if each.name != OWNED and each.error != NOT_LOOKED_AT]
    if "ec2" not in desk.providers or any(each.ok_at is not None for each in heard) or watches(db):
        return ""
    if not heard:
        return "Valet has not looked at the fleet yet, so nothing is known of rented machines. Ask again in a minute."
    first, more = heard[0], f", and {len(heard) - 1} more" if len(heard) > 1 else ""
    why = f"{first.name}: {first.error.rstrip('.')}{more}"
    return f"No account or region could be read yet ({why}), so nothing is known of rented machines."


def begins(db: Database) -> int | None:
    """The first instant that the ledger knows of any rented machine; None before the first look."""
    return min(begun(db), default=None)


def begun(db: Database) -> list[int]:
    """When each source of rented machines was first read."""
    return [watch.begins for watch in watches(db).values()]


def days_known_in(db: Database, first: date, last: date, zone: ZoneInfo, now: int) -> frozenset[date]:
    """The days, from one to another, both counted, through which every source was read; charges tell of none here."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return days_known([watched_days(watch, days, zone, now, ()) for watch in watches(db).values()])


def counted_from(desk: Desk, day: date) -> date | None:
    """The first day of which rented machines are known, where that is after a day; else None."""
    zone = ZoneInfo(desk.settings.digest.timezone)
    first = begins(desk.store.reading())
    return None if first is None or first <= day_start(day, zone) else local_day(first, zone)


def owned_begins(db: Database) -> int | None:
    """The first instant that the ledger knows of any owned machine; None without any."""
    return spend.begins(db).get(OWNED)


def unread(watched: Iterable[Watch], start: int, end: int, now: int) -> tuple[Span, ...]:
    """When one source or more of these was not read, from `start` up to `end`."""
    return merged(hole for each in watched for hole in each.unread(start, end, now))
