"""The promises of the store: nothing committed is lost, nothing fails for being second, nothing newer is opened."""

import contextlib
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.errors import Refused, Unreachable
from store import Locked, ProcessLock, Store
from store import audit as stored_audit
from store.database import sqlite_version, wal_is_safe
from store.schema import STEPS
from store.sql import one, sqlite3


def note(db: Database, text: str) -> None:
    stored_audit.add(db, 0, "ada", text, subject="")


def noted(store: Store) -> int:
    row = one(store.reading(), "SELECT count(*) AS n FROM audit")
    assert row is not None
    return int(row["n"])


def in_threads(count: int, work) -> list[BaseException]:
    """Run it in so many threads at once; what they raised."""
    with ThreadPoolExecutor(count) as pool:
        runs = [pool.submit(work, number) for number in range(count)]
    return [error for run in runs if (error := run.exception())]


def test_no_commit_is_lost_when_eight_threads_write_at_once(store):
    def write(number: int) -> None:
        for step in range(40):
            with store.writing() as db:
                note(db, f"{number}/{step}")

    failures = in_threads(8, write)

    assert failures == []
    assert noted(store) == 320


def test_a_transaction_that_fails_leaves_nothing_behind_even_with_others_writing(store):
    def write(number: int) -> None:
        for step in range(20):
            with contextlib.suppress(ValueError), store.writing() as db:
                note(db, "x")
                if number % 2:
                    raise ValueError(step)

    failures = in_threads(6, write)

    assert failures == []
    assert noted(store) == 3 * 20


def test_read_then_write_never_fails_because_somebody_else_wrote_meanwhile(store):
    """A deferred BEGIN does: it reads, another connection commits, and its own write is refused at once."""
    other = Store(store.path)

    def count_up(number: int) -> None:
        mine = (store, other)[number % 2]
        for _ in range(25):
            with mine.writing() as db:
                row = one(db, "SELECT count(*) AS n FROM audit")
                assert row is not None
                note(db, str(row["n"]))

    failures = in_threads(4, count_up)

    other.close()
    assert failures == []
    assert noted(store) == 100


def test_a_deferred_begin_is_the_trap_we_avoid(store):
    first = sqlite3.connect(store.path, isolation_level=None)
    first.execute("BEGIN")
    first.execute("SELECT count(*) FROM audit").fetchone()
    if sqlite_version() < (3, 51, 3):
        first.close()
        pytest.skip("without WAL the writer would wait for this reader instead")
    with store.writing() as db:
        note(db, "somebody else")

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        first.execute("INSERT INTO seen_events VALUES ('e', 0)")

    first.close()


def test_a_reader_never_sees_what_is_not_committed(store):
    counts = []
    with store.writing() as db:
        note(db, "not yet")
        in_threads(1, lambda _: counts.append(noted(store)))

    assert counts == [0]
    assert noted(store) == 1


def test_a_reader_cannot_write(store):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        note(store.reading(), "sneaky")


@pytest.mark.slow
def test_many_starts_at_once_migrate_one_database_without_a_crash(tmp_path):
    code = "import sys; from store import Store; Store(sys.argv[1]).close()"
    path = str(tmp_path / "new.db")

    starts = [subprocess.Popen([sys.executable, "-c", code, path], stderr=subprocess.PIPE) for _ in range(5)]
    errors = [start.communicate()[1].decode() for start in starts]

    assert [start.returncode for start in starts] == [0] * 5, errors


def test_a_database_of_a_newer_valet_is_not_opened(store):
    with store.writing() as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('valet', '9999_more', '')")

    with pytest.raises(Refused, match="newer Valet"):
        Store(store.path)


def test_the_schema_is_strict_and_foreign_keys_hold(store):
    with pytest.raises(sqlite3.IntegrityError), store.writing() as db:
        db.execute("INSERT INTO seen_events VALUES ('e', 'noon')")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), store.writing() as db:
        db.execute("INSERT INTO verdicts VALUES ('nobody', 'free', 0, '', '[]', 0, 0)")
    tables = store.reading().execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%'")
    assert all("STRICT" in sql for (sql,) in tables)


def test_every_commit_reaches_the_disk(tmp_path):
    with contextlib.closing(Store(tmp_path / "valet.db")) as store, store.writing() as db:
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_wal_is_used_only_with_a_sqlite_that_has_the_reset_fix(store):
    mode = store.reading().execute("PRAGMA journal_mode").fetchone()[0]

    assert mode == ("wal" if wal_is_safe(sqlite_version()) else "delete")
    assert not wal_is_safe((3, 40, 1))
    assert not wal_is_safe((3, 51, 2))
    assert not wal_is_safe((3, 45, 9))
    assert wal_is_safe((3, 51, 3))
    assert wal_is_safe((3, 50, 7))
    assert wal_is_safe((3, 44, 6))


def test_a_damaged_database_is_not_started_on(tmp_path):
    path = tmp_path / "bad.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)

    with pytest.raises(Unreachable, match=r"bad\.db can't be opened"):
        Store(path)


def test_a_second_process_is_told_who_holds_the_database(tmp_path):
    path = tmp_path / "valet.db"
    lock = ProcessLock(path)

    with pytest.raises(Locked, match=r"in use by process \d+ on "):
        ProcessLock(path)
    lock.release()

    ProcessLock(path).release()


@pytest.mark.slow
def test_the_lock_ends_with_its_process_however_it_ends(tmp_path):
    path = tmp_path / "valet.db"
    code = "import os, sys, pathlib; from store import ProcessLock; ProcessLock(pathlib.Path(sys.argv[1])); os._exit(9)"

    subprocess.run([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[2], check=False)

    ProcessLock(path).release()


def test_every_step_of_the_schema_has_a_name_of_its_own():
    names = [name for name, _ in STEPS]

    assert len(names) == len(set(names))


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()

    with pytest.raises(Refused, match="is a database of something else"):
        Store(path)

    tables = other.execute("SELECT name FROM sqlite_master").fetchall()
    other.close()
    assert tables == [("recipes",)]


def test_a_directory_is_no_database(tmp_path):
    with pytest.raises(Unreachable, match="is a directory"):
        Store(tmp_path)


def test_a_new_database_is_its_owners_to_read_only(tmp_path):
    with contextlib.closing(Store(tmp_path / "valet.db")) as made:
        with made.writing() as db:
            note(db, "who did what")
        rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert rights["valet.db"] == 0o600
    assert all(mode & 0o077 == 0 for name, mode in rights.items() if name.startswith("valet.db-"))
