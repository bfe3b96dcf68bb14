"""The ledger: open meters, closed charges, and the forecasts made from them."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from sqlite_utils import Database

from bot.domain.days import MachineMs
from bot.domain.money.forecast.report import ForecastReport
from bot.domain.money.metering import Meter
from bot.domain.money.rates import Charge, Rate, Share
from store.money import day_sums, old_days, sums
from store.records import json_text, of_json_text
from store.sql import Row, changed, many, one, rows

SCHEMA = (
    """CREATE TABLE meters (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at >= from_at),
        launched_at INTEGER,
        rate_micros INTEGER NOT NULL,
        team TEXT NOT NULL,
        marks TEXT NOT NULL,
        exact INTEGER NOT NULL CHECK (exact IN (0, 1))
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
        corrects INTEGER REFERENCES charges (id),
        why TEXT NOT NULL DEFAULT '',
        exact INTEGER NOT NULL CHECK (exact IN (0, 1)),
        CHECK (until_at > from_at AND until_at <= from_at / 3600000 * 3600000 + 3600000),
        CHECK ((corrects IS NULL) = (why = '')),
        CHECK (corrects IS NULL OR running_ms = 0)
    ) STRICT""",
    "CREATE UNIQUE INDEX one_charge ON charges (instance_id, from_at) WHERE corrects IS NULL",
    "CREATE INDEX corrections ON charges (corrects) WHERE corrects IS NOT NULL",
    "CREATE INDEX unpriced_charges ON charges (instance_id) WHERE rate_micros = 0 AND corrects IS NULL",
    "CREATE INDEX charges_by_time ON charges (from_at)",
    "CREATE INDEX estimated_charges ON charges (from_at, instance_id) WHERE NOT exact",
    "CREATE TRIGGER charges_keep BEFORE DELETE ON charges BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER charges_stand BEFORE UPDATE ON charges BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    """CREATE TABLE shares (
        charge_id INTEGER NOT NULL REFERENCES charges (id),
        holder TEXT NOT NULL,
        team TEXT NOT NULL,
        use TEXT NOT NULL CHECK (use IN ('busy', 'idle', 'unknown')),
        gpu_ms INTEGER NOT NULL CHECK (gpu_ms >= 0),
        micros INTEGER NOT NULL,
        PRIMARY KEY (charge_id, holder, team, use)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TRIGGER shares_keep BEFORE DELETE ON shares BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER shares_stand BEFORE UPDATE ON shares BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    """CREATE TABLE forecasts (
        scope TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (scope, made_at)
    ) STRICT, WITHOUT ROWID""",
)

IDLE_SCHEMA = ("ALTER TABLE charges ADD COLUMN idle_ms INTEGER CHECK (idle_ms BETWEEN 0 AND running_ms)",)
"""Time in which all GPUs of a machine idled at once; NULL where nobody noted it."""

_CHARGE = (
    *("instance_id", "from_at", "until_at", "running_ms", "micros", "rate_micros", "team"),
    *("corrects", "why", "exact", "idle_ms"),
)


_METER = ("instance_id", "from_at", "until_at", "launched_at", "rate_micros", "team")


class MachineSum(NamedTuple):
    """What one machine cost one team over some time."""

    name: str
    provider: str
    team: str
    running_ms: MachineMs
    micros: int
    estimated: int
    """1 when a part of it is at a rate that is not exact."""


def open_meters(db: Database, source: str) -> dict[str, Meter]:
    """Every running meter of a source, by instance."""
    sql = "SELECT m.* FROM meters m JOIN instances i ON i.id = m.instance_id WHERE i.source = ?"
    return {row["instance_id"]: _meter(row) for row in rows(db, sql, source)}


class Running(NamedTuple):
    """A running meter and what it is of."""

    meter: Meter
    name: str
    type: str
    gpu_count: int
    gpu_model: str
    provider: str
    source: str


def running_meters(db: Database, instance_id: str | None = None) -> list[Running]:
    """Every running meter, rented or owned; or that of one machine, if it runs."""
    known = Running._fields[1:]
    columns = ", ".join(f"i.{name}" for name in known)
    where, values = ("", ()) if instance_id is None else (" WHERE m.instance_id = ?", (instance_id,))
    found = rows(db, f"SELECT m.*, {columns} FROM meters m JOIN instances i ON i.id = m.instance_id{where}", *values)
    told = [{name: row.pop(name) for name in known} for row in found]
    return [Running(meter=_meter(row), **each) for row, each in zip(found, told, strict=True)]


