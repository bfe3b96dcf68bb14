"""What sources other than the agent told: a trail per source and GPU, and how far each place was read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.machines.power import PowerFloor
from bot.domain.machines.source_history import SourceAnswer, SourceHistory, Target
from store.sql import Row, changed, many, rows

WHOLE = -1
"""Stands in the gpu column for the instance as a whole."""
SCHEMA = (
    """CREATE TABLE trails (
        instance_id TEXT NOT NULL,
        source TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        head INTEGER NOT NULL,
        quiet BLOB NOT NULL,
        active BLOB NOT NULL,
        util_max REAL,
        util_mean REAL,
        memory_used_mib INTEGER,
        PRIMARY KEY (instance_id, source, gpu)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE places_read (
        source TEXT NOT NULL,
        place TEXT NOT NULL,
        read_until INTEGER,
        ok_at INTEGER,
        error TEXT NOT NULL,
        PRIMARY KEY (source, place)
    ) STRICT, WITHOUT ROWID""",
)
POWER_SCHEMA = (
    "ALTER TABLE trails ADD COLUMN watts REAL",
    "ALTER TABLE trails ADD COLUMN may_be_ratio INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE trails ADD COLUMN floor TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE trails ADD COLUMN floor_watts REAL",
)


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """How reading one place by one source went last."""

    source: str
    place: str
    read_until: int | None
    ok_at: int | None
    error: str = ""
    """Why it could not be read; empty when it could."""


def targets(db: Database) -> list[Target]:
    """Every running instance, as sources are asked about it."""
    sql = (
        "SELECT id, coalesce(own_name, name) AS name, source AS place, team, private_address FROM instances "
        "WHERE state = 'running' AND gone_at IS NULL ORDER BY id"
    )
    return [Target(**row) for row in rows(db, sql)]


def places_read(db: Database, source: str = "") -> list[PlaceRead]:
    """How reading went, of one source or of all."""
    sql = "SELECT source, place, read_until, ok_at, error FROM places_read WHERE ? IN ('', source) ORDER BY 1, 2"
    return [PlaceRead(**row) for row in rows(db, sql, source)]


def note_history_read(db: Database, source: str, told: SourceAnswer, now: int) -> None:
    """Note that a place was read, or why it could not be; a failure leaves where to go on from as it was."""
    changed(
        db,
        "INSERT INTO places_read (source, place, read_until, ok_at, error) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (source, place) DO UPDATE SET read_until = coalesce(excluded.read_until, read_until), "
        "ok_at = coalesce(excluded.ok_at, ok_at), error = excluded.error",
        source,
        told.place,
        told.read_until,
        None if told.error else now,
        told.error,
    )


def instances_seen(db: Database, source: str, since: int) -> set[str]:
    """The ids of the instances of which a source has told something since then."""
    sql = "SELECT DISTINCT instance_id FROM trails WHERE source = ? AND head >= ?"
    return {row["instance_id"] for row in rows(db, sql, source, since)}


def histories(db: Database, sources: Sequence[str]) -> dict[str, dict[str, list[SourceHistory]]]:
    """Every trail of these sources, by instance id and source."""
    if not sources:
        return {}
    return _grouped(rows(db, f"SELECT * FROM trails WHERE source IN ({_marks(sources)})", *sources))


def histories_of(db: Database, instance_id: str, sources: Sequence[str]) -> dict[str, list[SourceHistory]]:
    """One instance's trails, by source."""
    sql = f"SELECT * FROM trails WHERE instance_id = ? AND source IN ({_marks(sources)})"
    return _grouped(rows(db, sql, instance_id, *sources)).get(instance_id, {})


def histories_by_source(
    db: Database, source: str, instance_ids: Iterable[str]
) -> dict[tuple[str, int | None], SourceHistory]:
    """The trails of some instances by one source, by instance id and GPU."""
    wanted = sorted(set(instance_ids))
    found: dict[tuple[str, int | None], SourceHistory] = {}
    for at in range(0, len(wanted), 500):
        some = wanted[at : at + 500]
        sql = f"SELECT * FROM trails WHERE source = ? AND instance_id IN ({_marks(some)})"
        for row in rows(db, sql, source, *some):
            trail = _history(row)
            found[row["instance_id"], trail.gpu] = trail
    return found


def save(db: Database, source: str, carried: Mapping[tuple[str, int | None], SourceHistory]) -> None:
    """Write trails, by instance id and GPU."""
    many(
        db,
        "INSERT OR REPLACE INTO trails (instance_id, source, gpu, head, quiet, active, util_max, util_mean, "
        "memory_used_mib, watts, may_be_ratio, floor, floor_watts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(instance_id, source, WHOLE if gpu is None else gpu, it.head, _blob(it.quiet), _blob(it.active)),
                *(it.util_max, it.util_mean, it.memory_used_mib, it.watts, it.may_be_ratio),
                *(it.floor.to_text(), it.floor_watts),
            )
            for (instance_id, gpu), it in carried.items()
        ),
    )


def prune(db: Database, before: int) -> None:
    """Drop trails that tell of nothing later than this."""
    changed(db, "DELETE FROM trails WHERE head < ?", before)


def _grouped(found: Iterable[Row]) -> dict[str, dict[str, list[SourceHistory]]]:
    grouped: dict[str, dict[str, list[SourceHistory]]] = {}
    for row in found:
        grouped.setdefault(row["instance_id"], {}).setdefault(row["source"], []).append(_history(row))
    return grouped


def _history(row: Row) -> SourceHistory:
    return SourceHistory(
        None if row["gpu"] == WHOLE else row["gpu"],
        row["head"],
        int.from_bytes(row["quiet"]),
        int.from_bytes(row["active"]),
        row["util_max"],
        row["util_mean"],
        row["memory_used_mib"],
        row["watts"],
        bool(row["may_be_ratio"]),
        PowerFloor.from_text(row["floor"]),
        row["floor_watts"],
    )


def _blob(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8)


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
