"""What admins are told when Valet itself is in trouble."""

from bot.services import backups, people, undelivered
from bot.services.context import Context
from bot.services.machines import sources
from handlers.blocks import troubles
from handlers.blocks import undelivered as undelivered_blocks
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.words import say
from handlers.controller import Draw

CLOCK_OFF = "clock_off"
CLOCK_RIGHT = "clock_right"


def kept(ctx: Context, subject: str) -> Reply | None:
    """What a place does not take, for an admin; its subject is "channel error"."""
    channel, _, error = subject.partition(" ")
    return undelivered_blocks.told(channel, error, undelivered.one(ctx, channel, error))


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


def roster(_desk: Context, subject: str) -> Reply | None:
    """Who decides has changed by itself, for an admin; its subject is the sentence."""
    return plainly(say(subject))


MESSAGES: dict[str, Draw] = {
    undelivered.KIND: kept,
    CLOCK_OFF: clock_off,
    CLOCK_RIGHT: clock_right,
    backups.FAILED: backup_failed,
    sources.FAILING: sources_failing,
    sources.AGAIN: sources_again,
    people.KIND: roster,
}
