"""The fleet as people see it: instances with their verdicts, and the open claims on them."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlite_utils import Database

from bot.domain.machines.fleet import Standstill
from bot.domain.machines.listing import FleetFilter, FleetTotals, Listing, gpu_uses
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.standing_costs import ADDRESS_KEY
from store.acting import drain as stored_drain
from store.machines import names as stored_names
from store.machines.fleet import instance_of, rate_of
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sql import Row, one, rows

MOST_MATCHES = 10
_SELECT = """
SELECT i.*, v.state AS v_state, v.since AS v_since, v.evidence AS v_evidence, v.gpus AS v_gpus,
       v.judged_at AS v_judged_at, s.since AS s_since, s.exact AS s_exact
FROM instances i
LEFT JOIN verdicts v ON v.instance_id = i.id AND i.state = 'running'
LEFT JOIN standstills s ON s.instance_id = i.id AND i.state = 'stopped'
WHERE i.gone_at IS NULL
"""
_ORDER = """
ORDER BY coalesce(v.waste_micros, 0) DESC,
  CASE WHEN i.state <> 'running' THEN 4 WHEN v.state IN ('free', 'held', 'partial') THEN 1
       WHEN v.state = 'active' THEN 2 ELSE 3 END,
  coalesce(i.rate_micros, 0) DESC, i.name, i.id
"""
ORDERS = {
    "waste": _ORDER,
    "name": "ORDER BY i.name COLLATE NOCASE, i.id",
    "price": """
ORDER BY CASE WHEN i.state = 'running' THEN coalesce(i.rate_micros, 0) ELSE -1 END DESC, i.name, i.id
""",
    "since": """
ORDER BY CASE WHEN i.state = 'running' AND v.state <> 'active' THEN v.since
              WHEN i.state = 'stopped' THEN coalesce(s.since, i.stopped_at) END NULLS LAST, i.name, i.id
""",
}
"""How a page may be sorted: most wasteful first, by name, dearest first, longest in its state first."""
_HELD = "FROM claims c WHERE c.instance_id = i.id AND c.ended_at IS NULL"
_STATE = "CASE WHEN i.state = 'running' THEN coalesce(v.state, 'unknown') ELSE i.state END"


def listings_page(
    db: Database, chosen: FleetFilter, *, limit: int, offset: int = 0, order: str = "waste"
) -> list[Listing]:
    """Listings that pass the filter, in one of the ORDERS."""
    where, values = _where(chosen)
    return _listings(db, rows(db, f"{_SELECT}{where}{ORDERS[order]} LIMIT ? OFFSET ?", *values, limit, offset))


def fleet_totals(db: Database, chosen: FleetFilter) -> FleetTotals:
    """Sums over everything that passes the filter."""
    where, values = _where(chosen)
    found = one(
        db,
        f"""SELECT count(*) AS instances, coalesce(sum(i.gpu_count), 0) AS gpus,
        coalesce(sum(i.state = 'running'), 0) AS running,
        coalesce(sum(i.state = 'running' AND v.state IN ('free', 'held')), 0) AS idle,
        coalesce(sum(i.state = 'running' AND i.rate_micros IS NULL), 0) AS unpriced,
        coalesce(sum(CASE WHEN i.state = 'running' THEN i.rate_micros END), 0) AS rate_micros,
        coalesce(sum(v.waste_micros), 0) AS waste_micros,
        coalesce(sum(i.state = 'running' AND i.rate_micros IS NOT NULL AND NOT i.rate_exact), 0) AS estimated,
        coalesce(sum(i.state = 'running' AND v.state = 'partial'), 0) AS partial,
        coalesce(sum(i.state = 'running' AND coalesce(v.state, 'unknown') = 'unknown'), 0) AS unknown,
        coalesce(sum(CASE WHEN i.state = 'running' AND i.provider = 'owned' THEN i.rate_micros END), 0) AS owned_micros,
        coalesce(sum(CASE WHEN i.provider = 'owned' THEN v.waste_micros END), 0) AS owned_waste_micros
        FROM instances i LEFT JOIN verdicts v ON v.instance_id = i.id AND i.state = 'running'
        WHERE i.gone_at IS NULL {where}""",
        *values,
    )
    return FleetTotals(**found) if found else FleetTotals()


def wastes_exactly(db: Database) -> bool:
    """Whether every rented machine of which something goes unused has an exact rate."""
    sql = (
        "SELECT 1 FROM instances i JOIN verdicts v ON v.instance_id = i.id WHERE i.gone_at IS NULL "
        "AND i.state = 'running' AND i.provider = 'ec2' AND v.waste_micros > 0 AND NOT i.rate_exact LIMIT 1"
    )
    return one(db, sql) is None


def _where(chosen: FleetFilter) -> tuple[str, list[str]]:
    parts, values = "", []
    for text, value in (
        (f"EXISTS (SELECT 1 {_HELD} AND c.holder = ?)", chosen.holder),
        ("lower(i.team) = lower(?)", chosen.team),
        ("substr(i.type, 1, length(?)) = ?", chosen.type_prefix),
        ("i.provider = ?", chosen.provider),
        (f"{_STATE} = ?", "" if chosen.state in {"idle", "running"} else chosen.state),
        ("i.state = ?", "running" if chosen.state == "running" else ""),
    ):
        if value:
            parts += f" AND {text}"
            values += [value] * text.count("?")
    if chosen.state == "idle":
        parts += f" AND {_STATE} IN ('free', 'held')"
    if chosen.models is not None:
        parts += " AND json_array(i.gpu_model, i.gpu_memory_mib) IN (SELECT value FROM json_each(?))"
        values.append(
            json.dumps([json.dumps(pair, separators=(",", ":"), ensure_ascii=False) for pair in chosen.models])
        )
    if chosen.ids is not None:
        parts += " AND i.id IN (SELECT value FROM json_each(?))"
        values.append(json.dumps(chosen.ids))
    if chosen.stop_saves:
        parts += " AND i.provider = 'ec2' AND coalesce(i.paid_anyway, '') = ''"
    if chosen.unclaimed:
        parts += " AND (SELECT count(*) FROM claimed_gpus g WHERE g.instance_id = i.id)"
        parts += " + (SELECT count(*) FROM offered_gpus g WHERE g.instance_id = i.id) < max(1, i.gpu_count)"
        parts += " AND NOT EXISTS (SELECT 1 FROM drains d WHERE d.instance_id = i.id AND d.ended_at IS NULL)"
    return parts, values


def by_id(db: Database, instance_id: str) -> Listing | None:
    """One listing."""
    found = _listings(db, rows(db, _SELECT + " AND i.id = ?", instance_id))
    return found[0] if found else None


def by_ids(db: Database, instance_ids: Sequence[str]) -> list[Listing]:
    """The listings of these instances, in this order; those that are gone are left out."""
    marks = ", ".join("?" * len(instance_ids))
    found = {row["id"]: row for row in rows(db, f"{_SELECT} AND i.id IN ({marks})", *instance_ids)}
    return _listings(db, [found[each] for each in instance_ids if each in found])


_FREE_FIRST = """
ORDER BY i.id IN (SELECT c.instance_id FROM claims c WHERE c.ended_at IS NULL AND c.holder = ?) DESC,
  CASE WHEN i.state <> 'running' THEN 3 WHEN coalesce(v.state, 'unknown') NOT IN ('free', 'held', 'partial') THEN 2
       ELSE i.id IN (SELECT g.instance_id FROM claimed_gpus g) END,
  i.provider <> 'owned', coalesce(i.rate_micros, 0), i.name, i.id
