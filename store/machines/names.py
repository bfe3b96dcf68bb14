"""The one place that decides how a machine is called among the fleet."""

import json
from collections.abc import Collection, Sequence

from sqlite_utils import Database

from bot.domain.machines.names import NamedMachine, distinct_names, shown_look
from bot.domain.typography import plain_typed
from store.sql import Row, many, rows

SCHEMA = (
    "ALTER TABLE instances ADD COLUMN own_name TEXT",
    "ALTER TABLE instances ADD COLUMN looks_like TEXT",
    "CREATE INDEX instances_by_look ON instances (looks_like)",
    "CREATE INDEX instances_by_own_name ON instances (lower(own_name)) WHERE gone_at IS NULL",
)
"""`name` is how a machine is called among the fleet; `own_name` what its tag or host says, where that is another.
Rows without `looks_like` are of before, and get it at the next look."""

ODD_NAMES = ("CREATE INDEX instances_by_odd_name ON instances (name) WHERE gone_at IS NULL AND name GLOB '*[^ -~]*'",)


def typed_as(db: Database, word: str, *, longer: bool = False) -> list[str]:
    """Ids of machines whose name has other dashes or quotes than keyboards, and is typed so; or begins so."""
    sql = "SELECT id, name, own_name FROM instances WHERE gone_at IS NULL AND name GLOB '*[^ -~]*' ORDER BY name, id"
    least, found = plain_typed(word).lower(), []
    for row in rows(db, sql):
        typed = {plain_typed(name).lower() for name in (row["name"], row["own_name"] or "")}
        if least in typed or (longer and any(name.startswith(least) for name in typed)):
            found.append(row["id"])
    return found


def looks_of(db: Database, ids: Sequence[str]) -> set[str]:
    """What these look like so far, and whatever has no look yet, which gets it now."""
    old = rows(db, "SELECT id, name FROM instances WHERE looks_like IS NULL")
    many(db, "UPDATE instances SET looks_like = ? WHERE id = ?", ((shown_look(row["name"]), row["id"]) for row in old))
    found = {shown_look(row["name"]) for row in old}
    sql = "SELECT looks_like AS look FROM instances WHERE id IN (SELECT value FROM json_each(?))"
    found |= {row["look"] for row in rows(db, sql, json.dumps(list(ids)))}
    return found


def tell_apart(db: Database, looks: Collection[str]) -> None:
    """Call all that look so apart, anew."""
    alike: dict[str, list[Row]] = {}
    sql = "SELECT id, name, coalesce(own_name, name) AS own, own_name, gone_at, looks_like FROM instances "
    for row in rows(
        db, f"{sql}WHERE looks_like IN (SELECT value FROM json_each(?)) ORDER BY id", json.dumps(list(looks))
    ):
        alike.setdefault(row["looks_like"], []).append(row)
    for group in alike.values():
        called = distinct_names([NamedMachine(row["id"], row["own"], row["gone_at"] is not None) for row in group])
        changes = [(called[row["id"]], None if called[row["id"]] == row["own"] else row["own"], row) for row in group]
        many(
            db,
            "UPDATE instances SET name = ?, own_name = ? WHERE id = ?",
            ((name, own, row["id"]) for name, own, row in changes if (name, own) != (row["name"], row["own_name"])),
        )
