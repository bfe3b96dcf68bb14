"""Brings a database of before the first release to the schema of that release, whose steps were edited until then.

A table that differs is made anew and its rows are carried over; what can't be carried over is refused, and nothing is
changed then. From the first release on there is nothing to mend: a step never changes, and `step_hashes` holds that.
"""

import re
from dataclasses import dataclass

from sqlite_utils import Database

from bot.errors import Refused
from store.sql import rows, sqlite3

NEW = "_mended_"
FILLED = {
    ("charges", "exact"): "0",  # whether a price was AWS's own was not noted yet, so it is an estimate
    ("meters", "exact"): "0",
    ("saving_sources", "exact"): "0",
    ("snoozes", "since_at"): "made_at",
    ("images", "snapshots"): "'[]'",
}
"""What a column that came later gets in the rows of before, where it must have something."""
LEFT_OUT = {("instances", "disk_gib")}
"""Columns that went, and whose values the next look at the fleet brings in another form."""
_NAME = re.compile(r'^CREATE TABLE "?(\w+)"?')


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A table, index or trigger, as `sqlite_master` has it."""

    kind: str
    name: str
    table: str
    sql: str

    @property
    def plain_sql(self) -> str:
        """Without what indentation or a renaming leave in it."""
        return " ".join(_NAME.sub(r"CREATE TABLE \1", self.sql).split())


def objects(db: Database) -> dict[str, SchemaObject]:
    """Everything of ours in a database, by name."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite_%'"
    return {row["name"]: SchemaObject(row["type"], row["name"], row["tbl_name"], row["sql"]) for row in rows(db, query)}


def released(statements: list[str]) -> dict[str, SchemaObject]:
    """What these statements make in an empty database."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        db = Database(connection)
        for statement in statements:
            db.execute(statement)
        return objects(db)
    finally:
        connection.close()


def differing(db: Database, wanted: dict[str, SchemaObject]) -> list[str]:
    """Names of what is not there, or not as it is wanted; tables first."""
    there = objects(db)
    names = [name for name, one in wanted.items() if name not in there or there[name].plain_sql != one.plain_sql]
    return sorted(names, key=lambda name: (wanted[name].kind != "table", name))


def mend(db: Database, wanted: dict[str, SchemaObject]) -> None:
    """Make the database as it is wanted. Foreign keys must be off. Raises Refused, before anything is committed."""
    there = objects(db)
    for name in differing(db, wanted):
        if wanted[name].kind == "table" and name in there:
            _make_anew(db, wanted[name])
    there = objects(db)  # a table that was made anew has lost its indexes and triggers
    for name in differing(db, wanted):
        if name in there:
            db.execute(f"DROP {wanted[name].kind} {name}")
        db.execute(wanted[name].sql)
    broken = rows(db, "PRAGMA foreign_key_check")
    if broken:
        raise _refused(broken[0]["table"], "rows of it point to rows that are not there")


def _make_anew(db: Database, wanted: SchemaObject) -> None:
    """Under another name, with the rows of the old one, and then in its place."""
    name = wanted.name
    db.execute("PRAGMA legacy_alter_table=1")  # or renaming would look into triggers that point to the dropped table
    db.execute(_NAME.sub(f"CREATE TABLE {NEW}{name}", wanted.sql))
    old, new = _columns(db, name), _columns(db, NEW + name)
    lost = [column for column in old if column not in new and (name, column) not in LEFT_OUT]
    if lost and rows(db, f"SELECT 1 FROM {name} LIMIT 1"):
        raise _refused(name, f"its column {lost[0]} has no place any more")
    source = {column: column for column in new if column in old}
    source |= {column: FILLED[name, column] for column in new if column not in old and (name, column) in FILLED}
    try:
        db.execute(f"INSERT INTO {NEW}{name} ({', '.join(source)}) SELECT {', '.join(source.values())} FROM {name}")
    except sqlite3.IntegrityError as error:
        raise _refused(name, str(error)) from error
    db.execute(f"DROP TABLE {name}")
    db.execute(f"ALTER TABLE {NEW}{name} RENAME TO {name}")
    db.execute("PRAGMA legacy_alter_table=0")


def _columns(db: Database, table: str) -> list[str]:
    return [row["name"] for row in rows(db, "SELECT name FROM pragma_table_info(?)", table)]


def _refused(table: str, reason: str) -> Refused:
    return Refused(
        f"This database is older than Valet 0.1.0, and its table {table} can't be brought up to date: {reason}. "
        "Nothing was changed. Go on with the version that wrote it, or start with a new file."
    )
