"""Standstills: since when each machine that is stopped has been, as was seen or as its provider said."""

from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from bot.domain.machines.fleet import Standstill
from store.sql import many, one, rows

SCHEMA = (
    """CREATE TABLE standstills (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        since INTEGER NOT NULL,
        exact INTEGER NOT NULL CHECK (exact IN (0, 1))
    ) STRICT, WITHOUT ROWID""",
)


def standstills_of(db: Database, source: str) -> dict[str, Standstill]:
    """What stands still at a source, by instance."""
    sql = "SELECT s.* FROM standstills s JOIN instances i ON i.id = s.instance_id WHERE i.source = ?"
    return {row["instance_id"]: Standstill(row["since"], bool(row["exact"])) for row in rows(db, sql, source)}


def kept_standstill(db: Database, instance_id: str) -> Standstill | None:
    """The standstill of one instance; None while it runs."""
    row = one(db, "SELECT since, exact FROM standstills WHERE instance_id = ?", instance_id)
    return Standstill(row["since"], bool(row["exact"])) if row else None


def save(db: Database, seen: Mapping[str, Standstill]) -> None:
    """These stand still."""
    sql = (
        "INSERT INTO standstills (instance_id, since, exact) VALUES (?, ?, ?) "
        "ON CONFLICT (instance_id) DO UPDATE SET since = excluded.since, exact = excluded.exact"
    )
    many(db, sql, ((key, it.since, int(it.exact)) for key, it in seen.items()))


def end(db: Database, instance_ids: Iterable[str]) -> None:
    """These do not stand still any more."""
    many(db, "DELETE FROM standstills WHERE instance_id = ?", ((instance_id,) for instance_id in instance_ids))


def held_on(db: Database) -> dict[str, str]:
    """What stopped machines are in, or ran in until Valet stopped them, that is paid all the same; by instance.

    EC2 tells of a reservation only while a machine runs in it, so the stop remembers.
    """
    last = (
        "SELECT json_extract(a.facts, '$.paid_anyway') FROM actions a WHERE a.instance_id = i.id AND a.kind = 'stop' "
        "AND a.state = 'done' AND a.kind IN ('stop', 'start') "
        "AND a.launched_at IS i.launched_at ORDER BY a.finished_at DESC LIMIT 1"
    )
    machine_rows = rows(
        db,
        f"SELECT i.id, coalesce(nullif(i.paid_anyway, ''), ({last}), '') AS held FROM instances i "
        "WHERE i.gone_at IS NULL AND i.state = 'stopped' AND i.provider = 'ec2'",
    )
    return {row["id"]: row["held"] for row in machine_rows if row["held"]}
