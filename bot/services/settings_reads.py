"""What became of `valet.toml` when it was read again: kept for the doctor and the home tab, in the audit, and told."""

from collections.abc import Collection, Sequence

from sqlite_utils import Database

from bot.domain.acting.actions import VALET
from bot.domain.audit import REFUSED
from bot.services.context import Context
from bot.settings.changes import SettingChange
from store import audit as stored_audit
from store import outbox as stored_outbox
from store import settings_reads as stored_settings_reads
from store.settings_reads import SettingsRead

SETTINGS_CHANGED, SETTINGS_REFUSED = "settings_changed", "settings_refused"
SUBJECT = "settings"
"""What such entries of the audit are about."""
MOST_TOLD = 20


def last_settings_read(ctx: Context) -> SettingsRead | None:
    """When the settings in force were read, and whether the file says something else by now."""
    return stored_settings_reads.settings_read(ctx.store.reading())


def note_settings_read(ctx: Context, waiting: tuple[str, ...]) -> None:
    """They were read, and say what is in force; nothing to tell."""
    with ctx.store.writing() as db:
        stored_settings_reads.note_settings_read(db, waiting, ctx.clock())


def tell_changed(
    ctx: Context, changes: Sequence[SettingChange], waiting: tuple[str, ...], admins: Collection[str], *, why: str
) -> None:
    """They were read again and are in force. `admins` are those of before, too: nobody is put out unheard."""
    now = ctx.clock()
    more = [f"{len(changes) - MOST_TOLD} more"] if len(changes) > MOST_TOLD else []
    with ctx.store.writing() as db:
        stored_settings_reads.note_settings_read(db, waiting, now)
        for change in changes:
            stored_audit.add(
                db,
                now,
                VALET,
                "settings read again",
                subject=SUBJECT,
                detail=f"{change} ({why})",
                before=change.before,
                after=change.after,
            )
        told = "\n".join([", ".join(waiting), *map(str, changes[:MOST_TOLD]), *more])
        _tell(db, admins, SETTINGS_CHANGED, told, now)
    ctx.wake()


def tell_refused(ctx: Context, sentence: str, *, why: str) -> None:
    """They were read again and are wrong: what was in force goes on, and the admins hear it once."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        stored_settings_reads.note_settings_refused(db, sentence, now)
        detail = f"{sentence} ({why})"
        stored_audit.add(db, now, VALET, "settings read again", subject=SUBJECT, detail=detail, after=REFUSED)
        _tell(db, ctx.roster().admins, SETTINGS_REFUSED, sentence, now)
    ctx.wake()


def _tell(db: Database, admins: Collection[str], kind: str, subject: str, now: int) -> None:
    for admin in sorted(admins):
        stored_outbox.tell(db, admin, f"{kind}:{now}", kind=kind, subject=subject, now=now)
