"""The audit can be added to and nothing else; whoever changes the file itself is found out."""

import pytest

from bot.domain.audit import Broken
from store import Store
from store import audit as stored_audit
from store.sql import sqlite3
from tests.conftest import MONDAY
from tests.opening import open_store

NAMES = ("audit_keeps", "audit_stands", "audit_grows")


@pytest.fixture
def noted(store) -> Store:
    """Six entries: ada claims and releases."""
    with store.writing() as db:
        for n in range(6):
            stored_audit.add(db, MONDAY + n, "U0ADA", ("claimed", "released")[n % 2], subject="i-1", detail=f"run {n}")
    return store


def tampered(store: Store, *statements: str) -> Broken | None:
    """What is found after somebody with a SQLite shell took the triggers away and ran these."""
    store.close()
    with sqlite3.connect(store.path) as db:
        for statement in (*[f"DROP TRIGGER {name}" for name in NAMES], *statements):
            db.execute(statement)
    db.close()
    opened = open_store(store.path)
    found = stored_audit.verify(opened.reading())
    opened.close()
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'U0BOB' WHERE id = 2",
        "DELETE FROM audit WHERE id = 6",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 3",
    ],
)
def test_an_entry_can_be_neither_changed_nor_removed(noted, statement):
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), noted.writing() as db:
        db.execute(statement)

    assert len(stored_audit.entries_about(noted.reading(), "i-1")) == 6
    assert stored_audit.verify(noted.reading()) is None


def test_an_empty_audit_holds(store):
    assert stored_audit.verify(store.reading()) is None


@pytest.mark.parametrize("column", ["at", "who", "did", "subject", "detail", "before", "after", "hash"])
@pytest.mark.parametrize("entry", [1, 3, 6])
def test_a_change_to_any_part_of_an_entry_is_found_and_named(noted, column, entry):
    value = {"at": "at + 1", "hash": "replace(hash, substr(hash, 1, 1), 'g')"}.get(column, f"{column} || '!'")

    broken = tampered(noted, f"UPDATE audit SET {column} = {value} WHERE id = {entry}")

    assert broken is not None
    assert broken.id == entry
    assert broken.at == MONDAY + entry - 1 + (column == "at")
    assert broken.what.startswith(f"Entry {entry} does not match its hash")


@pytest.mark.parametrize(
    ("gone", "first", "what"),
    [
        ("id = 1", 1, "Entry 1 is missing."),
        ("id IN (3, 4)", 3, "Entries 3 to 4 are missing."),
        ("id = 6", 6, "Entry 6 is missing."),
        ("id > 4", 5, "Entries 5 to 6 are missing."),
        ("1", 1, "Entries 1 to 6 are missing."),
    ],
)
def test_entries_taken_out_are_found_and_named_the_newest_included(noted, gone, first, what):
    assert tampered(noted, f"DELETE FROM audit WHERE {gone}") == Broken(first, None, what)


def test_entries_that_changed_places_are_found(noted):
    broken = tampered(
        noted,
        "UPDATE audit SET id = 99 WHERE id = 2",
        "UPDATE audit SET id = 2 WHERE id = 3",
        "UPDATE audit SET id = 3 WHERE id = 99",
    )

    assert broken is not None
    assert broken.id == 2


def test_an_entry_rewritten_with_a_hash_that_fits_shows_at_the_next_one(noted):
    content = [3, MONDAY + 2, "U0BOB", "claimed", "i-1", "run 2", "", ""]
    second = stored_audit.entries_about(noted.reading(), "i-1")[1].hash

    broken = tampered(
        noted, f"UPDATE audit SET who = 'U0BOB', hash = '{stored_audit._hash(second, content)}' WHERE id = 3"
    )

    assert broken is not None
    assert broken.id == 4
    assert "or the entry before it" in broken.what


def test_a_change_that_is_rolled_back_leaves_the_chain_whole(noted):
    with noted.writing() as db:
        stored_audit.add(db, MONDAY, "U0ADA", "claimed", subject="i-2")
        db.execute("ROLLBACK")
        db.execute("BEGIN")
    with noted.writing() as db:
        stored_audit.add(db, MONDAY, "U0ADA", "claimed", subject="i-3")

    assert stored_audit.verify(noted.reading()) is None
    assert [row.id for row in stored_audit.entries_about(noted.reading(), "i-3")] == [7]


@pytest.mark.parametrize(
    "text", ["half a pair \ud83d", "quote ' and \" and \\", "new\nline", "nul \0 inside", "日本", ""]
)
def test_any_text_a_person_can_type_keeps_the_chain_whole(store, text):
    with store.writing() as db:
        stored_audit.add(db, MONDAY, "U0ADA", text, subject=text, detail=text, before=text, after=text)
        stored_audit.add(db, MONDAY, "U0ADA", "claimed", subject="i-1")

    assert stored_audit.verify(store.reading()) is None
