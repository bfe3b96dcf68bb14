"""How much rented machines ran and what that cost, for buying and comparing."""

import json
from collections.abc import Sequence
from datetime import date
from itertools import accumulate

from sqlite_utils import Database

from bot.domain.money.plans import Span
from bot.domain.money.report import Scope
from bot.domain.times import MachineMs
from store.sql import Row, rows

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
    holes: Sequence[Span] = (),
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


def sources(db: Database, scope: Scope, kind: str, start: int, end: int) -> set[str]:
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
