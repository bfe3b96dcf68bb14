"""Looks at a database without changing it, also while a Valet runs on it."""

import fcntl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database, Migrations

from bot.errors import Unreachable
from store.schema import STEPS, altered, unreleased
from store.sql import one, sqlite3


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found in a database file."""

    problem: str
    """The first fault of its structure; empty when it is sound."""
    missing: tuple[str, ...]
    """Schema steps that the next start will take."""
    newer: tuple[str, ...]
    """Schema steps this version does not know."""
    altered: tuple[str, ...]
    """Schema steps that said something else when they were taken."""
    unreleased: tuple[str, ...]
    """Tables and indexes of before the first release, which the next start mends."""


def checkup(path: Path) -> Checkup:
    """Check the whole file. Raises Unreachable when it can't be read or is no database."""
    with looking(path) as db:
        applied = {step.name for step in Migrations("valet").applied(db)}
        found = one(db, "PRAGMA integrity_check(1)") or {}
        foreign, old = altered(db), unreleased(db)
    known = [name for name, _ in STEPS]
    problem = str(found.get("integrity_check", "no answer"))
    return Checkup(
        problem="" if problem == "ok" else problem,
        missing=tuple(name for name in known if name not in applied),
        newer=tuple(sorted(applied - set(known))),
        altered=tuple(foreign),
        unreleased=tuple(old),
    )


@contextmanager
def looking(path: Path) -> Iterator[Database]:
    """A read-only connection. Raises Unreachable when the file can't be read or is no database."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None)
        with closing(connection):
            yield Database(connection)
    except sqlite3.Error as error:
        raise Unreachable(f"The database {path} can't be read: {error}.", retryable=False) from error


def lock_holder(database: Path) -> str | None:
    """Who holds the process lock of a database; None when nobody does. Raises OSError when that can't be told."""
    database = database.resolve()
    path = database.with_name(database.name + ".lock")
    if not path.exists():
        return None
    with path.open() as file:
        try:
            # Let go at once: a Valet that starts in this very moment would be refused.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().strip() or "another process"
        fcntl.flock(file, fcntl.LOCK_UN)
    return None
