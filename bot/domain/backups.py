"""Nightly backups: what they are called, and which of them are kept."""

import re
from collections.abc import Iterable
from datetime import date

DAILY = 7
WEEKLY = 4
_NAME = re.compile(r"valet-(\d{4}-\d\d-\d\d)\.db", re.ASCII)


def file_name(day: date) -> str:
    """What the backup of a day is called."""
    return f"valet-{day.isoformat()}.db"


def day_of(name: str) -> date | None:
    """The day that a file of this name is the backup of; None when it is none of ours."""
    found = _NAME.fullmatch(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def surplus(days: Iterable[date]) -> list[date]:
    """The days whose backups are not kept: all but the newest 7, and the newest of each of the 4 weeks before those."""
    newest_first = sorted(set(days), reverse=True)
    daily = newest_first[:DAILY]
    seen = {day.isocalendar()[:2] for day in daily}
    weekly: dict[tuple[int, int], date] = {}
    for day in newest_first[DAILY:]:
        week = day.isocalendar()[:2]
        if week not in seen:
            weekly.setdefault(week, day)
    kept = {*daily, *list(weekly.values())[:WEEKLY]}
    return [day for day in newest_first if day not in kept]
