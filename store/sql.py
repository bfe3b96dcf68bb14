"""Three ways to run a statement; values are always bound, never pasted in."""

from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from store.trouble import Watched, sqlite3

__all__ = ["Row", "bound", "changed", "many", "one", "rows", "sqlite3"]

Row = dict[str, Any]


def bound(values: Iterable[object]) -> list[object]:
    """Values fit to bind: chat can carry half a surrogate pair, which no database takes."""
    return [value.encode(errors="replace").decode() if isinstance(value, str) else value for value in values]


def rows(db: Database, sql: str, *values: object) -> list[Row]:
    """The rows of a query, as dicts. Raises Impaired when the database can't be read."""
    try:
        cursor = db.execute(sql, bound(values))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]
    except sqlite3.DatabaseError as error:
        if isinstance(db, Watched):
            db.trouble.look_at(error)
        raise


def one(db: Database, sql: str, *values: object) -> Row | None:
    """The first row of a query, if any."""
    found = rows(db, sql, *values)
    return found[0] if found else None


def changed(db: Database, sql: str, *values: object) -> int:
    """Run a statement that changes rows; how many it changed."""
    count: int = db.execute(sql, bound(values)).rowcount
    return count


def many(db: Database, sql: str, values: Iterable[tuple[object, ...]]) -> None:
    """Run one statement for many rows."""
    db.conn.executemany(sql, values)
