"""One SQLite file: one writer, readers of their own, and the journal mode this SQLite can be trusted with."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.domain.clock import HOUR_MS, Heartbeat
from bot.errors import Impaired, Refused, Unreachable, ValetError
from store import heartbeats
from store.lock import KEEPING, Locked, ProcessLock
from store.schema import is_current, migrate
from store.sql import one, sqlite3
from store.trouble import DAMAGED, MOVED, UNREADABLE, UNWRITABLE, Trouble, Watched, impaired, reason_of

log = logging.getLogger(__name__)
BUSY_MS = 5_000
EXAMINE_EVERY_MS = HOUR_MS
START_MS = 30_000
"""A start waits longer: another one may just be migrating, on a slow disk."""
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

    def __init__(
        self, path: Path | str, *, keeper: bool = False, durable: bool = True, examines_later: bool = False
    ) -> None:
        """Open and migrate. Raises Refused when a newer Valet has written it, Unreachable when it can't be opened.

        A store that is not `durable` does not wait for the disk: a crash of the process loses nothing, a power failure
        may. That is for a file that is thrown away, as the demo's.

        The `keeper` is the Valet that runs. It holds the file against `valet restore`, and is there without it too: a
        file that is damaged or can't be used raises nothing here, but Impaired at each use until `check` finds it good.

        Where it `examines_later`, a file whose schema has not to be changed is opened without a look at every page,
        which takes seconds for each gigabyte. It `is_unexamined` until `examine` has done that; until then nothing may
        be decided by what is in it.
        """
        self.path = Path(path)
        self.trouble = Trouble()
        """Why it can't be used, if it can't."""
        self._keeper = keeper
        self._synchronous = "FULL" if durable else "OFF"
        self._lock = threading.RLock()
        self._opening = threading.Lock()
        self._local = threading.local()
        self._readers: list[tuple[threading.Thread, Any]] = []
        self._writer: Any = None
        self._kept: ProcessLock | None = None
        self._era = 0
        """Counts the files it has had; readers of an earlier one are not used any more."""
        self._file: tuple[int, int] | None = None
        self._bad: tuple[int, int, int] | None = None
        """The file that was found damaged."""
        self.is_unexamined = False
        """It is open and can be used, and not every page of it was looked at yet."""
        self._examined_at: int | None = None
        if self.path.is_dir():
            raise Unreachable(f"{self.path} is a directory; the database is a file in one.", retryable=False)
        try:
            self._take_up(examines_later=examines_later)
        except Impaired as error:
            if not keeper:
                raise
            log.critical("%s", error)
            self._note(error)

    def _take_up(self, *, examines_later: bool = False) -> None:
        """Open the file, see that it is sound before anything is written to it, and bring it up to date."""
        self._file = self._identity()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._file is None:
                self.path.touch(mode=0o600)  # SQLite would let everybody on the machine read who did what, and when
            if self._keeper:
                self._refuse_unwritable()
                self._kept = ProcessLock(self.path, KEEPING)
            self._writer = self._open()
            self._prepare(examines_later=examines_later)
            self._file, self._bad, self._era = self._identity(), None, self._era + 1
        except (sqlite3.Error, OSError) as error:
            self._let_go()
            said, reason = f"The database {self.path} can't be opened: {error}.", reason_of(error)
            if reason is None or not self.path.exists():
                raise Unreachable(said, retryable=False) from error
            raise Impaired(said, reason) from error
        except ValetError:
            self._let_go()
            raise

    def _refuse_unwritable(self) -> None:
        """SQLite would open it to read only, and stay so when the right is given later."""
        if self._file is None:
            return
        path = self.path.resolve()
        if not os.access(path, os.R_OK):
            raise Impaired(f"The database {path} may not be read.", UNREADABLE)
        if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
            raise Impaired(f"The database {path}, or its folder, may not be written.", UNWRITABLE)

    def _prepare(self, *, examines_later: bool) -> None:
        self._writer.execute(f"PRAGMA busy_timeout={START_MS}").fetchone()
        names = {name for (name,) in self._writer.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if names and "_sqlite_migrations" not in names:
            raise Refused(f"{self.path} is a database of something else. Name another file for Valet's.")
        mode = "WAL" if wal_is_safe(sqlite_version()) else "DELETE"
        # With the rollback journal nobody could write meanwhile; and what may be damaged is not migrated.
        self.is_unexamined = examines_later and bool(names) and mode == "WAL" and is_current(self._writer)
        if not self.is_unexamined:
            self._refuse_damaged()
        self._switch(mode)
        self._writer.execute("PRAGMA foreign_keys=0")  # SQLite takes no notice of it inside a transaction
        self._writer.execute("BEGIN IMMEDIATE")
        migrate(self._writer)
        self._writer.execute("COMMIT")
        self._writer.execute("PRAGMA foreign_keys=1")
        self._writer.execute(f"PRAGMA busy_timeout={BUSY_MS}").fetchone()

    def _refuse_damaged(self) -> None:
        problem = self._writer.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            said = f"The database {self.path} is damaged ({problem}). Restore a backup: valet restore FILE."
            raise Impaired(said, DAMAGED)

    def _switch(self, mode: str) -> None:
        """Set the journal mode. Here SQLite does not wait for others by itself, whatever the busy timeout."""
        deadline = time.monotonic() + START_MS / 1_000
        while True:
            try:
                self._writer.execute(f"PRAGMA journal_mode={mode}").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def _note(self, error: Impaired) -> None:
        self.trouble.change(error.reason)
        self._bad = self._stamp() if error.reason == DAMAGED else None

    def _identity(self) -> tuple[int, int] | None:
        """Which file the path leads to."""
        stamp = self._stamp()
        return stamp[:2] if stamp else None

    def _stamp(self) -> tuple[int, int, int] | None:
        """Which file the path leads to, and when it was last changed: a new one may get an old one's number."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns

    def check(self, now: int | Heartbeat) -> None:
        """Write something, and see that it goes into the file that others open: raises Impaired when it does not.

        SQLite itself goes on writing, unnoticed, into a file that was moved away or deleted. The keeper of a damaged
        file, or of none, goes on with the one that was put in its place.
        """
        if self._keeper and (self._writer is None or self.trouble.reason == DAMAGED):
            self._go_on()
        if self._identity() != self._file:
            self.trouble.note(MOVED)
        with self.writing() as db:
            heartbeats.note(db, now if isinstance(now, Heartbeat) else Heartbeat(now))

    def heartbeat(self) -> Heartbeat | None:
        """When a process last looked after this database; None where that is not known."""
        try:
            return heartbeats.last_heartbeat(self.reading())
        except Impaired:
            return None

    def _go_on(self) -> None:
        """Raises Impaired while there is no good file. Readers of other threads are theirs to close."""
        with self._lock:
            if self._writer is not None:  # found damaged while it was in use
                self._let_go()
                self._bad = self._stamp()
            stamp = self._stamp()
            if stamp is None or stamp == self._bad:
                raise impaired(self.trouble.reason)
            try:
                self._take_up()
            except Impaired as error:
                self._note(error)
                raise impaired(error.reason) from error
            except Locked as error:
                raise impaired(self.trouble.reason) from error  # a backup is being put there just now
            self.trouble.change("")

    def examine_when_due(self, now: int) -> None:
        """As `examine`: once an hour, and at once where that was not done since the file was opened."""
        is_late = self._examined_at is None or now - self._examined_at >= EXAMINE_EVERY_MS
        if is_late or self.is_unexamined:
            self.examine()
            self._examined_at = now

    def examine(self) -> None:
        """Look at every page of the file; what is found keeps Valet from touching machines."""
        found = one(self.reading(), "PRAGMA quick_check(1)") or {}
        if found.get("quick_check") != "ok":
            log.critical("The database %s is damaged: %s", self.path, found)
            self.trouble.note(DAMAGED)
        self.is_unexamined = False

    def _open(self) -> Watched:
        connection = sqlite3.connect(str(self.path), isolation_level=None, check_same_thread=False)
        try:
            db = Watched(connection, self.trouble)
            for pragma in self._pragmas():
                db.execute(f"PRAGMA {pragma}").fetchone()
        except BaseException:
            connection.close()
            raise
        return db

    def _pragmas(self) -> tuple[str, ...]:
        return f"synchronous={self._synchronous}", "foreign_keys=1", f"busy_timeout={BUSY_MS}", "trusted_schema=0"

    @contextlib.contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction, begun IMMEDIATE: all of it is committed, or nothing is. Raises Impaired."""
        with self._lock, self.trouble.watched():
            self.trouble.refuse_lasting()
            self._refuse_without_file()
            self._writer.execute("BEGIN IMMEDIATE")
            before = self._writer.conn.total_changes
            self._writer.noted.clear()
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.conn.in_transaction:  # a full disk has ended it already, a COMMIT kept waiting has not
                    self._writer.execute("ROLLBACK")
                raise
            if self._writer.conn.total_changes > before:
                self.trouble.over()
            for tell in self._writer.noted:
                tell()

    def reading(self) -> Database:
        """This thread's read-only connection. Raises Impaired."""
        era, db = getattr(self._local, "reader", (0, None))
        if db is None or era != self._era:
            with self._opening, self.trouble.watched():
                self._refuse_without_file()
                self._drop_orphans()
                db = self._open()
                self._readers.append((threading.current_thread(), db.conn))
            db.execute("PRAGMA query_only=1")
            # KiB; of two dozen readers the usual 2 MB each would be the larger part of the process
            db.execute("PRAGMA cache_size=-512")
            self._local.reader = self._era, db
        return db

    def _refuse_without_file(self) -> None:
        if self._writer is None:
            raise impaired(self.trouble.reason)

    def _drop_orphans(self) -> None:
        """Close the readers of threads that have ended, and this thread's own of an earlier file; worker threads come
        and go, open files must not pile up.
        """
        mine = threading.current_thread()
        over = [each for each in self._readers if each[0] is mine or not each[0].is_alive()]
        for each in over:
            each[1].close()
            self._readers.remove(each)

    def _let_go(self) -> None:
        """Close the writer, and let a backup be put in the file's place."""
        if self._writer is not None:
            self._writer.conn.close()
        if self._kept is not None:
            self._kept.release()
        self._writer = self._kept = None

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for _, connection in self._readers:
                connection.close()
            self._readers.clear()
            self._let_go()
