"""The ledger summed per local day: what charts and forecasts are made from, kept up so that no question scans it all.

The sums are a copy of `charges`, carried on by the number of the last charge counted; they can be rebuilt at any time
and are, when the zone of the days changes. A charge belongs to the day its hour began in.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import day_start, local_day
from bot.domain.times import MachineMs
from store.sql import Row, changed, one, rows

STEP = 50_000
SCHEMA = (
    """CREATE TABLE spend (
        day TEXT NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        micros INTEGER NOT NULL,
        running_ms INTEGER NOT NULL,
        PRIMARY KEY (day, instance_id, team)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE spend_until (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        zone TEXT NOT NULL,
        charge_id INTEGER NOT NULL
    ) STRICT""",
)


class DaySpend(NamedTuple):
    """What one instance cost one team on one local day."""

    day: date
    instance_id: str
    team: str
    micros: int
    running_ms: MachineMs


def catch_up(db: Database, zone: str, *, step: int = STEP) -> bool:
    """Count charges made since the last time, all of them when the zone is another; False when more are left.

    At most `step` of them, so that other writers wait only briefly: call it until it says True, each in a transaction.
    """
    newest = one(db, "SELECT coalesce(max(id), 0) AS id FROM charges")
    counted = one(db, "SELECT zone, charge_id FROM spend_until")
    after = counted["charge_id"] if counted and counted["zone"] == zone else 0
    last = newest["id"] if newest else 0
    if after == 0:
        changed(db, "DELETE FROM spend")
    if last == after:
        return True
    until = min(last, after + step)
    for day, start, end in _days_of(db, after, until, ZoneInfo(zone)):
        changed(
            db,
            "INSERT INTO spend (day, instance_id, team, micros, running_ms) "
            "SELECT ?, instance_id, team, sum(micros), sum(running_ms) FROM charges INDEXED BY charges_by_time "
            "WHERE from_at >= ? AND from_at < ? AND id > ? AND id <= ? GROUP BY instance_id, team "
            "ON CONFLICT (day, instance_id, team) DO UPDATE SET micros = micros + excluded.micros, "
            "running_ms = running_ms + excluded.running_ms",
            day.isoformat(),
            start,
            end,
            after,
            until,
        )
    changed(db, "INSERT OR REPLACE INTO spend_until (only, zone, charge_id) VALUES (1, ?, ?)", zone, until)
    return until == last


def _days_of(db: Database, after: int, until: int, zone: ZoneInfo) -> Iterator[tuple[date, int, int]]:
    """The local days that charges of these numbers fall into, with where each begins and ends."""
    span = one(
        db, "SELECT min(from_at) AS first, max(from_at) AS last FROM charges WHERE id > ? AND id <= ?", after, until
    )
    if span is None or span["first"] is None:
        return
    day, last = local_day(span["first"], zone), local_day(span["last"], zone)
    while day <= last:
        after_it = day + timedelta(days=1)
        yield day, day_start(day, zone), day_start(after_it, zone)
        day = after_it


def per_day(db: Database, since: date) -> list[DaySpend]:
    """What was spent from a local day on, oldest first.

    Rented instances only: an owned one costs the same either way. Call `catch_up` first.
    """
    found = db.execute(
        "SELECT s.day, s.instance_id, s.team, s.micros, s.running_ms FROM spend s "
        "JOIN instances i ON i.id = s.instance_id WHERE s.day >= ? AND i.provider = 'ec2' "
        "ORDER BY s.day, s.instance_id, s.team",
        [since.isoformat()],
    )
    as_date = cache(date.fromisoformat)
    return [DaySpend(as_date(day), *rest) for day, *rest in found]


def begins(db: Database) -> dict[str, int]:
    """The first instant that the ledger knows of each source, that of owned machines too; without a charge: none."""
    found = rows(
        db,
        "SELECT source, min(first) AS at FROM (SELECT i.source, (SELECT min(c.from_at) FROM charges c "
        "WHERE c.instance_id = i.id AND c.corrects IS NULL) AS first FROM instances i) "
        "WHERE first IS NOT NULL GROUP BY source",
    )
    return {row["source"]: row["at"] for row in found}


def machines(db: Database) -> list[Row]:
    """Every instance there is or was, with its team, rate and last start and stop; `runs` and `gone` are 0 or 1."""
    return rows(
        db,
        "SELECT id, name, type, team, provider, source, rate_micros, launched_at, stopped_at, "
        "state = 'running' AND gone_at IS NULL AS runs, gone_at IS NOT NULL AS gone FROM instances ORDER BY name, id",
    )