def rented_meters(db: Database) -> list[Meter]:
    """Every running meter of a rented instance."""
    sql = "SELECT m.* FROM meters m JOIN instances i ON i.id = m.instance_id WHERE i.provider = 'ec2'"
    return [_meter(row) for row in rows(db, sql)]


def _meter(row: Row) -> Meter:
    marks = tuple((at, letters) for at, letters in json.loads(row["marks"]))
    return Meter(**{**row, "marks": marks, "exact": bool(row["exact"])})


def charged_until(db: Database, instance_id: str) -> int:
    """Where the last charge of an instance ends, at the latest; 0 where there never was any."""
    sql = "SELECT until_at FROM charges WHERE instance_id = ? ORDER BY from_at DESC LIMIT 1"
    row = one(db, sql, instance_id)
    return row["until_at"] if row else old_days.hours_begin(db) or 0


def save_meters(db: Database, meters: Iterable[Meter]) -> None:
    """Open or move on meters."""
    many(
        db,
        "INSERT OR REPLACE INTO meters (instance_id, from_at, until_at, launched_at, rate_micros, team, marks, exact) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((*(getattr(each, name) for name in _METER), json.dumps(each.marks), each.exact) for each in meters),
    )


def close_meters(db: Database, instance_ids: Iterable[str]) -> None:
    """These stand still."""
    many(db, "DELETE FROM meters WHERE instance_id = ?", ((each,) for each in instance_ids))


def add(db: Database, charges: Iterable[Charge]) -> None:
    """Append charges with their shares."""
    numbered = list(enumerate(charges, day_sums.newest_charge(db) + 1))
    many(
        db,
        f"INSERT INTO charges (id, {', '.join(_CHARGE)}) VALUES (?{', ?' * len(_CHARGE)})",
        ((number, *(getattr(charge, name) for name in _CHARGE)) for number, charge in numbered),
    )
    many(
        db,
        "INSERT INTO shares (charge_id, holder, team, use, gpu_ms, micros) VALUES (?, ?, ?, ?, ?, ?)",
        ((number, s.holder, s.team, s.use, s.gpu_ms, s.micros) for number, c in numbered for s in c.split),
    )


def shares_between(db: Database, start: int, end: int) -> list[Row]:
    """Shares of charges from `start` up to `end`, oldest first, each with its charge and its instance.

    `charge_id`, `from_at`, `until_at`, `running_ms`, `rate_micros`, `team`, `why` and `exact` are the charge's;
    `holder`, `used_by` (a team), `use`, `gpu_ms` and `micros` the share's; `name`, `type`, `provider`, `rate_source`
    and `rate_now` the instance's.
    """
    return rows(
        db,
        "SELECT c.id AS charge_id, c.instance_id, c.from_at, c.until_at, c.running_ms, c.rate_micros, c.team, c.why, "
        "c.exact, s.holder, s.team AS used_by, s.use, s.gpu_ms, s.micros, i.name, i.type, i.provider, i.rate_source, "
        "i.rate_micros AS rate_now FROM charges c JOIN shares s ON s.charge_id = c.id "
        "JOIN instances i ON i.id = c.instance_id "
        "WHERE c.from_at >= ? AND c.from_at < ? ORDER BY c.from_at, c.id, s.holder, s.team, s.use",
        start,
        end,
    )


def unpriced(db: Database, limit: int) -> list[tuple[int, Charge, Rate]]:
    """Charges made while no price was known, of machines that have one by now: number, charge and rate.

    Those corrected already are left out, and spot machines, whose price of that hour is not that of now.
    """
    found = rows(
        db,
        "SELECT c.*, i.rate_micros AS rate_now, i.rate_source, i.rate_exact FROM charges c INDEXED BY unpriced_charges "
        "JOIN instances i ON i.id = c.instance_id WHERE c.rate_micros = 0 AND c.corrects IS NULL "
        "AND i.rate_micros > 0 AND i.lifecycle = 'on-demand' "
        "AND NOT EXISTS (SELECT 1 FROM charges k WHERE k.corrects = c.id) ORDER BY c.id LIMIT ?",
        limit,
    )
    return [
        (row["id"], _charge(db, row), Rate(row["rate_now"], row["rate_source"], bool(row["rate_exact"])))
        for row in found
    ]


def unpriced_and_gone(db: Database) -> list[Row]:
    """Machines that are gone, have no rate, and were charged for without a price, as rows of `instances`."""
    return rows(
        db,
        "SELECT i.* FROM instances i WHERE i.gone_at IS NOT NULL AND coalesce(i.rate_micros, 0) = 0 "
        "AND i.lifecycle = 'on-demand' AND i.id IN ("
        "SELECT c.instance_id FROM charges c INDEXED BY unpriced_charges "
        "WHERE c.rate_micros = 0 AND c.corrects IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM charges k WHERE k.corrects = c.id)) ORDER BY i.source, i.id",
    )


