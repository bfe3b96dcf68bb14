"""What admins are told when Valet itself is in trouble."""

from bot.services import backups, people, restores, settings_reads, undelivered
from bot.services.context import Context
from bot.services.machines import sources
from handlers.blocks import troubles
from handlers.blocks import undelivered as undelivered_blocks
from handlers.blocks.parts import Block, Reply, context, plainly
from handlers.blocks.words import say
from handlers.controller import Draw

CLOCK_OFF = "clock_off"
CLOCK_RIGHT = "clock_right"


def channel_error(ctx: Context, subject: str) -> Reply | None:
    """What a place does not take, for an admin; its subject is "channel error"."""
    channel, _, error = subject.partition(" ")
    return undelivered_blocks.undelivered_told(channel, error, undelivered.undelivered_at(ctx, channel, error))


def backup_failed(_desk: Context, subject: str) -> Reply | None:
    """A nightly backup that could not be made, for an admin; its subject is why."""
    return troubles.backup_failed(subject)


def clock_off(_desk: Context, subject: str) -> Reply | None:
    """Our clock and another's differ, for an admin; its subject is by how many seconds ours is ahead, and of whose."""
    seconds, _, whose = subject.partition(" ")
    return troubles.clock_off(int(seconds), whose or "Slack's")


def clock_right(_desk: Context, subject: str) -> Reply | None:
    """Our clock and another's agree again, for an admin; its subject is whose."""
    return troubles.clock_right(subject or "Slack's")


def sources_failing(ctx: Context, subject: str) -> Reply | None:
    """Sources that can't be read, for an admin; its subject is when that was told."""
    found = sources.troubles_told_at(ctx, int(subject))
    return troubles.sources_failing(found, int(subject)) if found else None


def sources_again(ctx: Context, subject: str) -> Reply | None:
    """Sources that can be read again, for an admin; its subject is when that was told."""
    found = sources.troubles_over_at(ctx, int(subject))
    return troubles.sources_again(found) if found else None


def restored(ctx: Context, subject: str) -> Reply | None:
    """A copy of the database was put back, for an admin; its subject is when."""
    found = restores.restore_told(ctx, int(subject))
    return troubles.restored(found.known_until, found.at, found.differences, found.unread) if found else None


def roster(_desk: Context, subject: str) -> Reply | None:
    """Who decides has changed by itself, for an admin; its subject is the sentence."""
    return plainly(say(subject))


def settings_changed(_desk: Context, subject: str) -> Reply | None:
    """Settings were read again, for an admin; its subject has what waits for a restart, and a line for each change."""
    waiting, *changed = subject.split("\n")
    return troubles.settings_changed(changed, waiting)


def settings_refused(_desk: Context, subject: str) -> Reply | None:
    """Settings were read again and are wrong, for an admin; its subject is the sentence."""
    return troubles.settings_refused(subject)


def settings_in_force(ctx: Context, user: str, now: int) -> list[Block]:
    """For the home tab of admins: when the settings were read, and what of them does not count."""
    last = settings_reads.last_settings_read(ctx) if user in ctx.roster().admins else None
    if last is None:
        return []
    return [context(troubles.settings_line(last.read_at, ", ".join(last.waiting), last.refused, now))]


MESSAGES: dict[str, Draw] = {
    undelivered.KIND: channel_error,
    CLOCK_OFF: clock_off,
    CLOCK_RIGHT: clock_right,
    backups.FAILED: backup_failed,
    sources.FAILING: sources_failing,
    sources.AGAIN: sources_again,
    restores.RESTORED: restored,
    people.KIND: roster,
    settings_reads.SETTINGS_CHANGED: settings_changed,
    settings_reads.SETTINGS_REFUSED: settings_refused,
}
