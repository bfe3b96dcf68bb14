"""Backups are whole or not there, can be made while Valet writes, and bring everything back."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bot.errors import Refused, Unreachable
from store import Store, copies
from store import audit as stored_audit
from store.checkup import looking
from store.sql import one, sqlite3
from tests.conftest import MONDAY

ROOT = Path(__file__).parents[2]


def note(store: Store, count: int = 1) -> None:
    for n in range(count):
        with store.writing() as db:
            stored_audit.add(db, MONDAY + n, "U0ADA", "claimed", subject="i-1")


def entries(path) -> int:
    with looking(path) as db:
        row = one(db, "SELECT count(*) AS n FROM audit")
        assert row is not None
        return int(row["n"])


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_copy_is_one_file_with_everything_in_it_for_its_owner_only(store, tmp_path):
    note(store, 3)
    target = tmp_path / "there" / "copy.db"

    made = copies.copy(store.path, target)

    assert made.entries == entries(target) == 3
    assert made.bytes == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert names(target.parent) == {"copy.db"}


@pytest.mark.slow
def test_copies_made_while_others_write_are_each_of_one_moment(store, tmp_path):
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            note(store)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    made = [copies.copy(store.path, tmp_path / f"{n}.db") for n in range(8)]
    over.set()
    for writer in writers:
        writer.join()

    for number, copied in enumerate(made):
        with looking(tmp_path / f"{number}.db") as db:
            assert stored_audit.verify(db) is None
        assert entries(tmp_path / f"{number}.db") == copied.entries
    assert [each.entries for each in made] == sorted(each.entries for each in made)
    assert stored_audit.verify(store.reading()) is None


def test_making_a_copy_does_not_take_the_databases_locks_away(store, tmp_path):
    """Closing any descriptor of a file drops a process's POSIX locks on it; a copy must close none of the store's."""
    with store.writing() as db:
        stored_audit.add(db, MONDAY, "U0ADA", "claimed", subject="i-1")
        copies.copy(store.path, tmp_path / "copy.db")
        other = f"import sqlite3; sqlite3.connect({str(store.path)!r}, timeout=0).execute('BEGIN IMMEDIATE')"

        assert os.system(f'{sys.executable} -c "{other}" 2>/dev/null') != 0
    assert entries(tmp_path / "copy.db") == 0


def test_a_copy_that_finds_no_room_leaves_nothing_behind(store, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "copy.db").mkdir()

    with pytest.raises(Unreachable, match="can't be backed up to"):
        copies.copy(store.path, full / "copy.db")

    assert names(full) == {"copy.db"}


def test_what_a_crash_left_of_a_copy_is_no_hindrance(store, tmp_path):
    (tmp_path / "copy.db.part").write_bytes(b"half")
    (tmp_path / "copy.db.part-journal").write_bytes(b"half")

    copies.copy(store.path, tmp_path / "copy.db")

    assert not (tmp_path / "copy.db.part").exists()
    assert not (tmp_path / "copy.db.part-journal").exists()


def test_the_drill_a_ruined_database_is_replaced_and_all_of_it_is_back(store, tmp_path):
    note(store, 50)
    backup = tmp_path / "backup.db"
    copies.copy(store.path, backup)
    note(store, 5)
    store.close()
    with store.path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(64 * 1024))
    with pytest.raises((Refused, Unreachable)):
        Store(store.path)
    for ending in ("-wal", "-shm"):
        (tmp_path / f"valet.db{ending}").write_bytes(b"of another time")

    copies.restore_copy(backup, store.path, MONDAY, who="command line", aside=tmp_path / "valet.db.before")

    again = Store(store.path)
    assert stored_audit.verify(again.reading()) is None
    newest = stored_audit.last_entry(again.reading())
    assert newest is not None
    assert (newest.id, newest.who, newest.did, newest.detail) == (51, "command line", "restored a backup", str(backup))
    again.close()
    assert {"valet.db.before", "valet.db.before-wal", "valet.db.before-shm"} <= names(tmp_path)
    assert entries(backup) == 50, "the backup itself stays as it is"


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"x" * 5000])
def test_what_is_no_backup_is_refused_and_the_database_stays(store, tmp_path, content):
    note(store)
    wrong = tmp_path / "wrong.db"
    wrong.write_bytes(content)

    with pytest.raises((Refused, Unreachable)):
        copies.restore_copy(wrong, store.path, MONDAY, who="command line", aside=tmp_path / "aside")

    assert entries(store.path) == 1
    assert not (tmp_path / "aside").exists()
    assert not (tmp_path / "valet.db.restored").exists()


def test_a_database_of_something_else_and_one_of_a_newer_valet_are_refused(store, tmp_path):
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE things (id)")
    other.close()
    copies.copy(store.path, tmp_path / "newer.db")
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('valet', '9999_more', '')")
    newer.commit()
    newer.close()

    with pytest.raises(Refused, match="is no database of Valet's"):
        copies.restore_copy(tmp_path / "other.db", store.path, MONDAY, who="x", aside=tmp_path / "aside")
    with pytest.raises(Refused, match="newer Valet wrote"):
        copies.restore_copy(tmp_path / "newer.db", store.path, MONDAY, who="x", aside=tmp_path / "aside")


CRASH = """
import os, sys
from pathlib import Path
from store import copies
real = os.fsync
left = int(sys.argv[3])
def fsync(descriptor):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    real(descriptor)
os.fsync = fsync
copies.restore_copy(Path(sys.argv[1]), Path(sys.argv[2]), 0, who="x", aside=Path(sys.argv[2] + ".before"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", [0, 1, 2])
def test_whenever_a_restore_is_cut_off_there_is_a_whole_database(store, tmp_path, point):
    """It ends before the new file is on the disk, after that but before its name is, or not at all."""
    note(store, 5)
    copies.copy(store.path, tmp_path / "backup.db")
    note(store, 2)
    store.close()
    command = [sys.executable, "-c", CRASH, tmp_path / "backup.db", store.path, str(point)]

    done = subprocess.run(command, cwd=ROOT, check=False, timeout=60)

    assert done.returncode == (9 if point < 2 else 0)
    again = Store(store.path)
    assert stored_audit.verify(again.reading()) is None
    newest = stored_audit.last_entry(again.reading())
    again.close()
    assert newest is not None
    assert newest.id == (7 if point == 0 else 6)