def price_gone(db: Database, instance_id: str, rate: Rate) -> None:
    """A machine that is gone cost so much an hour."""
    sql = "UPDATE instances SET rate_micros = ?, rate_source = ?, rate_exact = ? WHERE id = ? AND gone_at IS NOT NULL"
    changed(db, sql, rate.micros_per_hour, rate.source, rate.exact, instance_id)


def _charge(db: Database, row: Row) -> Charge:
    sql = "SELECT holder, team, use, gpu_ms, micros FROM shares WHERE charge_id = ? ORDER BY holder, team, use"
    shares = tuple(Share(**each) for each in rows(db, sql, row["id"]))
    return Charge(**{name: row[name] for name in _CHARGE} | {"exact": bool(row["exact"])}, shares=shares)


def idle_charges(db: Database, instance_id: str, start: int, end: int) -> list[Row]:
    """From when to when a machine was charged for how much, where it idled as a whole, and for how long of it."""
    return rows(
        db,
        "SELECT from_at, until_at, running_ms, idle_ms, micros FROM charges WHERE instance_id = ? AND from_at >= ? "
        "AND from_at < ? AND corrects IS NULL AND running_ms > 0",
        instance_id,
        start,
        end,
    )


def per_machine(db: Database, start: int, end: int) -> list[MachineSum]:
    """What each machine cost each team from `start` up to `end`: rented ones first, the dearest first."""
    found = rows(
        db,
        "SELECT i.name, i.provider, c.team, sum(c.running_ms) AS running_ms, sum(c.micros) AS micros, "
        "max(c.estimated) AS estimated FROM ("
        "SELECT instance_id, team, running_ms, micros, NOT exact AND micros <> 0 AS estimated FROM charges "
        "WHERE from_at >= ?1 AND from_at < ?2 UNION ALL "
        "SELECT instance_id, team, running_ms, micros, estimated_micros <> 0 FROM old_days "
        "WHERE starts_at >= ?1 AND starts_at < ?2) c JOIN instances i ON i.id = c.instance_id "
        "GROUP BY i.id, c.team ORDER BY i.provider, sum(c.micros) DESC, i.name, c.team",
        start,
        end,
    )
    return [MachineSum(**row) for row in found]


def spent(db: Database, since: int, kind: str = "total", key: str = "", *, estimated: bool = False) -> int:
    """Micro-dollars that rented instances (all, a "team"'s, of a "type", or one "instance") have cost since then.

    By our own metering up to now: what meters show that is not charged yet is counted. `estimated`: only what is at
    rates that are not exact.
    """
    return sums.rented_since(db, since, kind, key, estimated=estimated) + sum(
        each.meter.micros
        for each in running_meters(db)
        if each.provider == "ec2"
        and each.meter.from_at >= since
        and not (estimated and each.meter.exact)
        and {"team": each.meter.team, "type": each.type, "instance": each.meter.instance_id}.get(kind, key) == key
    )


def keep_forecast(db: Database, report: ForecastReport) -> None:
    """Keep a forecast as it was made."""
    sql = "INSERT OR REPLACE INTO forecasts (scope, made_at, content) VALUES (?, ?, ?)"
    changed(db, sql, report.scope.text, report.made_at, json_text(report))


def newest_forecast(db: Database, scope: str) -> ForecastReport | None:
    """The newest forecast of a scope; None as well where another version wrote it."""
    row = one(db, "SELECT content FROM forecasts WHERE scope = ? ORDER BY made_at DESC LIMIT 1", scope)
    return readable_forecast(row["content"]) if row else None


def readable_forecast(content: str) -> ForecastReport | None:
    """A forecast that was kept; None where another version wrote it in another form."""
    try:
        return of_json_text(ForecastReport, content)
    except ValueError:
        return None


def forecasts_made(db: Database, scope: str) -> list[int]:
    """When the forecasts of a scope that are still kept were made: Valet was at work then."""
    return [row["made_at"] for row in rows(db, "SELECT made_at FROM forecasts WHERE scope = ?", scope)]


def thin_forecasts(db: Database, scope: str, start: int, end: int) -> None:
    """Forget the forecasts of a scope made from `start` up to `end`: one a day is enough to be measured by later."""
    changed(db, "DELETE FROM forecasts WHERE scope = ? AND made_at >= ? AND made_at < ?", scope, start, end)
