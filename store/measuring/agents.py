"""Tokens of agents: one per host, kept as SHA-256, shown once."""

from sqlite_utils import Database

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
    revoke(db, host, now)
    changed(db, "INSERT INTO tokens (host, sha256, created_at, last_ip) VALUES (?, ?, ?, '')", host, sha256, now)


def revoke(db: Database, host: str, now: int) -> bool:
    """Revoke the host's token; False when it has none."""
    return changed(db, "UPDATE tokens SET revoked_at = ? WHERE host = ? AND revoked_at IS NULL", now, host) == 1


def host_of(db: Database, sha256: str) -> str | None:
    """Whose token this is; None when unknown or revoked."""
    row = one(db, "SELECT host FROM tokens WHERE sha256 = ? AND revoked_at IS NULL", sha256)
    return row["host"] if row else None


def seen(db: Database, host: str, ip: str, now: int) -> None:
    """Note when and from where a host last reported."""
    changed(db, "UPDATE tokens SET last_seen_at = ?, last_ip = ? WHERE host = ? AND revoked_at IS NULL", now, ip, host)


def all_hosts(db: Database) -> list[Row]:
    """Live tokens: host, created_at, last_seen_at, last_ip."""
    return rows(db, "SELECT host, created_at, last_seen_at, last_ip FROM tokens WHERE revoked_at IS NULL ORDER BY host")
