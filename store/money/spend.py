"""What machines cost and when they ran: what charts, forecasts and advice to buy are made from."""

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import MachineMs, day_start, local_day
from bot.domain.money.scope import Scope
from bot.domain.spans import TimeSpan
from store.money import day_sums
from store.sql import Row, one, rows

SCHEMA = (  # of 0.1.0; `day_sums` have taken their place
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


def per_day(db: Database, since: date) -> list[DaySpend]:
    """What was spent from a local day on, oldest first.

    Rented instances only: an owned one costs the same either way. Call `day_sums.catch_up` first.
    """
    known = day_sums.counted(db)
    if known is None:
        return []
    zone = ZoneInfo(known.zone)
    as_date = cache(lambda instant: local_day(instant, zone))
    found = db.execute(
        "SELECT d.starts_at, d.instance_id, d.team, d.micros, d.running_ms FROM machine_days d "
        "JOIN instances i ON i.id = d.instance_id WHERE d.starts_at >= ? AND i.provider = 'ec2' "
        "ORDER BY d.starts_at, d.instance_id, d.team",
        [day_start(since, zone)],
    )
    return [DaySpend(as_date(starts_at), *rest) for starts_at, *rest in found]


_EVERY_FIRST = (
    "SELECT i.source, (SELECT min(c.from_at) FROM charges c WHERE c.instance_id = i.id AND c.corrects IS NULL) "
    "AS first FROM instances i"
)
_LATER_FIRST = (
    "SELECT i.source, c.from_at AS first FROM charges c JOIN instances i ON i.id = c.instance_id "
    "WHERE c.id > ? AND c.corrects IS NULL"
)


def begins(db: Database) -> dict[str, int]:
    """The first instant that the ledger knows of each source, that of owned machines too; without a charge: none."""
    with day_sums.snapshot(db):
        known = day_sums.nearly_counted(db)
        rest, values = (_EVERY_FIRST, []) if known is None else (_LATER_FIRST, [known.charge_id])
        found = rows(
            db,
            "SELECT source, min(first) AS at FROM (SELECT i.source, f.from_at AS first FROM instances i "
            f"JOIN first_charges f ON f.instance_id = i.id UNION ALL {rest}) WHERE first IS NOT NULL GROUP BY source",
            *values,
        )
    return {row["source"]: row["at"] for row in found}


def first_hour(db: Database) -> int | None:
    """When the oldest charge there is began; None without any."""
    row = one(db, "SELECT min(from_at) AS at FROM charges")
    return row["at"] if row else None


def machines_ever(db: Database) -> list[Row]:
    """Every instance there is or was, with its team, rate and last start and stop; `runs` and `gone` are 0 or 1."""
    return rows(
        db,
        "SELECT id, name, type, team, provider, source, rate_micros, launched_at, stopped_at, "
        "state = 'running' AND gone_at IS NULL AS runs, gone_at IS NOT NULL AS gone FROM instances ORDER BY name, id",
    )


def idle_all_along(db: Database, start: int, end: int) -> dict[str, int]:
    """What rented machines cost from `start` up to `end`, by id: those that ran in it and were seen idle all along."""
    found = rows(
        db,
        "SELECT c.instance_id, sum(s.micros) AS micros FROM charges c INDEXED BY charges_by_time "
        "JOIN shares s ON s.charge_id = c.id JOIN instances i ON i.id = c.instance_id "
        "WHERE c.from_at >= ? AND c.from_at < ? AND i.provider = 'ec2' GROUP BY c.instance_id "
        "HAVING sum(s.micros) > 0 AND sum(s.use <> 'idle') = 0",
        start,
        end,
    )
    return {row["instance_id"]: row["micros"] for row in found}


_RENTED = "i.provider <> 'owned'"
_CHARGES = (
    "instances i CROSS JOIN charges c ON c.instance_id = i.id "
    f"WHERE i.type = ? AND {_RENTED} AND c.from_at >= ? AND c.from_at < ?"
)
_BUSY = (
    "c.running_ms - CASE WHEN coalesce(i.paid_anyway, '') <> '' THEN 0 ELSE "
    "coalesce(c.idle_ms, max(0, c.running_ms - "
    "(SELECT coalesce(sum(s.gpu_ms), 0) FROM shares s WHERE s.charge_id = c.id AND s.use <> 'idle'))) END"
)

_IN_HOLE = "c.from_at >= json_extract(h.value, '$[0]') AND c.from_at < json_extract(h.value, '$[1]')"


def at_once(
    db: Database,
    scope: Scope,
    kind: str,
    start: int,
    end: int,
    *,
    holes: Sequence[TimeSpan] = (),
    without_idle: bool = False,
) -> list[MachineMs]:
    """How many milliseconds at least one instance of a type ran within a scope, at least two at once, and so on.

    Charges that begin within a hole are left out. A machine idles while all its GPUs do, at once; of a charge of which
    nobody noted that, at least for what is left if each of its GPUs worked at a time of its own. Without idle time,
    what is left of a charge is taken to come first; a machine that is paid anyway has no time that a stop would spare.
    The join goes from instances to charges, so that an index serves it however long the ledger is.
    """
    where, values = _within(scope, "c")
    if holes:
        where = f"{where} AND NOT EXISTS (SELECT 1 FROM json_each(?) h WHERE {_IN_HOLE})"
        values = [*values, json.dumps(holes)]
    found = rows(
        db,
        f"WITH spans AS (SELECT c.from_at AS at, c.from_at + {_BUSY if without_idle else 'c.running_ms'} AS until "
        f"FROM {_CHARGES} AND c.corrects IS NULL{where}), "
        "edges AS (SELECT at, sum(step) AS step FROM "
        "(SELECT at, 1 AS step FROM spans UNION ALL SELECT until, -1 FROM spans) GROUP BY at), "
        "levels AS (SELECT sum(step) OVER (ORDER BY at) AS machines, lead(at) OVER (ORDER BY at) - at AS ms "
        "FROM edges) "
        "SELECT machines, sum(ms) AS ms FROM levels WHERE machines > 0 GROUP BY machines",
        kind,
        start,
        end,
        *values,
    )
    lengths: dict[int, int] = {row["machines"]: row["ms"] for row in found}
    longest_first = accumulate(lengths.get(number, 0) for number in range(max(lengths, default=0), 0, -1))
    return [MachineMs(ms) for ms in longest_first][::-1]


def paid(db: Database, scope: Scope, kind: str, start: int, end: int) -> tuple[int, MachineMs]:
    """What a type cost within a scope, in micro-dollars, and how many milliseconds of it had a price."""
    where, values = _within(scope, "c")
    (row,) = rows(
        db,
        "SELECT coalesce(sum(c.micros), 0) AS micros, coalesce(sum(CASE WHEN c.rate_micros > 0 OR "
        "EXISTS (SELECT 1 FROM charges k WHERE k.corrects = c.id) THEN c.running_ms END), 0) AS priced_ms "
        f"FROM {_CHARGES}{where}",
        kind,
        start,
        end,
        *values,
    )
    return row["micros"], row["priced_ms"]


def sources_of_type(db: Database, scope: Scope, kind: str, start: int, end: int) -> set[str]:
    """Where a type ran within a scope."""
    where, values = _within(scope, "c")
    found = rows(db, f"SELECT DISTINCT i.source FROM {_CHARGES}{where}", kind, start, end, *values)
    return {row["source"] for row in found}


def by_type(db: Database, scope: Scope, since: date) -> list[Row]:
    """What ran within a scope from a local day on, by type and kind of GPU, the dearest first.

    Rows have type, gpu_model, gpu_memory_mib, gpu_count, machines, ms, priced_ms and micros. Call `day_sums.catch_up`
    first.
    """
    where, values = _within(scope, "s")
    known = day_sums.counted(db)
    if known is None:
        return []
    return rows(
        db,
        "SELECT i.type, i.gpu_model, i.gpu_memory_mib, i.gpu_count, count(DISTINCT i.id) AS machines, "
        "sum(s.running_ms) AS ms, sum(CASE WHEN s.micros > 0 THEN s.running_ms ELSE 0 END) AS priced_ms, "
        f"sum(s.micros) AS micros FROM machine_days s JOIN instances i ON i.id = s.instance_id "
        f"WHERE s.starts_at >= ? AND {_RENTED}{where} "
        "GROUP BY i.type, i.gpu_model, i.gpu_memory_mib, i.gpu_count ORDER BY sum(s.micros) DESC, i.type",
        day_start(since, ZoneInfo(known.zone)),
        *values,
    )


def estimated(db: Database, since: int) -> set[str]:
    """The types of rented instances that cost something at a rate that is not exact, from a local day's start on.

    Call `day_sums.catch_up` first.
    """
    found = rows(
        db,
        "SELECT DISTINCT i.type FROM machine_days d JOIN instances i ON i.id = d.instance_id "
        f"WHERE d.starts_at >= ? AND d.estimated_micros <> 0 AND {_RENTED}",
        since,
    )
    return {row["type"] for row in found}


def _within(scope: Scope, rowset: str) -> tuple[str, list[str]]:
    match scope.kind:
        case "team":
            return f" AND {rowset}.team = ?", [scope.key]
        case "instance":
            return f" AND {rowset}.instance_id = ?", [scope.key]
        case "type":
            return " AND i.type = ?", [scope.key]
        case _:
            return "", []
