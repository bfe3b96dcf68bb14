"""Nightly backups: made once a local day, the newest seven and one of each of four weeks kept."""

from pathlib import Path

from bot.domain.backups import day_of, file_name, surplus
from bot.domain.digest import due_date
from bot.errors import Unreachable
from bot.services.context import Context
from bot.settings import Settings
from store import backups as stored_backups
from store import copies
from store import outbox as stored_outbox

FAILED = "backup_failed"


def folder(settings: Settings, database: Path) -> Path:
    """Where nightly backups of this database go."""
    return Path(settings.backup.folder) if settings.backup.folder else database.resolve().parent / "backups"


def back_up(ctx: Context) -> None:
    """Make today's backup if it is due and there is none. Raises Unreachable; the admins are told why, too."""
    chosen, now = ctx.settings, ctx.clock()
    day = due_date(now, chosen.digest.timezone, chosen.backup.at) if chosen.backup.enabled else None
    if day is None or stored_backups.is_made(ctx.store.reading(), day.isoformat()):
        return
    target = folder(chosen, ctx.store.path) / file_name(day)
    try:
        made = copies.copy(ctx.store.path, target)
    except Unreachable as error:
        _tell(ctx, now, str(error))
        raise
    with ctx.store.writing() as db:
        stored_backups.note(db, day.isoformat(), now, file=target, size=made.bytes)
    _thin_out(target.parent)


def age(ctx: Context) -> int | None:
    """Milliseconds since the newest nightly backup; None when there is none."""
    newest = stored_backups.newest(ctx.store.reading())
    return ctx.clock() - newest[0] if newest else None


def newest(ctx: Context) -> Path | None:
    """The newest backup there is, by its day, found without the database."""
    place = folder(ctx.settings, ctx.store.path)
    try:
        found = {day: path for path in place.iterdir() if (day := day_of(path.name)) is not None}
    except OSError:
        return None
    return found[max(found)] if found else None


def _thin_out(place: Path) -> None:
    found = {day: path for path in place.iterdir() if (day := day_of(path.name)) is not None}
    for day in surplus(found):
        found[day].unlink(missing_ok=True)


def _tell(ctx: Context, now: int, reason: str) -> None:
    """One message per admin and backup missed: named after the last one that was made, so that later tries edit it."""
    with ctx.store.writing() as db:
        newest = stored_backups.newest(db)
        since = newest[0] if newest else 0
        for admin in sorted(ctx.roster().admins):
            stored_outbox.tell(db, admin, f"{FAILED}/{since}", kind=FAILED, subject=reason[:900], now=now)
    ctx.wake()
