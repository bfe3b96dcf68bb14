"""What happens to connections when threads end, commits fail and disks say no."""

import threading
from pathlib import Path

import pytest

from bot.errors import Impaired, Unreachable
from store import ProcessLock, Store
from store import audit as stored_audit
from store.sql import one, sqlite3


def noted(store: Store) -> int:
    row = one(store.reading(), "SELECT count(*) AS n FROM audit")
    assert row is not None
    return int(row["n"])


def note(store: Store) -> None:
    with store.writing() as db:
        stored_audit.add(db, 0, "ada", "noted", subject="")


def open_files() -> int:
    """How many there are; 0 where the system doesn't say."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_readers_of_threads_that_ended_do_not_pile_up(store):
    open_before = open_files()

    for _ in range(50):
        thread = threading.Thread(target=noted, args=(store,))
        thread.start()
        thread.join()

    assert len(store._readers) <= 3
    assert open_files() < open_before + 10


def test_a_commit_that_fails_leaves_nothing_behind_and_the_next_one_works(store):
    def break_a_promise_kept_at_commit() -> None:
        with store.writing() as db:
            db.execute("PRAGMA defer_foreign_keys=1")
            db.execute("INSERT INTO meters VALUES ('nobody', 0, 0, 0, 0, '', '', 1)")

    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        break_a_promise_kept_at_commit()
    note(store)

    assert noted(store) == 1
    assert one(store.reading(), "SELECT count(*) AS n FROM meters") == {"n": 0}


def test_a_full_disk_loses_the_one_change_and_no_other(store):
    note(store)
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count={pages}").fetchone()

    with pytest.raises(Impaired, match="the disk is full"), store.writing() as db:
        stored_audit.add(db, 0, "ada", "noted", subject="", detail="x" * 100_000)
    store._writer.execute("PRAGMA max_page_count=1000000").fetchone()
    note(store)

    assert noted(store) == 2


def test_a_lock_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "valet.db.lock").mkdir()

    with pytest.raises(Unreachable, match="lock beside"):
        ProcessLock(tmp_path / "valet.db")
