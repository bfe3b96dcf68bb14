"""The machine Valet runs on: SQLite, the database file, the disk, the process lock, time zones."""

import os
import shutil
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import HOUR_MS
from bot.errors import Unreachable
from bot.services import audit, undelivered
from bot.settings import Settings
from store import backups as stored_backups
from store.checkup import checkup, lock_holder, looking
from store.database import sqlite_version, wal_is_safe

_MIB = 1024 * 1024
FULL_MIB = 100
TIGHT_MIB = 1024
SOME_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


def sqlite() -> Iterator[Finding]:
    """Which SQLite, and which journal follows from it."""
    version = ".".join(map(str, sqlite_version()))
    if wal_is_safe(sqlite_version()):
        yield fine("V103", f"SQLite {version} is free of the WAL-reset bug, so the journal is WAL.")
        return
    yield fine(
        "V103",
        f"SQLite {version} has the WAL-reset bug, so Valet uses the rollback journal: safe, but slower.",
        "The package pysqlite3 brings a newer SQLite where it has wheels (Linux on x86-64).",
    )


def database(path: Path) -> Iterator[Finding]:
    """The file, the disk it lies on, and who uses it."""
    if path.exists():
        yield from _file(path)
    else:
        yield _place(path)
    yield _disk(path)
    yield _lock(path)


def _file(path: Path) -> Iterator[Finding]:
    restore = "Restore a backup before Valet is started again."
    try:
        found = checkup(path)
    except (Unreachable, OSError) as unreadable:
        yield error("V104", str(unreadable), f"Check that it is Valet's own file and may be read. If so: {restore}")
        return
    if found.problem:
        yield error("V104", f"The database {path} is damaged: {found.problem}.", restore)
    elif not os.access(path, os.W_OK) or not os.access(path.resolve().parent, os.W_OK | os.X_OK):
        yield error("V104", f"The database {path} can't be written.", "Give Valet's user the file and its folder.")
    else:
        yield fine("V104", f"The database {path} is sound.")
    if found.newer:
        yield error(
            "V105", f"A newer Valet has written it (step {found.newer[0]}).", "Install that version again, or restore."
        )
    elif found.altered:
        yield error(
            "V105",
            f"Its step {found.altered[0]} is not the one this Valet knows, so it does not start on it.",
            "Go on with the version that wrote it, or restore a backup of a released one.",
        )
    elif found.unreleased:
        yield warning(
            "V105",
            f"It is older than Valet 0.1.0; the next start makes {len(found.unreleased)} tables and indexes anew.",
            "Make a copy first: valet backup.",
        )
    elif found.missing:
        yield fine("V105", "Its schema is older; the next start brings it up to date.")
    else:
        yield fine("V105", "Its schema is up to date.")


def _place(path: Path) -> Finding:
    folder = _nearest_folder(path)
    if not os.access(folder, os.W_OK | os.X_OK):
        return error(
            "V104", f"There is no database {path} yet, and {folder} can't be written.", "Give Valet's user the folder."
        )
    return fine("V104", f"There is no database {path} yet; the first start makes it.")


def _nearest_folder(path: Path) -> Path:
    return next(folder for folder in path.resolve().parents if folder.is_dir())


def _disk(path: Path) -> Finding:
    folder = _nearest_folder(path)
    free = shutil.disk_usage(folder).free // _MIB
    sentence = f"{free:,} MiB are free in {folder}."
    if free < FULL_MIB:
        return error("V106", sentence, "Make room: without it Valet can't record what it does, so it does nothing.")
    if free < TIGHT_MIB:
        return warning("V106", sentence, "Make room soon.")
    return fine("V106", sentence)


def _lock(path: Path) -> Finding:
    try:
        who = lock_holder(path)
    except OSError as unknown:
        return warning("V107", f"Who uses the database can't be told: {unknown.strerror}.", "Run this as Valet's user.")
    return fine("V107", f"Valet runs on it: {who}." if who else "No Valet runs on it now.")


def is_bot_running(path: Path) -> bool:
    """Whether a Valet runs on this database, as far as that can be told."""
    try:
        return bool(lock_holder(path))
    except OSError:
        return False


def time_zones() -> Iterator[Finding]:
    """Whether time zones are known on this machine."""
    try:
        for name in SOME_ZONES:
            zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError):
        yield error("V201", f"The time zone {name} is not known here.", "Install it: pip install tzdata.")
        return
    yield fine("V201", f"Time zones are known: {len(zoneinfo.available_timezones())} of them.")


OLD_BACKUP_MS = 36 * HOUR_MS
"""A night was missed."""


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """Nothing where there is no database of this version yet, or it can't be read: that is said already."""
    database = Path(settings.database)
    try:
        if database.exists() and not checkup(database).missing:
            yield _backup(settings, database, now)
            yield _audit(database)
            yield _undelivered(database)
    except (Unreachable, OSError):
        return


def _backup(settings: Settings, database: Path, now: int) -> Finding:
    if not settings.backup.enabled:
        return warning(
            "V108", "Nightly backups are switched off.", "Set backup.enabled, or copy the database yourself."
        )
    with looking(database) as db:
        newest = stored_backups.newest(db)
    if newest is None:
        hint = f"Valet makes one every night after {settings.backup.at}; `valet backup` makes one now."
        return warning("V108", "No nightly backup has been made yet.", hint)
    made_at, file = newest
    age = f"{(now - made_at) // HOUR_MS} h old"
    if not file.exists():
        return warning("V108", f"The newest backup, {file}, is not there any more.", "`valet backup` makes one now.")
    if now - made_at > OLD_BACKUP_MS:
        return warning("V108", f"The newest backup is {age}.", "The log says why; `valet backup` tries it at once.")
    same = file.stat().st_dev == database.stat().st_dev
    hint = "It lies on the disk of the database; backup.folder can name another." if same else ""
    return fine("V108", f"The newest backup is {age}: {file}.", hint)


def _audit(database: Path) -> Finding:
    newest, broken, _ = audit.verify(database)
    if broken is not None:
        hint = "Somebody changed it, or the disk did. Compare it with a backup: valet verify-audit --file BACKUP."
        return error("V109", f"The audit is broken: {broken.what}", hint)
    count = newest.id if newest else 0
    return fine("V109", f"The audit is as it was written: {count:,} {'entry' if count == 1 else 'entries'}.")


def _undelivered(database: Path) -> Finding:
    with looking(database) as db:
        found = undelivered.undelivered_rows(db)
    count = sum(len(each.messages) for each in found)
    if not count:
        return fine("V110", "No message is kept that could not be posted.")
    places = ", ".join(f"{each.channel} ({each.error})" for each in found[:5])
    hint = "An admin sees them with `/gpu undelivered`, and has them tried again."
    return warning("V110", f"Messages that could not be posted: {count}, to {places}.", hint)
