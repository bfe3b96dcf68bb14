"""After a copy of the database was put back: admins hear once what it lacks, and which machines are otherwise."""

from bot.domain.clock import MINUTE_MS
from bot.domain.restores import differences
from bot.services.context import Context
from bot.services.machines.fleet import NOT_LOOKED_AT, OWNED_SOURCE
from store import outbox as stored_outbox
from store import restores as stored_restores
from store.machines import fleet as stored_fleet
from store.restores import Restore

RESTORED = "restored"
LOOKED_WITHIN_MS = 10 * MINUTE_MS
"""So long a source may take to be read; then the rest is told without it."""


def tell_restored(ctx: Context) -> None:
    """Tell once every source was read again. Late is fine, twice is not."""
    now, db = ctx.clock(), ctx.store.reading()
    restore = stored_restores.untold_restore(db)
    if restore is None:
        return
    looked_at = [each for each in stored_fleet.fleet_sources(db) if each.error != NOT_LOOKED_AT]
    rented = [each for each in looked_at if each.name != OWNED_SOURCE]
    unread = tuple(each.name for each in rented if (each.ok_at or 0) < restore.at)
    if unread and now - max(restore.at, ctx.began_at) < LOOKED_WITHIN_MS:
        return
    found = tuple(differences(restore.machines, stored_restores.stored_machines(db)))
    with ctx.store.writing() as writing:
        if stored_restores.note_restore_told(writing, restore, now, found, unread):
            for admin in sorted(ctx.roster().admins):
                ref = f"{RESTORED}:{restore.at}"
                stored_outbox.tell(writing, admin, ref, kind=RESTORED, subject=str(restore.at), now=now)
    ctx.wake()


def restore_told(ctx: Context, at: int) -> Restore | None:
    """What was told of the copy that was put back then."""
    return stored_restores.restore_at(ctx.store.reading(), at)
