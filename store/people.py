"""How people are called in Slack, as last asked: the command line has no Slack to ask."""

from collections.abc import Iterable

from sqlite_utils import Database

from bot.domain.people import FORGOTTEN_ID
from store.sql import many, rows

SCHEMA = (
    """CREATE TABLE people_names (
        person TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        asked_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
NEWEST = 20_000
"""So many entries of the audit are looked through for people."""


def known(db: Database) -> dict[str, str]:
    """Names by Slack user id, of those who have one."""
    return {row["person"]: row["name"] for row in rows(db, "SELECT person, name FROM people_names WHERE name <> ''")}


def unasked(db: Database, since: int, most: int) -> list[str]:
    """People of the audit, of claims and of bookings of whom nobody has asked since then, new ones first."""
    sql = (
        "SELECT seen.person FROM (SELECT who AS person FROM (SELECT who FROM audit ORDER BY id DESC LIMIT ?) "
        "UNION SELECT holder FROM claims UNION SELECT holder FROM slots) seen "
        "LEFT JOIN people_names told ON told.person = seen.person "
        "WHERE (seen.person GLOB 'U[A-Z0-9]*' OR seen.person GLOB 'W[A-Z0-9]*') "
        f"AND seen.person NOT GLOB '{FORGOTTEN_ID}*' "
        "AND coalesce(told.asked_at, -1) < ? ORDER BY told.asked_at, seen.person LIMIT ?"
    )
    return [row["person"] for row in rows(db, sql, NEWEST, since, most)]


def learn(db: Database, told: Iterable[tuple[str, str, bool]], now: int) -> None:
    """Note how people are called, and whether they have left; an empty name keeps the name known before.

    Who has left did so when that was first heard.
    """
    many(
        db,
        "INSERT INTO people_names (person, name, asked_at, left_at) VALUES (?1, ?2, ?4, iif(?3, ?4, NULL)) "
        "ON CONFLICT (person) DO UPDATE SET name = iif(excluded.name = '', name, excluded.name), "
        "asked_at = excluded.asked_at, left_at = iif(excluded.left_at IS NULL, NULL, coalesce(left_at, ?4))",
        ((person, name, has_left, now) for person, name, has_left in told),
    )
