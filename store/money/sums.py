"""The ledger summed by team, person, type or instance over a span of time, from its shares: every way adds up."""

from sqlite_utils import Database

from bot.domain.models import owned_type
from bot.domain.money.sums import By, Sum
from store.sql import rows

_KEYS: dict[By, str] = {
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


def of(
    db: Database, by: By, start: int, end: int, *, team: str | None = None, instance_id: str | None = None
) -> list[Sum]:
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
    return [_typed(Sum(**row)) if by == "type" else Sum(**row) for row in found]


def _typed(each: Sum) -> Sum:
    if each.provider != "owned":
        return each
    count, _, model = each.key.partition("x")
    name = owned_type(int(count), model)
    return each._replace(key=name, name=name)


def idle_throughout(db: Database, start: int, end: int) -> dict[str, int]:
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
