"""What each host's agent said of itself in its newest delivery."""

from collections.abc import Sequence
from dataclasses import astuple, fields

from sqlite_utils import Database

from bot.domain.measuring.heard import Heard
from store.sql import changed, one, rows

SCHEMA = (
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
_COLUMNS = tuple(field.name for field in fields(Heard))


def heard(db: Database, told: Heard) -> None:
    """Note what an agent says of itself now."""
    marks = ", ".join("?" * len(_COLUMNS))
    changed(db, f"INSERT OR REPLACE INTO hosts ({', '.join(_COLUMNS)}) VALUES ({marks})", *astuple(told))


def of(db: Database, host: str) -> Heard | None:
    """What a host's agent said last; None when it never reported, or not since this is kept."""
    row = one(db, f"SELECT {', '.join(_COLUMNS)} FROM hosts WHERE host = ?", host)
    return Heard(**row) if row else None


def all_of(db: Database, hosts: Sequence[str] | None = None) -> dict[str, Heard]:
    """What the agents of these hosts said last, or of all that ever reported, by host."""
    sql = f"SELECT {', '.join(_COLUMNS)} FROM hosts"
    if hosts is None:
        return {row["host"]: Heard(**row) for row in rows(db, sql)}
    found = rows(db, f"{sql} WHERE host IN ({', '.join('?' * len(hosts))})", *hosts)
    return {row["host"]: Heard(**row) for row in found}


def full_again(db: Database, host: str) -> None:
    """The GPUs it sees are all it has."""
    changed(db, "UPDATE hosts SET fewer_since = NULL WHERE host = ?", host)


def give_name(db: Database, host: str, name: str) -> None:
    """People call a host so from now on."""
    changed(db, "INSERT OR REPLACE INTO given_names (host, name) VALUES (?, ?)", host, name)


def given_name(db: Database, host: str) -> str:
    """What people call a host; the name its agent reports under where they gave it no other."""
    row = one(db, "SELECT name FROM given_names WHERE host = ?", host)
    return row["name"] if row else host
