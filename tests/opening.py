"""Opens stores for tests: from a file that was migrated once, and without waiting for the disk."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from store import Store


def open_store(path: Path, *, keeper: bool = False) -> Store:
    """A store at that path; a fresh one begins as a copy of a migrated file, which takes a sixth of the time.

    Tests of crashes and of full disks open `Store(path)` itself, which waits for the disk as in earnest.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_migrated(), path)
        path.chmod(0o600)
    return Store(path, keeper=keeper, durable=False)


@cache
def _migrated() -> Path:
    """A file with every step of the schema and no row. Closed, so that no part of it is left in a journal."""
    folder = tempfile.mkdtemp(prefix="valet-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "migrated.db"
    Store(path, durable=False).close()
    return path
