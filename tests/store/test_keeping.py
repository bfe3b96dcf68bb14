"""The Valet that runs keeps its file: it is there without a good one, and goes on with what is put in its place."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bot.errors import Impaired, Refused, Unreachable
from store import Locked, ProcessLock, Store, copies
from store import audit as stored_audit
from store.lock import KEEPING
from store.sql import one
from store.trouble import DAMAGED
from tests.conftest import MONDAY


def note(store):
    with store.writing() as db:
        stored_audit.add(db, MONDAY, "U0ADA", "claimed", subject="i-1", detail="x" * 500)


def entries(store):
    return (one(store.reading(), "SELECT count(*) AS n FROM audit") or {})["n"]


@pytest.fixture
def path(tmp_path):
    """A database with 200 entries in its audit, and a backup of it."""
    store = Store(tmp_path / "valet.db")
    for _ in range(200):
        note(store)
    copies.copy(store.path, tmp_path / "backup.db")
    store.close()
    return store.path


@pytest.fixture
def kept(path):
    store = Store(path, keeper=True)
    yield store
    store.close()


def ruin(path):
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\xff" * (len(content) - 4096 * 3)
    with path.open("r+b") as file:
        file.write(content)


def restored(path):
    copies.restore_copy(path.with_name("backup.db"), path, MONDAY, who="x", aside=path.with_name("aside.db"))


@pytest.mark.parametrize("content", [b"no database at all" * 500, b"SQLite format 3\0" + b"x" * 9000])
def test_without_a_good_file_everything_is_refused_in_a_sentence_until_a_backup_is_there(path, content):
    path.write_bytes(content)
    store = Store(path, keeper=True)

    for use in (store.reading, lambda: note(store), lambda: store.check(MONDAY), store.examine):
        with pytest.raises(Impaired, match=f"^Valet's database can't be used now: {DAMAGED}") as caught:
            use()
        assert caught.value.reason == DAMAGED
    assert path.read_bytes() == content, "it is left as it is, for whoever wants to save something of it"
    restored(path)
    store.check(MONDAY)

    note(store)
    assert (entries(store), store.trouble.reason) == (202, "")
    assert stored_audit.verify(store.reading()) is None
    store.close()


def test_damage_found_while_it_runs_lets_a_backup_in_and_every_thread_reads_that(kept, path):
    seen, go_on = [], threading.Event()

    def reader():
        seen.append(entries(kept))
        go_on.wait(10)
        seen.append(entries(kept))

    thread = threading.Thread(target=reader)
    thread.start()
    for _ in range(20):
        note(kept)
    kept._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    ruin(path)
    kept.trouble.note(DAMAGED)
    with pytest.raises(Impaired):
        kept.check(MONDAY)

    restored(path)
    kept.check(MONDAY)
    note(kept)
    go_on.set()
    thread.join()

    assert seen[1] == entries(kept) == 202
    assert stored_audit.verify(kept.reading()) is None
    kept.examine()
    assert kept.trouble.reason == ""


def test_the_file_is_held_against_a_restore_for_as_long_as_it_is_good(kept, path):
    with pytest.raises(Locked, match="in use by process"):
        ProcessLock(path, KEEPING)

    kept.trouble.note(DAMAGED)
    with pytest.raises(Impaired):
        kept.check(MONDAY)

    ProcessLock(path, KEEPING).release()


def test_a_restore_under_way_is_waited_for(path):
    path.write_bytes(b"ruined" * 2000)
    store, restoring = Store(path, keeper=True), ProcessLock(path, KEEPING)
    path.unlink()
    copies.copy(path.with_name("backup.db"), path)

    with pytest.raises(Impaired):
        store.check(MONDAY)
    restoring.release()

    store.check(MONDAY)
    assert entries(store) == 200
    store.close()


def test_a_second_bad_file_is_no_better_and_a_missing_one_is_not_made_anew(path):
    path.write_bytes(b"ruined" * 2000)
    store = Store(path, keeper=True)
    path.rename(path.with_name("aside.db"))

    with pytest.raises(Impaired):
        store.check(MONDAY)
    assert not path.exists()
    path.write_bytes(b"ruined again" * 2000)
    for _ in range(2):
        with pytest.raises(Impaired):
            store.check(MONDAY)

    assert store.trouble.reason == DAMAGED
    store.close()


def test_what_only_a_person_can_have_meant_is_still_refused_at_the_start(path, tmp_path):
    store = Store(path)
    with store.writing() as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('valet', '9999_more', '')")
    store.close()

    with pytest.raises(Refused, match="newer Valet"):
        Store(path, keeper=True)
    with pytest.raises(Unreachable, match="is a directory"):
        Store(tmp_path, keeper=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="can't be opened"):
        Store(tmp_path / "file" / "valet.db", keeper=True)


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_one_database_has_one_keeper_whatever_it_is_called(kept, path, tmp_path, link):
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "same.db"
    link(other, path)

    with pytest.raises(Locked, match="in use"):
        Store(other, keeper=True)
    with pytest.raises(Locked, match="in use"):
        ProcessLock(other, KEEPING)  # as `valet restore` takes it

    assert entries(kept) == 200
    kept.close()
    Store(other, keeper=True).close()


@pytest.mark.slow
def test_a_second_keeper_that_is_refused_leaves_the_first_its_locks(kept, path, tmp_path):
    other = tmp_path / "same.db"
    other.hardlink_to(path)
    code = "import sys; from store.sql import sqlite3; "
    code += "sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"

    with kept.writing():
        with pytest.raises(Locked):
            Store(other, keeper=True)
        answer = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            check=False,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
        )

    assert "database is locked" in answer.stderr
