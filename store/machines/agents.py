"""Tokens of agents: one per host, kept as SHA-256, shown once."""

from collections.abc import Sequence
from dataclasses import astuple, fields

from sqlite_utils import Database

from bot.domain.machines.readings import AgentReport
from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE tokens (
        id INTEGER PRIMARY KEY,
        host TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER,
        last_ip TEXT NOT NULL,
        last_seen_at INTEGER
    ) STRICT""",
    "CREATE UNIQUE INDEX one_live_token ON tokens (host) WHERE revoked_at IS NULL",
)


def add(db: Database, host: str, sha256: str, now: int) -> None:
    """Store a new token for a host; an older one of it is revoked."""
    revoke_token(db, host, now)
    changed(db, "INSERT INTO tokens (host, sha256, created_at, last_ip) VALUES (?, ?, ?, '')", host, sha256, now)


def revoke_token(db: Database, host: str, now: int) -> bool:
    """Revoke the host's token; False when it has none."""
    return changed(db, "UPDATE tokens SET revoked_at = ? WHERE host = ? AND revoked_at IS NULL", now, host) == 1


def host_of(db: Database, sha256: str) -> str | None:
    """Whose token this is; None when unknown or revoked."""
    row = one(db, "SELECT host FROM tokens WHERE sha256 = ? AND revoked_at IS NULL", sha256)
    return row["host"] if row else None


def note_seen(db: Database, host: str, ip: str, now: int) -> None:
    """Note when and from where a host last reported."""
    changed(db, "UPDATE tokens SET last_seen_at = ?, last_ip = ? WHERE host = ? AND revoked_at IS NULL", now, ip, host)


def note_delivery(db: Database, host: str, sha256: str, ip: str, now: int) -> bool:
    """Note that a host reported with this token; False when that is no live token of it, and nothing was changed."""
    sql = "UPDATE tokens SET last_seen_at = ?, last_ip = ? WHERE sha256 = ? AND host = ? AND revoked_at IS NULL"
    return changed(db, sql, now, ip, sha256, host) == 1


def live_tokens(db: Database) -> list[Row]:
    """Live tokens: host, created_at, last_seen_at, last_ip."""
    return rows(db, "SELECT host, created_at, last_seen_at, last_ip FROM tokens WHERE revoked_at IS NULL ORDER BY host")


HOSTS_SCHEMA = (
    """CREATE TABLE hosts (
        host TEXT PRIMARY KEY,
        reported_at INTEGER NOT NULL,
        gpus_seen INTEGER NOT NULL,
        agent_version TEXT NOT NULL,
        driver TEXT NOT NULL,
        error TEXT NOT NULL,
        fewer_since INTEGER
    ) STRICT, WITHOUT ROWID""",
)
NAMES_SCHEMA = (
    """CREATE TABLE given_names (
        host TEXT PRIMARY KEY,
        name TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
"""What people call a host instead of the name its agent reports under, which stays its id."""
_COLUMNS = tuple(field.name for field in fields(AgentReport))


def save_report(db: Database, told: AgentReport) -> None:
    """Note what an agent says of itself now."""
    marks = ", ".join("?" * len(_COLUMNS))
    changed(db, f"INSERT OR REPLACE INTO hosts ({', '.join(_COLUMNS)}) VALUES ({marks})", *astuple(told))


def report_of(db: Database, host: str) -> AgentReport | None:
    """What a host's agent said last; None when it never reported, or not since this is kept."""
    row = one(db, f"SELECT {', '.join(_COLUMNS)} FROM hosts WHERE host = ?", host)
    return AgentReport(**row) if row else None


def reports(db: Database, hosts: Sequence[str] | None = None) -> dict[str, AgentReport]:
    """What the agents of these hosts said last, or of all that ever reported, by host."""
    sql = f"SELECT {', '.join(_COLUMNS)} FROM hosts"
    if hosts is None:
        return {row["host"]: AgentReport(**row) for row in rows(db, sql)}
    found = rows(db, f"{sql} WHERE host IN ({', '.join('?' * len(hosts))})", *hosts)
    return {row["host"]: AgentReport(**row) for row in found}


def forget_missing(db: Database, host: str) -> None:
    """The GPUs it sees are all it has."""
    changed(db, "UPDATE hosts SET fewer_since = NULL WHERE host = ?", host)


def give_name(db: Database, host: str, name: str) -> None:
    """People call a host so from now on."""
    changed(db, "INSERT OR REPLACE INTO given_names (host, name) VALUES (?, ?)", host, name)


def given_name(db: Database, host: str) -> str:
    """What people call a host; the name its agent reports under where they gave it no other."""
    row = one(db, "SELECT name FROM given_names WHERE host = ?", host)
    return row["name"] if row else host
