"""What Valet keeps: the nightly backups, and the audit as it was written."""

from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import HOUR
from bot.errors import Unreachable
from bot.services import auditing, undelivered
from bot.settings import Settings
from store import backups
from store.checkup import checkup, looking

OLD = 36 * HOUR
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
        newest = backups.newest(db)
    if newest is None:
        hint = f"Valet makes one every night after {settings.backup.at}; `valet backup` makes one now."
        return warning("V108", "No nightly backup has been made yet.", hint)
    made_at, file = newest
    age = f"{(now - made_at) // HOUR} h old"
    if not file.exists():
        return warning("V108", f"The newest backup, {file}, is not there any more.", "`valet backup` makes one now.")
    if now - made_at > OLD:
        return warning("V108", f"The newest backup is {age}.", "The log says why; `valet backup` tries it at once.")
    same = file.stat().st_dev == database.stat().st_dev
    hint = "It lies on the disk of the database; backup.folder can name another." if same else ""
    return fine("V108", f"The newest backup is {age}: {file}.", hint)


def _audit(database: Path) -> Finding:
    newest, broken = auditing.verify(database)
    if broken is not None:
        hint = "Somebody changed it, or the disk did. Compare it with a backup: valet verify-audit --file BACKUP."
        return error("V109", f"The audit is broken: {broken.what}", hint)
    count = newest.id if newest else 0
    return fine("V109", f"The audit is as it was written: {count:,} {'entry' if count == 1 else 'entries'}.")


def _undelivered(database: Path) -> Finding:
    with looking(database) as db:
        found = undelivered.waiting(db)
    count = sum(len(each.messages) for each in found)
    if not count:
        return fine("V110", "No message is kept that could not be posted.")
    places = ", ".join(f"{each.channel} ({each.error})" for each in found[:5])
    hint = "An admin sees them with `/gpu undelivered`, and has them tried again."
    return warning("V110", f"Messages that could not be posted: {count}, to {places}.", hint)
