"""Prices as AWS last told them: its list by region, spot prices by source and zone, and why a read failed."""

from collections.abc import Collection, Iterable, Mapping

from sqlite_utils import Database

from bot.domain.clock import DAY_MS
from bot.domain.money.price_reads import (
    SPOT_DAYS,
    PriceAnswer,
    PriceSheet,
    PriceTrouble,
    SpotChange,
    SpotSpan,
    WantedPrice,
)
from store.sql import Row, changed, many, rows

SCHEMA = (
    """CREATE TABLE price_answers (
        what TEXT NOT NULL CHECK (what IN ('instance', 'volume', 'address', 'spot')),
        place TEXT NOT NULL,
        name TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        micros INTEGER CHECK (micros > 0),
        named_at INTEGER,
        why TEXT NOT NULL,
        PRIMARY KEY (what, place, name),
        CHECK ((micros IS NULL) = (named_at IS NULL))
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE spot_prices (
        source TEXT NOT NULL,
        zone TEXT NOT NULL,
        type TEXT NOT NULL,
        micros INTEGER NOT NULL CHECK (micros > 0),
        changed_at INTEGER NOT NULL,
        read_at INTEGER NOT NULL,
        PRIMARY KEY (source, zone, type)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE spot_days (
        source TEXT NOT NULL,
        zone TEXT NOT NULL,
        type TEXT NOT NULL,
        day INTEGER NOT NULL,
        low INTEGER NOT NULL,
        high INTEGER NOT NULL CHECK (high >= low),
        PRIMARY KEY (source, zone, type, day)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE price_troubles (
        sheet TEXT NOT NULL CHECK (sheet IN ('list', 'spot')),
        place TEXT NOT NULL,
        at INTEGER NOT NULL,
        error TEXT NOT NULL,
        PRIMARY KEY (sheet, place)
    ) STRICT, WITHOUT ROWID""",
)


def answered_at(db: Database) -> dict[WantedPrice, int]:
    """When AWS last answered about each thing."""
    found = rows(db, "SELECT what, place, name, asked_at FROM price_answers")
    return {WantedPrice(row["what"], row["place"], row["name"]): row["asked_at"] for row in found}


def keep_answers(db: Database, answers: Mapping[WantedPrice, PriceAnswer], now: int) -> None:
    """Keep answers. A price that AWS does not name any more stays, with its date."""
    many(
        db,
        "INSERT INTO price_answers (what, place, name, asked_at, micros, named_at, why) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (what, place, name) DO UPDATE SET asked_at = excluded.asked_at, why = excluded.why, "
        "micros = coalesce(excluded.micros, micros), named_at = coalesce(excluded.named_at, named_at)",
        (
            (*each, now, answer.micros, None if answer.micros is None else now, answer.why)
            for each, answer in answers.items()
        ),
    )


def keep_spot(db: Database, source: str, changes: Iterable[SpotChange], *, since: int, now: int) -> None:
    """Keep what spot prices were from `since` up to now; the change before `since` tells what held then."""
    told = list(changes)
    many(
        db,
        "INSERT INTO spot_prices (source, zone, type, micros, changed_at, read_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (source, zone, type) DO UPDATE SET read_at = excluded.read_at, "
        "micros = CASE WHEN excluded.changed_at >= changed_at THEN excluded.micros ELSE micros END, "
        "changed_at = max(excluded.changed_at, changed_at)",
        ((source, each.zone, each.type, each.micros, each.at, now) for each in told),
    )
    many(
        db,
        "INSERT INTO spot_days (source, zone, type, day, low, high) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (source, zone, type, day) DO UPDATE SET low = min(excluded.low, low), "
        "high = max(excluded.high, high)",
        ((source, each.zone, each.type, max(each.at, since) // DAY_MS, each.micros, each.micros) for each in told),
    )


def forget_old(db: Database, places: Collection[tuple[PriceSheet, str]], now: int) -> None:
    """What no range looks back to, and the troubles of places that nothing is wanted of any more."""
    changed(db, "DELETE FROM spot_days WHERE day < ?", now // DAY_MS - SPOT_DAYS)
    changed(db, "DELETE FROM spot_prices WHERE read_at < ?", now - SPOT_DAYS * DAY_MS)
    over = {(each.sheet, each.place) for each in price_troubles(db)} - set(places)
    many(db, "DELETE FROM price_troubles WHERE sheet = ? AND place = ?", over)


def note_trouble(db: Database, trouble: PriceTrouble) -> None:
    """Note why a place could not be read."""
    sql = "INSERT OR REPLACE INTO price_troubles (sheet, place, at, error) VALUES (?, ?, ?, ?)"
    changed(db, sql, trouble.sheet, trouble.place, trouble.at, trouble.error)


def worked(db: Database, sheet: PriceSheet, place: str) -> None:
    """It could be read again."""
    changed(db, "DELETE FROM price_troubles WHERE sheet = ? AND place = ?", sheet, place)


def price_troubles(db: Database) -> list[PriceTrouble]:
    """The places that could not be read the last time."""
    return [PriceTrouble(**row) for row in rows(db, "SELECT * FROM price_troubles ORDER BY sheet, place")]


def list_prices(db: Database, region: str = "") -> list[Row]:
    """What has a list price, in one region with its zones or everywhere: what, place, name, micros and named_at."""
    own_zones = " AND (place = ? OR substr(place, 1, ?) = ?)"
    where, values = (own_zones, [region, len(region) + 1, f"{region}-"]) if region else ("", [])
    sql = f"SELECT what, place, name, micros, named_at FROM price_answers WHERE micros IS NOT NULL{where}"
    return rows(db, sql, *values)


def unlisted(db: Database, kind: str) -> list[Row]:
    """Where the list names no price of an instance type: place, why and asked_at."""
    sql = "SELECT place, why, asked_at FROM price_answers WHERE what = 'instance' AND name = ? AND micros IS NULL"
    return rows(db, f"{sql} ORDER BY place", kind)


def spot_now(db: Database, source: str = "") -> list[Row]:
    """Spot prices of one source, or of all: source, zone, type, micros and read_at."""
    where, values = (" WHERE source = ?", [source]) if source else ("", [])
    return rows(db, f"SELECT source, zone, type, micros, read_at FROM spot_prices{where}", *values)


def spot_spans(db: Database, kind: str, now: int) -> list[SpotSpan]:
    """The spot prices of an instance type by source and zone, with their range over the last 30 days."""
    found = rows(
        db,
        "SELECT p.source, p.zone, p.type, p.micros, p.read_at, min(coalesce(min(d.low), p.micros), p.micros) AS low, "
        "max(coalesce(max(d.high), p.micros), p.micros) AS high FROM spot_prices p LEFT JOIN spot_days d "
        "ON d.source = p.source AND d.zone = p.zone AND d.type = p.type AND d.day >= ? WHERE p.type = ? "
        "GROUP BY p.source, p.zone ORDER BY p.source, p.zone",
        now // DAY_MS - SPOT_DAYS,
        kind,
    )
    return [SpotSpan(**row) for row in found]
