"""One Valet per database, whatever it is called: an exclusive lock beside the file, and one on the file itself.

The lock beside it names its holder, and is there before the database is. Symbolic links lead to the same one. A hard
link is another name in perhaps another folder, so whoever keeps a database locks the file itself, too.

There are two. A Valet that runs has RUNNING for as long as it lives. Whoever has the file open to keep it, or puts
another in its place, has KEEPING: a Valet whose database is damaged lets go of it, so that a backup can be restored
below it, and no second Valet comes in meanwhile.
"""

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from bot.errors import Refused, Unreachable

RUNNING, KEEPING = ".lock", ".keep"
_never_closed: list[int] = []
"""Descriptors of databases. Closing one would drop all locks that SQLite has on that file in this process, since POSIX
locks belong to the process (https://sqlite.org/howtocorrupt.html, section 2.2), so they are unlocked and kept."""


class Locked(Refused):
    """Another process holds the lock."""


class ProcessLock:
    """Held from construction to `release`, or to the end of the process, however it ends."""

    def __init__(self, database: Path, which: str = RUNNING) -> None:
        """Take the lock. Raises Locked, naming the holder, or Unreachable when there can be no lock file."""
        database = database.resolve()
        path = database.with_name(database.name + which)
        self._held: int | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _opened(path)
        except OSError as error:
            raise Unreachable(f"The lock beside {database} can't be written: {error}.", retryable=False) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise Locked(
                f"{database} is in use by {holder}. Stop that one first; Valet runs once per database."
            ) from None
        if which == KEEPING and database.exists():
            try:
                self._held = _hold(database)
            except Locked:
                self._file.close()
                raise
        if self._file.writable():
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            self._file.flush()

    def release(self) -> None:
        """Let go; the file stays, so that nobody locks a deleted one."""
        if self._held is not None:
            fcntl.flock(self._held, fcntl.LOCK_UN)
        self._file.close()


def _hold(database: Path) -> int | None:
    """Lock the file itself, which has one lock however many names; None where it may not be read. Raises Locked."""
    try:
        held = os.open(database, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    _never_closed.append(held)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Locked(
            f"{database} is in use under another name (a hard link). Stop that Valet first; it runs once per database."
        ) from None
    return held


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a+")
    except OSError:
        return path.open()  # on a read-only file system it can still be locked
