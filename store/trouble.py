"""What keeps the database from doing its part, in a sentence, and whether that can pass by itself."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]

from bot.errors import Impaired

# pysqlite3 where it is installed; two copies of SQLite on one file would break its locks


__all__ = ["DAMAGED", "MOVED", "SCHEMA", "UNREADABLE", "UNWRITABLE", "Trouble", "Watched"]
__all__ += ["impaired", "reason_of", "sqlite3"]

log = logging.getLogger(__name__)
SCHEMA = ("CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT",)
DAMAGED = "the database is damaged; an admin has to restore a backup"
MOVED = "its file was moved or deleted; an admin has to put it back and start Valet again"
LASTING = (DAMAGED, MOVED)
UNREADABLE = "its file can't be opened"
UNWRITABLE = "it may not be written"
_PRIMARY = 0xFF
_READONLY_DBMOVED = 1032
_REASONS = {
    5: "another program keeps it locked",  # SQLITE_BUSY
    8: UNWRITABLE,  # SQLITE_READONLY
    10: "the disk reports errors",  # SQLITE_IOERR
    11: DAMAGED,  # SQLITE_CORRUPT
    13: "the disk is full",  # SQLITE_FULL
    14: UNREADABLE,  # SQLITE_CANTOPEN
    26: DAMAGED,  # SQLITE_NOTADB
}


class Trouble:
    """Keeps in mind what was last wrong. Damage stays until another file is there, anything else until something is
    written.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason = ""

    @property
    def reason(self) -> str:
        """Why the database can't be used; empty while it can."""
        return self._reason

    def note(self, reason: str) -> None:
        """It can't be used, for this reason."""
        with self._lock:
            if self._reason in {reason, *LASTING}:
                return
            self._reason = reason
        log.critical("The database can't be used: %s. No machine is touched until it can.", reason)

    def over(self) -> None:
        """Something was written."""
        if not self._reason:
            return
        with self._lock:
            if self._reason in LASTING:
                return
            self._reason = ""
        log.warning("The database can be used again.")

    def change(self, reason: str) -> None:
        """Another look at the file has found this; empty: it is good."""
        if reason != self._reason:
            with self._lock:
                self._reason = ""
            if reason:
                self.note(reason)
            else:
                log.warning("The database can be used again.")

    def refuse_lasting(self) -> None:
        """Raises Impaired where trying again can't help."""
        if self._reason in LASTING:
            raise impaired(self._reason)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Errors of SQLite that mean trouble become Impaired; others, such as a broken promise, stay what they are."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            self.look_at(error)
            raise

    def look_at(self, error: sqlite3.DatabaseError) -> None:
        """Raises Impaired where an error of SQLite's means trouble."""
        reason = reason_of(error)
        if reason is not None:
            self.note(reason)
            raise impaired(reason) from error


def reason_of(error: BaseException) -> str | None:
    """What is wrong with the database, where an error of SQLite's says that something is."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    return MOVED if code == _READONLY_DBMOVED else _REASONS.get(code & _PRIMARY)


def impaired(reason: str) -> Impaired:
    """The answer to whoever wants something of it."""
    return Impaired(f"Valet's database can't be used now: {reason}. Nothing was changed.", reason)


class Watched(Database):
    """A connection that knows where to note its troubles."""

    def __init__(self, connection: Any, trouble: Trouble) -> None:
        super().__init__(connection, strict=True)
        self.trouble = trouble
        self.noted: list[Callable[[], None]] = []
        """What the log is to tell of this transaction, once it is committed."""
