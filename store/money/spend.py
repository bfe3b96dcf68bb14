"""The ledger summed per local day: what charts and forecasts are made from, kept up so that no question scans it all.

The sums are a copy of `charges`, carried on by the number of the last charge counted; they can be rebuilt at any time
and are, when the zone of the days changes. A charge belongs to the day its hour began in.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import ONE_DAY, MachineMs, day_start, local_day
from bot.domain.machines.models import owned_type
from bot.domain.money.reports import LedgerSum, SumBy
from bot.domain.money.scope import Scope
from bot.domain.spans import TimeSpan
from store.sql import Row, changed, one, rows

SPEND_STEP = 50_000
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


def catch_up(db: Database, zone: str, *, step: int = SPEND_STEP) -> bool:
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
        after_it = day + ONE_DAY
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


def machines_ever(db: Database) -> list[Row]:
    """Every instance there is or was, with its team, rate and last start and stop; `runs` and `gone` are 0 or 1."""
    return rows(
        db,
        "SELECT id, name, type, team, provider, source, rate_micros, launched_at, stopped_at, "
        "state = 'running' AND gone_at IS NULL AS runs, gone_at IS NOT NULL AS gone FROM instances ORDER BY name, id",
    )


_KEYS: dict[SumBy, str] = {
    "team": "c.team",
    "used_by": "s.team",
    "person": "s.holder",
    "type": "CASE WHEN i.provider = 'owned' THEN i.gpu_count || 'x' || i.gpu_model ELSE i.type END",
    "instance": "c.instance_id",
}


_OF_ONE = (
    "c.id IN (SELECT id FROM charges WHERE instance_id = ? AND corrects IS NULL AND from_at >= ? AND from_at < ? "
    "UNION ALL SELECT k.id FROM charges b JOIN charges k ON k.corrects = b.id "
    "WHERE b.instance_id = ? AND b.corrects IS NULL AND b.from_at >= ? AND b.from_at < ?)"
)
"""The charges of one machine with their corrections, so that an index serves them however long the ledger is."""


def sums_by(
    db: Database, by: SumBy, start: int, end: int, *, team: str | None = None, instance_id: str | None = None
) -> list[LedgerSum]:
    """The sums of charges from `start` up to `end` (of one team's machines, or of one machine).

    Rented ones first, the dearest first. A charge belongs to where its time begins.
    """
    name = "i.name" if by == "instance" else _KEYS[by]
    within = "c.from_at >= ? AND c.from_at < ?"
    values: list[object] = [start, end]
    if instance_id is not None:
        within, values = _OF_ONE, [instance_id, start, end] * 2
    if team is not None:
        within, values = f"{within} AND c.team = ?", [*values, team]
    found = rows(
        db,
        f"SELECT {_KEYS[by]} AS key, {name} AS name, i.provider, sum(s.micros) AS micros, "
        f"{_micros_of('busy')}, {_micros_of('idle')}, {_micros_of('unknown')}, sum(s.gpu_ms) AS gpu_ms, "
        "sum(CASE WHEN s.use = 'idle' THEN s.gpu_ms ELSE 0 END) AS idle_gpu_ms, "
        "sum(CASE WHEN c.rate_micros = 0 AND NOT EXISTS (SELECT 1 FROM charges k WHERE k.corrects = c.id) "
        "THEN s.gpu_ms ELSE 0 END) AS unpriced_gpu_ms, "
        "sum(CASE WHEN c.exact THEN 0 ELSE s.micros END) AS estimated_micros, "
        "sum(CASE WHEN c.exact OR s.use <> 'idle' THEN 0 ELSE s.micros END) AS estimated_idle_micros "
        "FROM charges c JOIN shares s ON s.charge_id = c.id JOIN instances i ON i.id = c.instance_id "
        f"WHERE {within} GROUP BY 1, i.provider ORDER BY i.provider, 4 DESC, 2",
        *values,
    )
    return [_typed(LedgerSum(**row)) if by == "type" else LedgerSum(**row) for row in found]


def _typed(each: LedgerSum) -> LedgerSum:
    if each.provider != "owned":
        return each
    count, _, model = each.key.partition("x")
    name = owned_type(int(count), model)
    return each._replace(key=name, name=name)


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


def _micros_of(use: str) -> str:
    return f"sum(CASE WHEN s.use = '{use}' THEN s.micros ELSE 0 END) AS {use}_micros"


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

    Rows have type, gpu_model, gpu_memory_mib, gpu_count, machines, ms, priced_ms and micros. Call `spend.catch_up`
    first.
    """
    where, values = _within(scope, "s")
    return rows(
        db,
        "SELECT i.type, i.gpu_model, i.gpu_memory_mib, i.gpu_count, count(DISTINCT i.id) AS machines, "
        "sum(s.running_ms) AS ms, sum(CASE WHEN s.micros > 0 THEN s.running_ms ELSE 0 END) AS priced_ms, "
        f"sum(s.micros) AS micros FROM spend s JOIN instances i ON i.id = s.instance_id "
        f"WHERE s.day >= ? AND {_RENTED}{where} "
        "GROUP BY i.type, i.gpu_model, i.gpu_memory_mib, i.gpu_count ORDER BY sum(s.micros) DESC, i.type",
        since.isoformat(),
        *values,
    )


def estimated(db: Database, since: int) -> set[str]:
    """The types of rented instances that cost something at a rate that is not exact, from an instant on."""
    found = rows(
        db,
        "SELECT DISTINCT i.type FROM charges c JOIN instances i ON i.id = c.instance_id "
        f"WHERE NOT c.exact AND c.from_at >= ? AND c.micros <> 0 AND {_RENTED}",
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
