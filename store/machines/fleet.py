"""The fleet: instances as last seen, sources as last heard, verdicts as last judged."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.machines.listing import FleetSource
from bot.domain.machines.names import shown_look
from bot.domain.machines.shape import Shape
from bot.domain.machines.sources import UnreadSource
from bot.domain.machines.verdict import Verdict
from bot.domain.money.rates import Rate
from store.machines import names as stored_names
from store.money import source_reads
from store.sql import Row, changed, many, one, rows

SCHEMA = (
    """CREATE TABLE instances (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        provider TEXT NOT NULL CHECK (provider IN ('ec2', 'owned')),
        source TEXT NOT NULL,
        type TEXT NOT NULL,
        state TEXT NOT NULL,
        gpu_model TEXT NOT NULL,
        gpu_count INTEGER NOT NULL,
        gpu_memory_mib INTEGER NOT NULL,
        nvme_gb INTEGER NOT NULL,
        zone TEXT NOT NULL,
        launched_at INTEGER,
        stopped_at INTEGER,
        lifecycle TEXT NOT NULL,
        asg TEXT NOT NULL,
        stop_protected INTEGER NOT NULL CHECK (stop_protected IN (0, 1)),
        root_device TEXT NOT NULL,
        disks TEXT,
        addresses INTEGER,
        state_reason TEXT NOT NULL,
        tags TEXT NOT NULL,
        team TEXT NOT NULL,
        rate_micros INTEGER,
        rate_source TEXT NOT NULL,
        rate_exact INTEGER NOT NULL,
        gone_at INTEGER
    ) STRICT""",
    "CREATE INDEX instances_by_source ON instances (source) WHERE gone_at IS NULL",
    "CREATE INDEX instances_by_name ON instances (lower(name)) WHERE gone_at IS NULL",
    "CREATE INDEX instances_by_id ON instances (lower(id)) WHERE gone_at IS NULL",
    """CREATE TABLE sources (
        source TEXT PRIMARY KEY,
        ok_at INTEGER,
        error TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE verdicts (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        state TEXT NOT NULL CHECK (state IN ('active', 'held', 'free', 'partial', 'unknown')),
        since INTEGER,
        evidence TEXT NOT NULL,
        gpus TEXT NOT NULL,
        waste_micros INTEGER NOT NULL,
        judged_at INTEGER NOT NULL
    ) STRICT""",
)
SHAPES = (
    "ALTER TABLE instances ADD COLUMN shape TEXT",
    "ALTER TABLE instances ADD COLUMN paid_anyway TEXT",
)
"""NULL until the next look: not known."""
SEEN_AT = ("ALTER TABLE instances ADD COLUMN seen_at INTEGER",)
"""When the look began that a row shows, where an action made it; NULL: not known, or older than its source's."""
PRIVATE_ADDRESSES = ("ALTER TABLE instances ADD COLUMN private_address TEXT NOT NULL DEFAULT ''",)
_COLUMNS = (
    *("id", "name", "provider", "source", "type", "state", "gpu_model", "gpu_count", "gpu_memory_mib", "nvme_gb"),
    *("zone", "launched_at", "stopped_at", "lifecycle", "asg", "stop_protected", "root_device", "addresses"),
    *("private_address", "state_reason", "disks", "tags", "shape"),
)
_TERMS = ("paid_anyway", "team", "rate_micros", "rate_source")
_UPSERT = (
    f"INSERT INTO instances ({', '.join(_COLUMNS)}, paid_anyway, team, rate_micros, rate_source, rate_exact, "
    f"looks_like, seen_at, gone_at) VALUES ({', '.join('?' * len(_COLUMNS))}, ?, ?, ?, ?, ?, ?, ?, NULL) "
    "ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in (*_COLUMNS[1:], *_TERMS))
    + ", rate_exact = excluded.rate_exact, looks_like = excluded.looks_like, own_name = NULL, "
    "seen_at = excluded.seen_at, gone_at = NULL"
)


def save(db: Database, instance: Instance, *, team: str, rate: Rate | None, seen_at: int | None = None) -> None:
    """Write one instance as it was just seen; `seen_at` is when the look began that shows it."""
    save_all(db, [(instance, team, rate)], seen_at)


def save_all(db: Database, seen: Iterable[tuple[Instance, str, Rate | None]], seen_at: int | None = None) -> None:
    """Write instances as they were just seen, with their team and rate; names that look alike are told apart."""
    written = list(seen)
    looks = stored_names.looks_of(db, [instance.id for instance, _, _ in written])
    many(db, _UPSERT, ((*_values(instance, team, rate), seen_at) for instance, team, rate in written))
    stored_names.tell_apart(db, looks | {shown_look(instance.told_name) for instance, _, _ in written})


def _values(instance: Instance, team: str, rate: Rate | None) -> tuple[object, ...]:
    named = replace(instance, name=instance.told_name)
    plain = [getattr(named, column) for column in _COLUMNS[:-3]]
    disks = None if instance.disks is None else json.dumps(dict(instance.disks), sort_keys=True)
    tags = json.dumps(dict(instance.tags), sort_keys=True)
    return (
        *plain,
        disks,
        tags,
        instance.shape and instance.shape.to_json(),
        instance.paid_anyway,
        team,
        rate and rate.micros_per_hour,
        rate.source if rate else "",
        rate is None or rate.exact,
        shown_look(named.name),
    )


def rows_of_source(db: Database, source: str) -> dict[str, Row]:
    """The instances a source is known to have, by id, as rows."""
    return {row["id"]: row for row in rows(db, "SELECT * FROM instances WHERE source = ? AND gone_at IS NULL", source)}


def missed_since(db: Database, source: str, after: int) -> dict[str, Row]:
    """The instances that the looks at a source have missed since an instant or later, by id, as rows."""
    sql = "SELECT * FROM instances WHERE source = ? AND gone_at > ?"
    return {row["id"]: row for row in rows(db, sql, source, after)}


def missed_at(db: Database, instance_id: str) -> int | None:
    """Since when the looks do not show an instance that was seen once; None while they do."""
    row = one(db, "SELECT gone_at FROM instances WHERE id = ?", instance_id)
    return row["gone_at"] if row else None


def mark_gone(db: Database, ids: Iterable[str], now: int) -> None:
    """A look misses these: they are not listed, their names are free for others, and they are gone if that lasts."""
    left = list(ids)
    if left:
        many(db, "UPDATE instances SET gone_at = ?, state = 'terminated' WHERE id = ?", ((now, each) for each in left))
        stored_names.tell_apart(db, stored_names.looks_of(db, left))


def note_source_read(db: Database, look: SourceSnapshot, now: int) -> None:
    """Note that a source was read, or why it could not be."""
    error = (look.error or "").strip()
    changed(
        db,
        "INSERT INTO sources (source, ok_at, error) VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET "
        "ok_at = coalesce(excluded.ok_at, ok_at), error = excluded.error",
        look.source,
        None if error else now,
        error,
    )
    if not error:
        source_reads.note(db, look.source, now)


def fleet_sources(db: Database) -> list[FleetSource]:
    """Every source, with when it was last read."""
    found = rows(db, "SELECT source, ok_at, error FROM sources ORDER BY source")
    return [FleetSource(row["source"], row["ok_at"], row["error"]) for row in found]


def unread_rented_sources(db: Database, before: int) -> list[UnreadSource]:
    """Sources of rented machines that were last read before an instant, or never, with what ran there then."""
    found = rows(
        db,
        "SELECT s.source AS name, s.ok_at AS since, s.error, count(i.id) AS running, "
        "coalesce(sum(i.rate_micros), 0) AS micros_per_hour, coalesce(min(i.rate_exact AND i.rate_micros > 0), 1) "
        "AS exact FROM sources s LEFT JOIN instances i ON i.source = s.source AND i.gone_at IS NULL "
        "AND i.state = 'running' AND i.provider = 'ec2' WHERE s.ok_at IS NULL OR s.ok_at < ? "
        "GROUP BY s.source ORDER BY s.source",
        before,
    )
    return [UnreadSource(**{**row, "exact": bool(row["exact"])}) for row in found]


def instance_places(db: Database) -> dict[str, tuple[str, str, str]]:
    """The provider, the team and the source of every instance there is or was, by id."""
    found = rows(db, "SELECT id, provider, team, source FROM instances")
    return {row["id"]: (row["provider"], row["team"], row["source"]) for row in found}


def ok_at(db: Database, source: str) -> int | None:
    """When this source was last read; None when never."""
    row = one(db, "SELECT ok_at FROM sources WHERE source = ?", source)
    return row["ok_at"] if row else None


def instance_of(row: Row) -> Instance:
    """The record of a row of `instances`."""
    return _instance(*[row[column] for column in _COLUMNS], row["own_name"] or "")


@lru_cache(maxsize=4096)
def _instance(*cells: Any) -> Instance:
    """Each minute reads every row several times, and hardly any has changed since it was read last."""
    values: Row = dict(zip((*_COLUMNS, "own_name"), cells, strict=True))
    values["tags"] = json.loads(values["tags"])
    values["disks"] = None if values["disks"] is None else json.loads(values["disks"])
    values["shape"] = None if values["shape"] is None else Shape.from_json(values["shape"])
    values["stop_protected"] = bool(values["stop_protected"])
    return Instance(**values)


def rate_of(row: Row) -> Rate | None:
    """The rate in a row of `instances`; None when no price is known."""
    if row["rate_micros"] is None:
        return None
    return Rate(row["rate_micros"], row["rate_source"], bool(row["rate_exact"]))


def save_verdicts(db: Database, judged: Mapping[str, tuple[Verdict, int]]) -> None:
    """Write verdicts with what they waste (micro-dollars per hour), by instance id."""
    many(
        db,
        "INSERT INTO verdicts (instance_id, state, since, evidence, gpus, waste_micros, judged_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (instance_id) DO UPDATE SET state = excluded.state, "
        "since = excluded.since, evidence = excluded.evidence, gpus = excluded.gpus, "
        "waste_micros = excluded.waste_micros, judged_at = excluded.judged_at",
        (
            (
                key,
                it.state,
                it.since,
                it.evidence,
                json.dumps([[g.gpu, g.state, g.since] for g in it.gpus]),
                waste,
                it.judged_at,
            )
            for key, (it, waste) in judged.items()
        ),
    )


def running_instances(db: Database) -> list[Row]:
    """What the judge needs of every running instance: id, provider, team, gpu_count, rate_micros, launched_at."""
    columns = "id, provider, team, gpu_count, rate_micros, launched_at"
    return rows(db, f"SELECT {columns} FROM instances WHERE state = 'running' AND gone_at IS NULL")


def forget_verdicts_of_stopped(db: Database) -> None:
    """An instance that does not run has no verdict."""
    changed(
        db,
        "DELETE FROM verdicts WHERE instance_id IN "
        "(SELECT id FROM instances WHERE state <> 'running' OR gone_at IS NOT NULL)",
    )


def pool(db: Database, team: str) -> int:
    """How many rented machines of a team run, or have just begun to stop."""
    sql = (
        "SELECT count(*) AS n FROM instances WHERE team = ? AND provider = 'ec2' AND gone_at IS NULL "
        "AND state IN ('running', 'stopping')"
    )
    found = one(db, sql, team)
    return found["n"] if found else 0


def by_id(db: Database, instance_id: str) -> Row | None:
    """One instance's row, gone or not."""
    return one(db, "SELECT * FROM instances WHERE id = ?", instance_id)


def team_of(db: Database, instance_id: str) -> str:
    """The team of an instance; empty when it has none or is not known."""
    row = one(db, "SELECT team FROM instances WHERE id = ?", instance_id)
    return row["team"] if row else ""


def instance_names(db: Database) -> dict[str, str]:
    """The name of every instance ever seen, by its id."""
    return {row["id"]: row["name"] for row in rows(db, "SELECT id, name FROM instances")}


def known_instances(db: Database) -> dict[str, tuple[str, int]]:
    """The name and the number of GPUs of every machine there is or was, by id."""
    return {row["id"]: (row["name"], row["gpu_count"]) for row in rows(db, "SELECT id, name, gpu_count FROM instances")}


def gone_instances(db: Database, word: str) -> tuple[str, str] | None:
    """Id and name of the instance of this name or id that went last, among those that are gone."""
    sql = "SELECT id, name FROM instances WHERE gone_at IS NOT NULL AND lower(?) IN (lower(id), lower(name), "
    row = one(db, sql + "lower(own_name)) ORDER BY gone_at DESC LIMIT 1", word)
    return (row["id"], row["name"]) if row else None
