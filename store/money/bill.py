"""The provider's bill as it was last read: lines per day, each with the look that brought it; and what looks cost.

Beside it our ledger by the same days, UTC, as a copy that is carried on by the number of the last charge counted.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlite_utils import Database

from bot.domain.clock import DAY_MS
from bot.domain.money.bill import BillDimension, BillLine, BillLook
from bot.domain.money.reconciliation import MeteredMachine
from store.sql import Row, changed, many, one, rows

BILL_STEP = 50_000
EPOCH = date(1970, 1, 1).toordinal()
SCHEMA = (
    """CREATE TABLE bill_looks (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        place TEXT NOT NULL,
        looked_at INTEGER NOT NULL,
        as_of INTEGER,
        seal TEXT NOT NULL,
        notes TEXT NOT NULL,
        error TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE bill_lines (
        period TEXT NOT NULL,
        day TEXT NOT NULL,
        cut TEXT NOT NULL,
        account TEXT,
        service TEXT,
        team TEXT,
        type TEXT,
        instance TEXT,
        kind TEXT,
        billed_micros INTEGER NOT NULL,
        effective_micros INTEGER,
        list_micros INTEGER,
        running_ms INTEGER,
        look_id INTEGER NOT NULL REFERENCES bill_looks (id)
    ) STRICT""",
    "CREATE INDEX bill_lines_by_day ON bill_lines (day, period, cut)",
    "CREATE INDEX bill_lines_by_look ON bill_lines (look_id)",
    """CREATE TABLE bill_metered (
        number INTEGER NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        micros INTEGER NOT NULL,
        running_ms INTEGER NOT NULL,
        unpriced_ms INTEGER NOT NULL,
        PRIMARY KEY (number, instance_id, team)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE bill_metered_until (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        charge_id INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE bill_requests (
        day TEXT NOT NULL,
        source TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (day, source)
    ) STRICT, WITHOUT ROWID""",
)
COLUMNS = (
    *("period", "day", "account", "service", "team", "type", "instance", "kind"),
    *("billed_micros", "effective_micros", "list_micros", "running_ms"),
)


@dataclass(frozen=True, slots=True)
class Read:
    """How reading the bill went once."""

    source: str
    place: str
    looked_at: int
    as_of: int | None
    seal: str
    notes: tuple[str, ...]
    error: str
    """Why nothing came of it; empty when it was read."""


@dataclass(frozen=True, slots=True)
class BilledDay:
    """What is known of one day, and since when."""

    day: date
    billed_micros: int
    source: str
    place: str
    looked_at: int
    as_of: int


def keep_look(db: Database, look: BillLook, now: int) -> None:
    """Put a look's lines in the place of all that was known of its periods and days; lines of nothing are left out."""
    sql = "INSERT INTO bill_looks (source, place, looked_at, as_of, seal, notes, error) VALUES (?, ?, ?, ?, ?, ?, '')"
    changed(db, sql, look.source, look.place, now, look.as_of, look.seal, json.dumps(look.notes))
    newest = one(db, "SELECT max(id) AS id FROM bill_looks") or {}
    span = (look.first.isoformat(), look.last.isoformat())
    for period in look.periods:
        changed(db, "DELETE FROM bill_lines WHERE period = ? AND day BETWEEN ? AND ?", period, *span)
    many(
        db,
        f"INSERT INTO bill_lines ({', '.join(COLUMNS)}, cut, look_id) VALUES ({', '.join('?' * len(COLUMNS))}, ?, ?)",
        (
            (*(_cell(getattr(line, name)) for name in COLUMNS), line.cut, newest["id"])
            for line in look.lines
            if line.billed_micros or line.effective_micros or line.running_ms
        ),
    )


def _cell(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def note_failed_look(db: Database, source: str, place: str, now: int, error: str) -> None:
    """Note that the bill could not be read; what is known of it stays."""
    sql = "INSERT INTO bill_looks (source, place, looked_at, seal, notes, error) VALUES (?, ?, ?, '', '[]', ?)"
    changed(db, sql, source, place, now, error)


def bill_sources(db: Database) -> list[str]:
    """Every source of bills that was ever looked at, by name."""
    return [row["source"] for row in rows(db, "SELECT DISTINCT source FROM bill_looks ORDER BY source")]


def newest_look(db: Database, source: str, *, ok: bool) -> Read | None:
    """The newest look at a source that went well, or that failed."""
    sql = "SELECT * FROM bill_looks WHERE source = ? AND (error = '') = ? ORDER BY id DESC LIMIT 1"
    row = one(db, sql, source, ok)
    if row is None:
        return None
    told = {name: row[name] for name in ("source", "place", "looked_at", "as_of", "seal", "error")}
    return Read(**told, notes=tuple(json.loads(row["notes"])))


def last_usage_days(db: Database, source: str, place: str, since: int) -> dict[str, date]:
    """The last day with usage of each month, as looks at that place from `since` on brought it."""
    sql = (
        "SELECT l.period, max(l.day) AS day FROM bill_lines l JOIN bill_looks k ON k.id = l.look_id "
        "WHERE k.source = ? AND k.place = ? AND k.looked_at >= ? AND l.kind = 'usage' GROUP BY l.period"
    )
    return {row["period"]: date.fromisoformat(row["day"]) for row in rows(db, sql, source, place, since)}


def prune(db: Database, before: int) -> None:
    """Forget looks older than that of which no line is left."""
    changed(
        db,
        "DELETE FROM bill_looks WHERE looked_at < ? AND id NOT IN (SELECT look_id FROM bill_lines)",
        before,
    )


def count_request(db: Database, source: str, day: date, most: int) -> bool:
    """Count a request that costs money, before it is made; False when the day has had its most."""
    sql = (
        "INSERT INTO bill_requests (day, source, count) VALUES (?, ?, 1) "
        "ON CONFLICT (day, source) DO UPDATE SET count = count + 1 WHERE count < ?"
    )
    return changed(db, sql, day.isoformat(), source, most) == 1


def requests_made(db: Database, source: str, day: date) -> int:
    """How many paid requests a day has had."""
    row = one(db, "SELECT count FROM bill_requests WHERE source = ? AND day = ?", source, day.isoformat())
    return row["count"] if row else 0


def comparable_lines(db: Database, first: date, last: date) -> Iterator[BillLine]:
    """Lines by day, kind, type and machine, with nothing else told apart: what is compared with our ledger."""
    sql = (
        f"{_of_one_cut(('kind', 'type'))} SELECT min(l.period) AS period, l.day, "
        "sum(l.billed_micros) AS billed_micros, max(l.account) AS account, l.type, l.instance, l.kind, "
        "sum(coalesce(l.effective_micros, l.billed_micros)) AS effective_micros, sum(l.list_micros) AS list_micros, "
        f"sum(l.running_ms) AS running_ms {_JOIN} GROUP BY l.day, l.type, l.instance, l.kind ORDER BY l.day"
    )
    for row in rows(db, sql, *_span(first, last)):
        yield BillLine(**{**row, "day": date.fromisoformat(row["day"])})


def billed_days(db: Database, first: date, last: date) -> list[BilledDay]:
    """What every billed day came to, with the oldest look that stands behind it."""
    sql = (
        f"{_of_one_cut(())} SELECT l.day, sum(l.billed_micros) AS billed_micros, k.source, k.place, "
        f"min(k.looked_at) AS looked_at, min(k.as_of) AS as_of {_JOIN} "
        "JOIN bill_looks k ON k.id = l.look_id GROUP BY l.day ORDER BY l.day"
    )
    found = rows(db, sql, *_span(first, last))
    return [BilledDay(**{**row, "day": date.fromisoformat(row["day"])}) for row in found]


def bill_begins(db: Database) -> date | None:
    """The first day the bill is known of: one that a later month's invoice corrects is not."""
    row = one(db, "SELECT min(day) AS day FROM bill_lines WHERE period = substr(day, 1, 7)")
    return date.fromisoformat(row["day"]) if row and row["day"] else None


def sums(db: Database, by: BillDimension, first: date, last: date) -> list[Row]:
    """Day, name (of the dimension) and billed_micros, dearest first within a day."""
    sql = (
        f"{_of_one_cut((by,))} SELECT l.day, l.{by} AS name, sum(l.billed_micros) AS billed_micros {_JOIN} "
        "GROUP BY l.day, name ORDER BY l.day, 3 DESC, name"
    )
    return rows(db, sql, *_span(first, last))


def corrections_alone(db: Database, first: date, last: date) -> int:
    """Micro-dollars that later invoices correct on days whose own month was never read: they stand for no bill."""
    sql = f"{_of_one_cut((), 'NOT')} SELECT coalesce(sum(l.billed_micros), 0) AS micros {_JOIN}"
    return int((one(db, sql, *_span(first, last)) or {})["micros"])


_JOIN = "FROM bill_lines l JOIN chosen USING (period, day, cut)"
_READ = (
    "EXISTS (SELECT 1 FROM bill_lines own WHERE own.period = substr(told.day, 1, 7) "
    "AND own.day BETWEEN substr(told.day, 1, 7) || '-01' AND substr(told.day, 1, 7) || '-31')"
)
"""Whether the bill of a day's own month was read."""


def _of_one_cut(needed: Iterable[BillDimension], negation: str = "") -> str:
    """Names the cut of each day to count by, so that no charge is counted twice, of months that were read (or NOT).

    Names of dimensions are our own.
    """
    told = "".join(f" AND instr(cut, '{each}') > 0" for each in needed)
    return (
        "WITH told AS (SELECT period, day, min(cut) AS cut FROM bill_lines "
        f"WHERE day BETWEEN ? AND ?{told} GROUP BY period, day), "
        f"chosen AS (SELECT period, day, cut FROM told WHERE {negation} {_READ})"
    )


def _span(first: date, last: date) -> tuple[str, str]:
    return first.isoformat(), last.isoformat()


_UNPRICED = (
    "CASE WHEN corrects IS NOT NULL THEN -(SELECT CASE WHEN o.rate_micros = 0 THEN o.running_ms ELSE 0 END "
    "FROM charges o WHERE o.id = charges.corrects) WHEN rate_micros = 0 THEN running_ms ELSE 0 END"
)
"""Time without a known price; a correction takes back what its charge has told."""


def catch_up_metered(db: Database, *, step: int = BILL_STEP) -> bool:
    """Count charges made since the last time into days of the bill; False when more are left.

    At most `step` of them, so that other writers wait only briefly: call it until it says True, each in a transaction.
    """
    newest = one(db, "SELECT coalesce(max(id), 0) AS id FROM charges") or {}
    after = (one(db, "SELECT coalesce(max(charge_id), 0) AS id FROM bill_metered_until") or {})["id"]
    until = min(newest["id"], after + step)
    if until > after:
        changed(
            db,
            f"INSERT INTO bill_metered SELECT from_at / {DAY_MS}, instance_id, team, sum(micros), sum(running_ms), "
            f"sum({_UNPRICED}) FROM charges WHERE id > ? AND id <= ? "
            "GROUP BY 1, 2, 3 ON CONFLICT DO UPDATE SET micros = micros + excluded.micros, "
            "running_ms = running_ms + excluded.running_ms, unpriced_ms = unpriced_ms + excluded.unpriced_ms",
            after,
            until,
        )
        changed(db, "INSERT OR REPLACE INTO bill_metered_until (only, charge_id) VALUES (1, ?)", until)
    return bool(until == newest["id"])


def metered_machines(db: Database, first: date, last: date) -> list[MeteredMachine]:
    """Our ledger per UTC day, rented machine and team; open meters not counted, charges not caught up with are."""
    span = (first.toordinal() - EPOCH, last.toordinal() - EPOCH)
    found = rows(
        db,
        "SELECT m.number, m.instance_id, i.name, i.type, m.team, sum(m.micros) AS micros, "
        "sum(m.running_ms) AS running_ms, sum(m.unpriced_ms) AS unpriced_ms FROM ("
        "SELECT * FROM bill_metered WHERE number BETWEEN ? AND ? "
        f"UNION ALL SELECT from_at / {DAY_MS}, instance_id, team, micros, running_ms, "
        f"{_UNPRICED} FROM charges "
        "WHERE id > (SELECT coalesce(max(charge_id), 0) FROM bill_metered_until) "
        f"AND from_at / {DAY_MS} BETWEEN ? AND ?) m JOIN instances i ON i.id = m.instance_id "
        "WHERE i.provider = 'ec2' GROUP BY 1, 2, 5",
        *span,
        *span,
    )
    return [MeteredMachine(date.fromordinal(EPOCH + row.pop("number")), **row) for row in found]
