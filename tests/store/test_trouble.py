"""A database that can't be used says so in a sentence, refuses every change whole, and comes back by itself."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import Impaired
from store import Store
from store import audit as stored_audit
from store.sql import sqlite3
from tests.conftest import MONDAY

ROOT = Path(__file__).parents[2]


def note(store, text="claimed", detail=""):
    with store.writing() as db:
        stored_audit.add(db, MONDAY, "U0ADA", text, subject="i-1", detail=detail)


def fill(store):
    """No more pages than there are now, as on a full disk."""
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count={pages}").fetchone()


def make_room(store):
    store._writer.execute("PRAGMA max_page_count=1000000").fetchone()


def test_a_full_disk_is_told_and_is_over_with_the_next_thing_written(store, caplog):
    fill(store)

    for _ in range(3):
        with pytest.raises(
            Impaired, match=r"^Valet's database can't be used now: the disk is full\. Nothing was changed"
        ):
            note(store, detail="x" * 100_000)
    during = store.trouble.reason
    make_room(store)
    note(store)

    assert during == "the disk is full"
    assert store.trouble.reason == ""
    assert [record.message for record in caplog.records] == [
        "The database can't be used: the disk is full. No machine is touched until it can.",
        "The database can be used again.",
    ], "said once, not every time"
    assert stored_audit.verify(store.reading()) is None


def test_a_database_that_may_not_be_written_can_still_be_read(store):
    note(store)
    store._writer.execute("PRAGMA query_only=1")

    with pytest.raises(Impaired, match="it may not be written"):
        note(store)

    assert len(stored_audit.entries_about(store.reading(), "i-1")) == 1
    store._writer.execute("PRAGMA query_only=0")
    store.check(MONDAY)
    assert store.trouble.reason == ""


def test_a_broken_promise_is_no_trouble_of_the_database(store):
    with pytest.raises(sqlite3.IntegrityError), store.writing() as db:
        db.execute("INSERT INTO verdicts VALUES ('nobody', 'free', 0, '', '[]', 0, 0)")

    assert store.trouble.reason == ""


@pytest.mark.parametrize(
    "find", [lambda store: stored_audit.entries_about(store.reading(), "i-1"), lambda store: store.examine()]
)
def test_damage_stops_every_change_until_a_restart(store, find):
    for number in range(200):
        note(store, detail=f"{number} " + "x" * 500)
    store._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    size = store.path.stat().st_size
    with store.path.open("r+b") as file:
        file.seek(size - 60_000)
        file.write(b"\xff" * 60_000)

    with contextlib.suppress(Impaired):
        find(store)

    with pytest.raises(Impaired, match="an admin has to restore a backup"):
        store.check(MONDAY)
    with pytest.raises(Impaired):
        note(store)
    assert store.trouble.reason.startswith("the database is damaged")


@pytest.mark.parametrize("how", ["moved", "replaced", "deleted"])
def test_a_file_that_is_moved_away_below_a_running_valet_is_noticed(store, tmp_path, how):
    store.check(MONDAY)
    if how == "deleted":
        store.path.unlink()
    else:
        store.path.rename(tmp_path / "elsewhere.db")
    if how == "replaced":
        store.path.write_bytes(b"")

    with pytest.raises(Impaired, match="was moved or deleted"):
        store.check(MONDAY)

    with pytest.raises(Impaired):
        note(store)


def test_a_lock_held_by_another_program_is_named(store):
    store._writer.execute("PRAGMA busy_timeout=50").fetchone()
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(Impaired, match="another program keeps it locked"):
        note(store)

    other.execute("ROLLBACK")
    other.close()
    note(store)
    assert store.trouble.reason == ""


GROWS_NO_MORE = """
import resource, signal, sys
from bot.errors import Impaired
from store import Store, audit
store = Store(sys.argv[1])
def note(n):
    with store.writing() as db:
        audit.add(db, n, "U0ADA", "claimed", subject="i-1", detail="x" * 20_000)
for n in range(20):
    note(n)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
kept = 20
while True:
    try:
        note(kept)
    except Impaired as error:
        print(kept, error)
        break
    kept += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
note(kept)
print(kept + 1, store.trouble.reason or "well")
"""


@pytest.mark.slow
def test_a_file_system_that_takes_no_more_loses_nothing_that_was_committed(tmp_path):
    """The limit is the system's own, so that the refusal comes from where a full disk's does."""
    path = tmp_path / "valet.db"

    done = subprocess.run(
        [sys.executable, "-c", GROWS_NO_MORE, path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    first, last = done.stdout.splitlines()
    kept, _, sentence = first.partition(" ")
    assert sentence.startswith("Valet's database can't be used now: the disk ")
    assert last == f"{int(kept) + 1} well"
    store = Store(path)
    assert len(stored_audit.entries_about(store.reading(), "i-1")) == int(kept) + 1
    assert stored_audit.verify(store.reading()) is None
    store.close()
