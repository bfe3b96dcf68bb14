"""One SQLite file: one writer, readers of their own, and the journal mode this SQLite can be trusted with."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.errors import Refused, Unreachable, ValetError
from store.schema import migrate
from store.sql import changed, one, sqlite3
from store.trouble import DAMAGED, MOVED, Trouble, Watched

log = logging.getLogger(__name__)
BUSY_MS = 5_000
_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def sqlite_version() -> tuple[int, int, int]:
    """The version of the SQLite in use (pysqlite3's where it is installed)."""
    major, minor, patch = sqlite3.sqlite_version_info[:3]
    return major, minor, patch


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite has the WAL-reset fix: 3.51.3 and later, and the backports 3.50.7 and 3.44.6.

    Source: https://sqlite.org/wal.html#walresetbug
    """
    return version >= _FIXED[0] or any(version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED)


class Store:
    """The memory. `writing()` is the only way to change it; `reading()` never waits for a writer's work.

    Each thread has a reader of its own. Sharing one connection between threads loses commits, and a deferred
    BEGIN fails with "database is locked" as soon as somebody else has written, whatever the busy timeout.
    """

    def __init__(self, path: Path | str) -> None:
        """Open and migrate. Raises Refused when a newer Valet has written it, Unreachable when it can't be opened."""
        self.path = Path(path)
        self.trouble = Trouble()
        """Why it can't be used, if it can't."""
        self._lock = threading.RLock()
        self._opening = threading.Lock()
        self._local = threading.local()
        self._connections: list[tuple[threading.Thread, Any]] = []
        if self.path.is_dir():
            raise Unreachable(f"{self.path} is a directory; the database is a file in one.", retryable=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._open()
            self._prepare()
            self._file = self._identity()
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise Unreachable(f"The database {self.path} can't be opened: {error}.", retryable=False) from error
        except ValetError:
            self.close()
            raise

    def _prepare(self) -> None:
        names = {name for (name,) in self._writer.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if names and "_sqlite_migrations" not in names:
            raise Refused(f"{self.path} is a database of something else. Name another file for Valet's.")
        mode = "WAL" if wal_is_safe(sqlite_version()) else "DELETE"
        self._writer.execute(f"PRAGMA journal_mode={mode}").fetchone()
        problem = self._writer.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise Refused(f"The database {self.path} is damaged ({problem}). Restore a backup before starting again.")
        with self.writing() as db:
            migrate(db)

    def _identity(self) -> tuple[int, int] | None:
        """Which file the path leads to."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check(self, now: int) -> None:
        """Write something, and see that it goes into the file that others open: raises Impaired when it does not.

        SQLite itself goes on writing, unnoticed, into a file that was moved away or deleted.
        """
        if self._identity() != self._file:
            self.trouble.note(MOVED)
        with self.writing() as db:
            changed(db, "INSERT OR REPLACE INTO heartbeat (id, at) VALUES (1, ?)", now)

    def examine(self) -> None:
        """Look at every page of the file; what is found keeps Valet from touching machines."""
        found = one(self.reading(), "PRAGMA quick_check(1)") or {}
        if found.get("quick_check") != "ok":
            log.critical("The database %s is damaged: %s", self.path, found)
            self.trouble.note(DAMAGED)

    def _open(self) -> Database:
        connection = sqlite3.connect(str(self.path), isolation_level=None, check_same_thread=False)
        self._connections.append((threading.current_thread(), connection))
        db = Watched(connection, self.trouble)
        for pragma in ("foreign_keys=1", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "trusted_schema=0"):
            db.execute(f"PRAGMA {pragma}").fetchone()
        return db

    @contextlib.contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction, begun IMMEDIATE: all of it is committed, or nothing is. Raises Impaired."""
        with self._lock, self.trouble.watched():
            self.trouble.refuse_lasting()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.conn.in_transaction:  # a full disk has ended it already, a COMMIT kept waiting has not
                    self._writer.execute("ROLLBACK")
                raise
            self.trouble.over()

    def reading(self) -> Database:
        """This thread's read-only connection."""
        db = getattr(self._local, "db", None)
        if db is None:
            with self._opening, self.trouble.watched():
                self._drop_orphans()
                db = self._open()
            db.execute("PRAGMA query_only=1")
            # KiB; of two dozen readers the usual 2 MB each would be the larger part of the process
            db.execute("PRAGMA cache_size=-512")
            self._local.db = db
        return db

    def _drop_orphans(self) -> None:
        """Close the readers of threads that have ended; worker threads come and go, open files must not pile up."""
        over = [each for each in self._connections[1:] if not each[0].is_alive()]
        for each in over:
            each[1].close()
            self._connections.remove(each)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for _, connection in self._connections:
                connection.close()
            self._connections.clear()
