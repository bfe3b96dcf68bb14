"""The ledger: open meters, closed charges, and the forecasts made from them."""

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from bot.domain.metering import Meter
from bot.domain.rates import Charge
from store.sql import Row, changed, many, one, rows

SCHEMA = (
    """CREATE TABLE meters (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at >= from_at),
        launched_at INTEGER,
        rate_micros INTEGER NOT NULL,
        team TEXT NOT NULL,
        holder TEXT NOT NULL,
        verdict TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE charges (
        id INTEGER PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL,
        running_ms INTEGER NOT NULL CHECK (running_ms BETWEEN 0 AND until_at - from_at),
        micros INTEGER NOT NULL,
        rate_micros INTEGER NOT NULL,
        team TEXT NOT NULL,
        holder TEXT NOT NULL,
        verdict TEXT NOT NULL,
        UNIQUE (instance_id, from_at),
        CHECK (until_at > from_at AND until_at <= from_at / 3600000 * 3600000 + 3600000)
    ) STRICT""",
    "CREATE INDEX charges_by_time ON charges (from_at)",
    "CREATE TRIGGER charges_keep BEFORE DELETE ON charges BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER charges_stand BEFORE UPDATE ON charges BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    """CREATE TABLE forecasts (
        scope TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (scope, made_at)
    ) STRICT, WITHOUT ROWID""",
)


def open_meters(db: Database, source: str = "") -> dict[str, Meter]:
    """Every running meter (of one source, if given), by instance."""
    found = rows(
        db,
        "SELECT m.* FROM meters m JOIN instances i ON i.id = m.instance_id WHERE i.source = ?"
        if source
        else "SELECT * FROM meters",
        *([source] if source else []),
    )
    return {row["instance_id"]: Meter(**row) for row in found}


def charged_until(db: Database, instance_id: str) -> int:
    """Where the last charge of an instance ends; 0 without any."""
    sql = "SELECT until_at FROM charges WHERE instance_id = ? ORDER BY from_at DESC LIMIT 1"
    row = one(db, sql, instance_id)
    return row["until_at"] if row else 0


def save_meters(db: Database, meters: Iterable[Meter]) -> None:
    """Open or move on meters."""
    many(
        db,
        "INSERT OR REPLACE INTO meters (instance_id, from_at, until_at, launched_at, rate_micros, team, holder, "
        "verdict) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (m.instance_id, m.from_at, m.until_at, m.launched_at, m.rate_micros, m.team, m.holder, m.verdict)
            for m in meters
        ),
    )


def close_meters(db: Database, instance_ids: Iterable[str]) -> None:
    """These stand still."""
    many(db, "DELETE FROM meters WHERE instance_id = ?", ((each,) for each in instance_ids))


def add(db: Database, charges: Iterable[Charge]) -> None:
    """Append charges."""
    many(
        db,
        "INSERT INTO charges (instance_id, from_at, until_at, running_ms, micros, rate_micros, team, holder, verdict) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (c.instance_id, c.from_at, c.until_at, c.running_ms, c.micros, c.rate_micros, c.team, c.holder, c.verdict)
            for c in charges
        ),
    )


def between(db: Database, start: int, end: int) -> list[Row]:
    """Charges with their instance's name, type and present rate, from `start` up to `end`, oldest first."""
    return rows(
        db,
        "SELECT c.*, i.name, i.type, i.provider, i.rate_source, i.rate_micros AS rate_now "
        "FROM charges c JOIN instances i ON i.id = c.instance_id "
        "WHERE c.from_at >= ? AND c.from_at < ? ORDER BY c.from_at, c.id",
        start,
        end,
    )


def spent(db: Database, team: str, since: int) -> int:
    """Micro-dollars a team's instances cost since then, by our own metering."""
    found = one(db, "SELECT sum(micros) AS micros FROM charges WHERE team = ? AND from_at >= ?", team, since)
    return (found["micros"] if found else None) or 0


def keep_forecast(db: Database, scope: str, now: int, content: Any) -> None:
    """Keep a forecast as it was made."""
    sql = "INSERT OR REPLACE INTO forecasts (scope, made_at, content) VALUES (?, ?, ?)"
    changed(db, sql, scope, now, json.dumps(content))


def newest_forecast(db: Database, scope: str) -> tuple[int, Any] | None:
    """The newest forecast of a scope, with when it was made."""
    row = one(db, "SELECT made_at, content FROM forecasts WHERE scope = ? ORDER BY made_at DESC LIMIT 1", scope)
    return (row["made_at"], json.loads(row["content"])) if row else None


def thin_forecasts(db: Database, scope: str, start: int, end: int) -> None:
    """Forget the forecasts of a scope made from `start` up to `end`: one a day is enough to be measured by later."""
    changed(db, "DELETE FROM forecasts WHERE scope = ? AND made_at >= ? AND made_at < ?", scope, start, end)
