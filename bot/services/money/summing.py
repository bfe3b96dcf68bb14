"""Sums of the ledger for reports: by team, by whom it was used, by person, type or instance, over any days."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.domain.days import day_start
from bot.domain.money.sums import By, Sum
from bot.services.desk import Desk
from store import sums


def between(desk: Desk, by: By, first: date, last: date, *, team: str | None = None) -> list[Sum]:
    """What was charged from one day to another, both counted, in the zone of [digest]; open meters are left out."""
    start, end = span_of(first, last, desk.settings.digest.timezone)
    return sums.of(desk.store.reading(), by, start, end, team=team)


def span_of(first: date, last: date, timezone: str) -> tuple[int, int]:
    """When days begin and end in a zone, from one to another, both counted."""
    zone = ZoneInfo(timezone)
    return day_start(first, zone), day_start(last + timedelta(days=1), zone)
