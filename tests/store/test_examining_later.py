"""A large file is opened at once and looked through afterwards; nothing is decided by it until that is done."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Impaired
from store import Store
from store.database import sqlite_version, wal_is_safe
from store.schema import is_current
from store.trouble import DAMAGED
from tests.conftest import MONDAY
from tests.store.test_keeping import entries, note, path, restored

__all__ = ["path"]
pytestmark = pytest.mark.skipif(not wal_is_safe(sqlite_version()), reason="with the rollback journal it looks first")


def opened(path):
    return Store(path, keeper=True, examines_later=True)


def damage_a_leaf(path):
    """Ruin a page of the audit's rows, none of its root or of the schema."""
    content = path.read_bytes()
    size = int.from_bytes(content[16:18], "big")
    leaf = next(
        at for at in range(0, len(content), size) if content[at] == 13 and b"x" * 500 in content[at : at + size]
    )
    with path.open("r+b") as file:
        file.seek(leaf)
        file.write(b"\xff" * size)


def test_a_file_of_this_version_is_open_before_it_is_looked_through(path):
    store = opened(path)

    assert store.is_unexamined
    note(store)
    assert entries(store) == 201
    store.examine_when_due(MONDAY)
    assert not store.is_unexamined
    store.close()


def test_a_file_that_has_to_be_changed_is_looked_through_first(path, tmp_path):
    new = opened(tmp_path / "new.db")
    older = Store(path)
    with older.writing() as db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = (SELECT max(name) FROM _sqlite_migrations)")
        assert not is_current(db)
    older.close()
    damage_a_leaf(path)

    older = opened(path)

    assert (new.is_unexamined, new.trouble.reason) == (False, "")
    assert (older.is_unexamined, older.trouble.reason) == (False, DAMAGED)
    new.close()
    older.close()


def test_damage_that_is_found_afterwards_is_as_damage_found_at_the_start(path):
    damage_a_leaf(path)
    store = opened(path)
    assert (store.is_unexamined, store.trouble.reason) == (True, "")

    store.examine_when_due(MONDAY)

    assert (store.is_unexamined, store.trouble.reason) == (False, DAMAGED)
    for use in (lambda: store.check(MONDAY), lambda: note(store)):
        with pytest.raises(Impaired, match=DAMAGED):
            use()
    restored(path)
    store.check(MONDAY)
    note(store)
    assert (store.trouble.reason, store.is_unexamined) == ("", False)
    store.close()


def test_it_is_looked_through_at_once_and_then_once_an_hour(path):
    store, looks = opened(path), []
    for minute in range(130):
        before = store._examined_at
        store.examine_when_due(MONDAY + minute * MINUTE_MS)
        if store._examined_at != before:
            looks.append(minute * MINUTE_MS)
    store.close()

    assert looks == [0, HOUR_MS, 2 * HOUR_MS]