"""


def ids_with(db: Database, chosen: FleetFilter, text: str, *, person: str, limit: int) -> list[str]:
    """Ids of machines that pass a filter and have a text in their name, id, type or GPU model.

    Those that the person holds come first, then idle ones that nobody has claimed, the cheapest first.
    """
    where, values = _where(chosen)
    if text:
        columns = "i.name || ' ' || coalesce(i.own_name, '') || ' ' || i.id || ' ' || i.type || ' ' || i.gpu_model"
        where, values = f"{where} AND instr(lower({columns}), lower(?))", [*values, text]
    sql = (
        "SELECT i.id FROM instances i LEFT JOIN verdicts v ON v.instance_id = i.id AND i.state = 'running' "
        f"WHERE i.gone_at IS NULL {where} {_FREE_FIRST} LIMIT ?"
    )
    return [row["id"] for row in rows(db, sql, *values, person, limit)]


def matching_listings(db: Database, word: str) -> list[Listing]:
    """Listings whose name or id is the word, else those it begins; at most MATCHES. Case does not count (ASCII).

    Names with other dashes or quotes than keyboards have are found as they are typed.
    """
    if not word:
        return []
    exact = _named(db, "lower({}) = lower(?)", word, stored_names.typed_as(db, word))
    if exact:
        return _listings(db, exact)
    # A range, which an index serves and in which % and _ mean nothing, instead of LIKE.
    begins = "lower({0}) >= lower(?) AND lower({0}) < lower(?) || char(1114111)"
    return _listings(db, _named(db, begins, word, stored_names.typed_as(db, word, longer=True)))


def _named(db: Database, test: str, word: str, alike: Sequence[str]) -> list[Row]:
    """Rows whose name or id passes a test, and these; a union, as SQLite does not look for an OR in indexes."""
    known_by = ("name", "own_name", "id")
    each = [f"SELECT id FROM instances WHERE gone_at IS NULL AND {test.format(column)}" for column in known_by]
    each.append("SELECT value FROM json_each(?)")
    values = [*[word] * (len(known_by) * test.count("?")), json.dumps(alike)]
    return rows(
        db, f"{_SELECT} AND i.id IN ({' UNION '.join(each)}) ORDER BY i.name, i.id LIMIT {MOST_MATCHES}", *values
    )


def rented_types(db: Database) -> list[str]:
    """The types of rented instances, by name."""
    sql = "SELECT DISTINCT type FROM instances WHERE gone_at IS NULL AND provider = 'ec2' ORDER BY type"
    return [row["type"] for row in rows(db, sql)]


def gpus_of_type(db: Database, kind: str) -> int:
    """How many GPUs a machine of a type has; 0 where none was seen."""
    row = one(db, "SELECT max(gpu_count) AS n FROM instances WHERE type = ?", kind)
    return int(row["n"] or 0) if row else 0


def rented_places(db: Database) -> list[tuple[str, str]]:
    """Where which types of rented instances are: source and type."""
    sql = "SELECT DISTINCT source, type FROM instances WHERE gone_at IS NULL AND provider = 'ec2'"
    return [(row["source"], row["type"]) for row in rows(db, sql)]


def type_gpus(db: Database) -> dict[str, tuple[str, int, int]]:
    """Model, MiB of one GPU and their number, of the types of rented instances there are or were."""
    sql = "SELECT DISTINCT type, gpu_model, gpu_memory_mib, gpu_count FROM instances WHERE provider = 'ec2' "
    found = rows(db, sql + "AND gpu_count > 0 AND gpu_model <> ''")
    return {row["type"]: (row["gpu_model"], row["gpu_memory_mib"], row["gpu_count"]) for row in found}


def odd_shapes(db: Database) -> list[Row]:
    """What rented instances are whose price may be another than their type's: source, zone, type, lifecycle, shape."""
    columns = "source, zone, type, lifecycle, shape"
    sql = f"SELECT DISTINCT {columns} FROM instances WHERE gone_at IS NULL AND provider = 'ec2' AND shape IS NOT NULL"
    return rows(db, sql)


