"""Opens stores for tests: from a file that was migrated once, and without waiting for the disk."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from store import Store
from store.sql import Row
from tests import neighbours


def open_store(path: Path, *, keeper: bool = False, shared: bool = False) -> Store:
    """A store at that path; a fresh one begins as a copy of a migrated file, which takes a sixth of the time.

    In a `shared` one live neighbours, whom nothing may change; close it with `close_store`.
    Tests of crashes and of full disks open `Store(path)` itself, which waits for the disk as in earnest.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_shared()[0] if shared else _migrated(), path)
        path.chmod(0o600)
    return Store(path, keeper=keeper, durable=False)


def close_store(store: Store) -> None:
    """Close a shared store, whose neighbours have to be as they were."""
    pairs = zip(_shared()[1], neighbours.rows_of(store), strict=True)
    store.close()
    changed = [(before, after) for before, after in pairs if before != after]
    assert changed == [], f"rows of others than the test's were changed: {changed}"


@cache
def _migrated() -> Path:
    """A file with every step of the schema and no row. Closed, so that no part of it is left in a journal."""
    path = folder() / "migrated.db"
    Store(path, durable=False).close()
    return path


@cache
def _shared() -> tuple[Path, list[Row]]:
    """The same with neighbours, and their rows."""
    path = folder() / "shared.db"
    shutil.copyfile(_migrated(), path)
    store = Store(path, durable=False)
    moved_in = neighbours.move_in(store)
    store.close()
    return path, moved_in


@cache
def folder() -> Path:
    """Where files are prepared that tests copy."""
    folder = tempfile.mkdtemp(prefix="valet-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
