"""Copies of the database: made while Valet runs, checked before they count, and put back when it does not."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlite_utils import Database

from bot.errors import Refused, Unreachable
from store import audit as stored_audit
from store import restores as stored_restores
from store.checkup import checkup
from store.schema import STEPS, migrate
from store.sql import sqlite3

SIBLINGS = ("-wal", "-shm", "-journal")
"""What SQLite may keep beside a database; a new file beside an old log would be ruined by it."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A backup that was made."""

    bytes: int
    entries: int
    """How many entries its audit has."""


def copy(database: Path, target: Path) -> Copied:
    """Copy a database into one file, as it is at this moment, also while a Valet writes to it.

    The target is there only once the copy is whole, checked and on the disk. Raises Unreachable.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _dropped(part):
            _copy(database, part)
            made = _checked(part)
            _put(part, target)
    except (sqlite3.Error, OSError) as error:
        raise Unreachable(f"{database} can't be backed up to {target}: {error}.", retryable=True) from error
    return made


def replica_folder(database: Path) -> Path:
    """Where Litestream keeps what it has read of a database, beside it."""
    database = database.resolve()
    return database.with_name(f".{database.name}-litestream")


def restore_copy(backup: Path, database: Path, now: int, *, who: str, aside: Path) -> int | None:
    """Put a backup in the place of a database that nobody uses; when its last audit entry was written.

    What was there before goes to `aside`. The audit of the restored database says who did it. Raises Refused,
    Unreachable.
    """
    _refuse_misfit(backup)
    database, aside = database.resolve(), aside.resolve()
    part = database.with_name(f"{database.name}.restored")
    try:
        with _dropped(part):
            _copy(backup, part)
            newest = _sign(part, now, who, backup)
            _checked(part)
            _set_aside(database, aside)
            _put(part, database)
    except (sqlite3.Error, OSError) as error:
        raise Unreachable(f"{backup} can't be restored to {database}: {error}.", retryable=False) from error
    return newest


def _set_aside(database: Path, aside: Path) -> None:
    """Give it a second name, so that there is a database at every moment: a start in between would make an empty one.

    What SQLite keeps beside it goes with it.
    """
    if database.exists():
        try:
            aside.hardlink_to(database)
        except OSError:  # a file system without links
            database.rename(aside)
    for ending in SIBLINGS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{database}{ending}").rename(f"{aside}{ending}")


def _refuse_misfit(backup: Path) -> None:
    found = checkup(backup)
    if found.problem:
        raise Refused(f"{backup} is damaged ({found.problem}). Take another backup; nothing was changed.")
    if found.newer:
        raise Refused(
            f"A newer Valet wrote {backup} (step {found.newer[0]}). Install that version; nothing was changed."
        )
    if found.altered:
        raise Refused(
            f"{backup} was written by a version that was never released (step {found.altered[0]}). Nothing was changed."
        )
    if len(found.missing) == len(STEPS):
        raise Refused(f"{backup} is no database of Valet's. Nothing was changed.")


@contextlib.contextmanager
def _dropped(part: Path) -> Iterator[None]:
    """Whatever happens, no half-made file is left behind, not even one of an earlier try."""
    _drop(part)
    try:
        yield
    finally:
        _drop(part)


def _drop(part: Path) -> None:
    for ending in ("", *SIBLINGS):
        Path(f"{part}{ending}").unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    uri = f"file:{quote(str(source.resolve()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as there, closing(sqlite3.connect(str(target))) as here:
        there.backup(here)  # in one step: one that is paused starts anew whenever Valet writes
        here.execute("PRAGMA journal_mode=DELETE").fetchone()


def _sign(part: Path, now: int, who: str, backup: Path) -> int | None:
    with closing(sqlite3.connect(str(part), isolation_level=None)) as connection:
        db = Database(connection)
        newest = stored_audit.last_entry(db)
        db.execute("BEGIN IMMEDIATE")
        migrate(db)
        stored_restores.note_restore(db, now, newest.at if newest else None)
        stored_audit.add(db, now, who, "restored a backup", subject="valet", detail=str(backup))
        db.execute("COMMIT")
    return newest.at if newest else None


def _checked(part: Path) -> Copied:
    with closing(sqlite3.connect(str(part))) as connection:
        db: Any = Database(connection)
        problem = next(iter(db.execute("PRAGMA integrity_check(1)")))[0]
        if problem != "ok":
            raise Unreachable(
                f"The copy is damaged ({problem}), so it was thrown away. `valet doctor` may tell more.",
                retryable=True,
            )
        newest = stored_audit.last_entry(db)
    return Copied(part.stat().st_size, newest.id if newest else 0)


def _put(part: Path, target: Path) -> None:
    """Rename, with the content on the disk before and the name after."""
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
