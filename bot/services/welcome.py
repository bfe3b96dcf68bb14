"""The first words to somebody, and to a channel that Valet was added to: once each."""

from bot.errors import Impaired
from bot.services.context import Context
from store import outbox as stored_outbox
from store import welcome as stored_welcome

WELCOME_MESSAGE, JOINED_MESSAGE = "welcome", "joined"


def welcome(ctx: Context, person: str) -> None:
    """Say hello to somebody who asks something for the first time, in person."""
    if stored_welcome.is_welcomed(ctx.store.reading(), person):
        return
    now = ctx.clock()
    try:
        with ctx.store.writing() as db:
            if stored_welcome.note_welcome(db, person, now):
                stored_outbox.tell(db, person, WELCOME_MESSAGE, kind=WELCOME_MESSAGE, subject=person, now=now)
    except Impaired:
        return  # what they asked for is answered all the same
    ctx.wake()


def introduce(ctx: Context, channel: str) -> None:
    """Say in a channel what Valet is, as it was just added to it; added again, that stands there already."""
    with ctx.store.writing() as db:
        stored_outbox.tell(
            db, channel, f"{JOINED_MESSAGE}:{channel}", kind=JOINED_MESSAGE, subject=channel, now=ctx.clock()
        )
    ctx.wake()
