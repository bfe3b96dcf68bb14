"""A released step never changes, and a file of every release becomes one of this version with all its rows."""

import contextlib
import json
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.errors import Refused
from store import Store, copies
from store.checkup import checkup
from store.schema import STEPS, sha256
from store.sql import rows, sqlite3

HERE = Path(__file__).parent / "released"
OLDER = (
    "DROP INDEX estimated_charges",
    "DROP TRIGGER charges_keep",
    "DROP TRIGGER charges_stand",
    "ALTER TABLE charges DROP COLUMN exact",
    "DROP TABLE heartbeat",
    "ALTER TABLE instances ADD COLUMN disk_gib INTEGER",
    "DELETE FROM _sqlite_migrations WHERE name = '0001_heartbeat'",
)
"""What makes that file an older one, of when steps were still edited in place."""

STEPS_DONE = {"step_hashes", "_sqlite_migrations"}
"""A later version adds its own rows to these, in between."""


def executed(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(str(path), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def contents(path: Path) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, but for what the schema itself keeps."""
    with contextlib.closing(sqlite3.connect(str(path))) as connection:
        db = Database(connection)
        tables = [row["name"] for row in rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: rows(db, f"SELECT * FROM {name}") for name in tables if "sqlite_" not in name}


def made_by(version: str, path: Path) -> Path:
    """A file as that version left it, with a day of use in it."""
    with contextlib.closing(sqlite3.connect(str(path))) as connection:
        connection.executescript((HERE / f"{version}.sql").read_text())
    return path


COPIES = {"spend", "spend_until"}
"""What was only a copy of charges, and is made anew from them."""


def test_a_released_step_says_what_it_said_when_it_was_released():
    pinned = json.loads((HERE / "steps.json").read_text())

    assert {name: sha256(statements) for name, statements in STEPS if name in pinned} == pinned, (
        "A released step never changes; add a new one."
    )


@pytest.mark.parametrize("version", ["before-0.1.0", "0.1.0"])
def test_a_file_of_every_release_keeps_every_row_with_every_later_version(tmp_path, version):
    path = made_by(version, tmp_path / "valet.db")
    before = contents(path)

    Store(path).close()

    after = contents(path)
    assert all(before.values()), "the file has a row in every table"
    for table, kept in before.items():
        if table in COPIES:
            continue
        found = [{column: row[column] for column in kept[0]} for row in after[table]]
        assert [row for row in found if table not in STEPS_DONE or row in kept] == kept
    assert checkup(path).missing == ()


def test_a_step_that_was_edited_in_place_is_refused_with_a_sentence(store):
    executed(store.path, f"UPDATE step_hashes SET sha256 = '{'0' * 64}' WHERE name = '0001_claims'")

    with pytest.raises(Refused, match="Step 0001_claims of this database is not the one this Valet knows"):
        Store(store.path)
    with pytest.raises(Refused, match=r"never released \(step 0001_claims\)"):
        copies.restore_copy(
            store.path, store.path.with_name("other.db"), 0, who="ada", aside=store.path.with_name("aside")
        )
    assert checkup(store.path).altered == ("0001_claims",)


def test_a_database_of_before_the_release_is_mended_with_all_its_rows(tmp_path):
    path = made_by("before-0.1.0", tmp_path / "valet.db")
    before = contents(path)
    executed(path, *OLDER)

    assert {"charges", "heartbeat", "charges_keep"} <= set(checkup(path).unreleased)
    Store(path).close()

    after = contents(path)
    assert {row["exact"] for row in after["charges"]} == {0}, "what was not noted is an estimate"
    assert [row["micros"] for row in after["charges"]] == [row["micros"] for row in before["charges"]]
    assert after["shares"] == before["shares"], "rows that point to a table made anew are still there"
    assert checkup(path).unreleased == ()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        executed(path, "DELETE FROM charges")


def test_what_cannot_be_mended_is_refused_and_left_as_it_was(tmp_path):
    path = made_by("before-0.1.0", tmp_path / "valet.db")
    executed(path, *OLDER, "ALTER TABLE charges ADD COLUMN holder TEXT")
    before = contents(path)

    with pytest.raises(Refused, match="its table charges can't be brought up to date: its column holder has no place"):
        Store(path)

    assert contents(path) == before
