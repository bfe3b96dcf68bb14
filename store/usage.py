"""How much rented machines ran and what that cost, for buying and comparing."""

from datetime import date

from sqlite_utils import Database

from bot.domain.clock import HOUR
from bot.domain.money.report import Scope
from store.sql import Row, rows

_RENTED = "i.provider <> 'owned'"


def by_hour(db: Database, scope: Scope, kind: str, start: int, end: int) -> list[Row]:
    """Per clock hour in which any instance of a type ran within a scope, oldest first.

    Rows have start, ms, idle_ms (of them idle, by GPU), priced_ms (of them with a price) and micros.

    The join goes from instances to charges, so that an index serves it however long the ledger is.
    """
    where, values = _within(scope, "c")
    return rows(
        db,
        f"SELECT c.from_at / {HOUR} * {HOUR} AS start, sum(c.running_ms) AS ms, "
        "sum((SELECT c.running_ms * coalesce(sum(CASE WHEN s.use = 'idle' THEN s.gpu_ms END), 0) "
        "/ max(sum(s.gpu_ms), 1) FROM shares s WHERE s.charge_id = c.id)) AS idle_ms, "
        "sum(CASE WHEN c.rate_micros > 0 OR EXISTS (SELECT 1 FROM charges k WHERE k.corrects = c.id) "
        "THEN c.running_ms ELSE 0 END) AS priced_ms, sum(c.micros) AS micros "
        f"FROM instances i CROSS JOIN charges c ON c.instance_id = i.id "
        f"WHERE i.type = ? AND {_RENTED} AND c.from_at >= ? AND c.from_at < ?{where} GROUP BY 1 ORDER BY 1",
        *(kind, start, end, *values),
    )


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
        *(since.isoformat(), *values),
    )


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