def priced_parts(db: Database) -> set[tuple[str, str]]:
    """What rented instances have that costs by itself: source, and kind of disk, or empty for an address."""
    sql = "SELECT DISTINCT source, coalesce(disks, '{}') AS disks, coalesce(addresses, 0) AS addresses FROM instances "
    found = rows(db, sql + "WHERE gone_at IS NULL AND provider = 'ec2'")
    kinds = {(row["source"], kind) for row in found for kind in json.loads(row["disks"])}
    return kinds | {(row["source"], ADDRESS_KEY) for row in found if row["addresses"]}


def names_in_use(db: Database) -> list[str]:
    """Every name in use, for nearest-name hints."""
    return [row["name"] for row in rows(db, "SELECT DISTINCT name FROM instances WHERE gone_at IS NULL")]


def _listings(db: Database, found: list[Row]) -> list[Listing]:
    if not found:
        return []
    held = stored_claims.open_claims(db, [row["id"] for row in found])
    drained = stored_drain.open_on(db, [row["id"] for row in found])
    offered, lines = stored_line.offers_on(db, [row["id"] for row in found]), stored_line.first_of_lines(db)
    return [
        Listing(
            instance=(instance := instance_of(row)),
            team=row["team"],
            rate=rate_of(row),
            verdict=_verdict(row),
            claims=tuple(held.get(row["id"], ())),
            offers=tuple(offered.get(row["id"], ())),
            drain=drained.get(row["id"]),
            still=None if row["s_since"] is None else Standstill(row["s_since"], bool(row["s_exact"])),
            waiting=sum(count for first, count in lines if first.could_use(instance)),
        )
        for row in found
    ]


def _verdict(row: Row) -> Verdict | None:
    if row["v_state"] is None:
        return None
    gpus: list[list[Any]] = json.loads(row["v_gpus"])
    each = tuple(GpuVerdict(gpu, state, since) for gpu, state, since in gpus)
    return Verdict(row["v_state"], row["v_since"], row["v_evidence"], row["v_judged_at"], each)


class ChargeTerms(NamedTuple):
    """What an instance's time is charged under."""

    rate_micros: int
    """Micro-dollars per hour; 0 where no price is known."""
    team: str
    use: str
    """A letter per GPU: `splitting.letters`."""
    exact: bool = True
    """Whether the rate is."""


def charge_terms(db: Database, source: str) -> dict[str, ChargeTerms]:
    """What the time of a source's instances is charged under, by id."""
    found = rows(
        db,
        "SELECT i.id, i.gpu_count, coalesce(i.rate_micros, 0) AS rate_micros, i.rate_exact, i.team, "
        "coalesce(v.state, 'unknown') AS state, coalesce(v.gpus, '[]') AS gpus "
        "FROM instances i LEFT JOIN verdicts v ON v.instance_id = i.id WHERE i.source = ? AND i.gone_at IS NULL",
        source,
    )
    return {
        row["id"]: ChargeTerms(row["rate_micros"], row["team"], _use(row), bool(row["rate_exact"])) for row in found
    }


def _use(row: Row) -> str:
    return gpu_uses({gpu: state for gpu, state, _ in json.loads(row["gpus"])}, str(row["state"]), row["gpu_count"])
