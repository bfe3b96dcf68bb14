"""Instances that may serve a want, by id and roughly best first: a rough cut of a large fleet, made by the database."""

from collections.abc import Sequence
from typing import Literal

from sqlite_utils import Database

from store.sql import rows

FindStanding = Literal["owned", "rented", "held", "stopped"]
FIND_STANDINGS: tuple[FindStanding, ...] = ("owned", "rented", "held", "stopped")
FREE_STANDINGS: tuple[FindStanding, ...] = ("owned", "rented")
_CLAIMED = "(SELECT count(*) FROM claimed_gpus g WHERE g.instance_id = i.id)"
_OPEN = f"max(1, i.gpu_count) - {_CLAIMED}"
_FREE = f"i.state = 'running' AND coalesce(v.state, 'unknown') <> 'active' AND {_OPEN} >= ?"
_SEEN = "CASE v.state WHEN 'free' THEN 0 WHEN 'partial' THEN 0 WHEN 'held' THEN 1 ELSE 2 END"
_SOONEST = "(SELECT min(c.until_at) FROM claims c WHERE c.instance_id = i.id AND c.ended_at IS NULL)"
_STANDING: dict[FindStanding, tuple[str, str]] = {
    "owned": (f"i.provider = 'owned' AND {_FREE}", f"{_SEEN}, i.gpu_memory_mib, {_OPEN}"),
    "rented": (f"i.provider <> 'owned' AND {_FREE}", f"{_SEEN}, i.gpu_memory_mib, {_OPEN}"),
    "held": (f"i.state = 'running' AND {_CLAIMED} > 0 AND max(1, i.gpu_count) >= ?", f"{_SEEN}, {_SOONEST}"),
    "stopped": ("i.state = 'stopped' AND i.asg = '' AND i.provider = 'ec2' AND max(1, i.gpu_count) >= ?", "1"),
}
"""The test, with the number of GPUs bound into it, and the order."""


def gpu_kinds(db: Database) -> list[tuple[str, int]]:
    """Every GPU model in the fleet, as reported, with the MiB of one GPU."""
    kind_rows = rows(db, "SELECT DISTINCT gpu_model, gpu_memory_mib FROM instances WHERE gone_at IS NULL")
    return [(row["gpu_model"], row["gpu_memory_mib"]) for row in kind_rows]


def most_gpus(db: Database, chosen: Sequence[tuple[str, int]]) -> int:
    """The GPUs of the largest instance with one of these models, at least one; 0 where there is none."""
    marks, values = _among(chosen)
    sql = f"SELECT coalesce(max(max(1, gpu_count)), 0) AS most FROM instances i WHERE gone_at IS NULL AND {marks}"
    return int(rows(db, sql, *values)[0]["most"])


def instances_standing(db: Database, how: FindStanding, chosen: Sequence[tuple[str, int]], count: int) -> list[str]:
    """Ids of the instances with one of these models and so many GPUs that stand like this."""
    test, order = _STANDING[how]
    marks, values = _among(chosen)
    id_rows = rows(
        db,
        "SELECT i.id FROM instances i LEFT JOIN verdicts v ON v.instance_id = i.id "
        f"WHERE i.gone_at IS NULL AND {marks} AND {test} "
        f"ORDER BY {order}, coalesce(i.rate_micros, 1 << 62), i.name, i.id",
        *values,
        count,
    )
    return [row["id"] for row in id_rows]


def _among(chosen: Sequence[tuple[str, int]]) -> tuple[str, list[object]]:
    if not chosen:
        return "1 = 0", []
    pairs = ", ".join(["(?, ?)"] * len(chosen))
    return f"(i.gpu_model, i.gpu_memory_mib) IN (VALUES {pairs})", [value for pair in chosen for value in pair]
