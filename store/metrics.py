"""What /metrics counts, each by one query: nothing here grows with how long Valet has been at work."""

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import day_start
from bot.domain.money.reports import SumBy
from store.money import day_sums, sums
from store.sql import Row, rows


class FleetGroup(NamedTuple):
    """The machines of one team and provider in one state, as `machines.listings` has it."""

    team: str
    provider: str
    state: str
    """A verdict where they run, else the provider's word."""
    runs: bool
    instances: int
    gpus: int
    unpriced: int
    """Running ones without a known price."""
    estimated: int
    """Running ones whose price is borrowed."""
    rate_micros: int
    """Per hour, of running ones with a price."""
    waste_micros: int


def fleet_groups(db: Database) -> list[FleetGroup]:
    """Every machine there is, counted once."""
    found = rows(
        db,
        "SELECT i.team, i.provider, i.state = 'running' AS runs, "
        "CASE WHEN i.state = 'running' THEN coalesce(v.state, 'unknown') ELSE i.state END AS state, "
        "count(*) AS instances, sum(i.gpu_count) AS gpus, "
        "sum(i.state = 'running' AND i.rate_micros IS NULL) AS unpriced, "
        "sum(i.state = 'running' AND i.rate_micros IS NOT NULL AND NOT i.rate_exact) AS estimated, "
        "coalesce(sum(CASE WHEN i.state = 'running' THEN i.rate_micros END), 0) AS rate_micros, "
        "coalesce(sum(v.waste_micros), 0) AS waste_micros "
        "FROM instances i LEFT JOIN verdicts v ON v.instance_id = i.id AND i.state = 'running' "
        "WHERE i.gone_at IS NULL GROUP BY i.team, i.provider, runs, 4",
    )
    return [FleetGroup(**{**row, "runs": bool(row["runs"])}) for row in found]


class AgentHost(NamedTuple):
    """A host that has reported, or has a live token; None where it never did, or no such machine is known."""

    host: str
    reported_at: int | None
    error: str
    version: str
    driver: str
    gpus: int
    state: str | None
    """Of its machine, by the provider."""


def agent_hosts(db: Database) -> list[AgentHost]:
    """Every host with an agent, without those whose machine is gone."""
    found = rows(
        db,
        "WITH named AS (SELECT host FROM hosts UNION SELECT host FROM tokens WHERE revoked_at IS NULL) "
        "SELECT n.host, h.reported_at, coalesce(h.error, '') AS error, coalesce(h.agent_version, '') AS version, "
        "coalesce(h.driver, '') AS driver, coalesce(h.gpus_seen, 0) AS gpus, i.state FROM named n "
        "LEFT JOIN hosts h ON h.host = n.host LEFT JOIN instances i ON i.id = n.host "
        "WHERE i.gone_at IS NULL ORDER BY n.host",
    )
    return [AgentHost(**row) for row in found]


def claims_by_holder(db: Database) -> list[Row]:
    """Open claims: holder, claims, gpus."""
    return rows(
        db,
        "SELECT c.holder, count(DISTINCT c.id) AS claims, count(g.gpu) AS gpus FROM claims c "
        "LEFT JOIN claimed_gpus g ON g.claim_id = c.id WHERE c.ended_at IS NULL GROUP BY c.holder",
    )


def places_by_person(db: Database) -> list[Row]:
    """Places in line: person, places."""
    return rows(db, "SELECT person, count(*) AS places FROM waiters WHERE ended_at IS NULL GROUP BY person")


def open_actions(db: Database) -> dict[tuple[str, str], int]:
    """How many actions are not over, by kind and state."""
    sql = (
        "SELECT kind, state, count(*) AS n FROM actions WHERE state IN ('pending', 'approved', 'executing') "
        "GROUP BY kind, state"
    )
    return {(row["kind"], row["state"]): row["n"] for row in rows(db, sql)}


def ended_actions(db: Database, since: int) -> dict[tuple[str, str], int]:
    """How many actions have ended since then, by kind and state."""
    sql = (
        "SELECT kind, state, count(*) AS n FROM actions "
        "WHERE state IN ('done', 'failed', 'unknown', 'denied', 'expired', 'cancelled', 'aborted') "
        "AND coalesce(finished_at, decided_at, expires_at) >= ? GROUP BY kind, state"
    )
    return {(row["kind"], row["state"]): row["n"] for row in rows(db, sql, since)}


def charged_since(db: Database, by: SumBy, day: date, zone: str) -> dict[str, int]:
    """Micro-dollars charged for rented machines from a local day on, by team, type or machine; meters are not in it."""
    found = sums.sums_by(db, by, day_start(day, ZoneInfo(zone)), day_sums.NEVER_MS)
    return {each.key: each.micros for each in found if each.provider == "ec2"}
