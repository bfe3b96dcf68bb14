"""The outbox: what is to be posted, and what became of it. Posting is at least once, and found out after a crash."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import DAY_MS, SECOND_MS
from bot.services import quiet, undelivered
from bot.services.context import Context
from store import outbox as stored_outbox
from store.sql import Row

SETTLE = 35 * SECOND_MS
"""So long after an attempt without an answer, Slack's history is taken at its word."""
LONGEST_WAIT = 900 * SECOND_MS
Heard = Literal["new", "edited", "again"]
"""edited: said to whoever did it, once."""
SIGNATURE, MESSAGE, EDIT = "signature ", "message ", "edit "
"""Before what else is known by, among the ids of events."""
AT_ONCE = 1_000
"""So many waiting messages are looked at; a channel that gets no more for now must not hold up the others."""


@dataclass(frozen=True, slots=True)
class Post:
    """One message to send: where, what to draw, and the message to edit if it was posted before."""

    id: int
    channel: str
    ref: str
    kind: str
    subject: str
    attempts: int
    tried_at: int | None
    not_before: int | None
    """When it was to be sent at the earliest; None where it never waited for a morning."""
    posted_channel: str | None
    ts: str | None
    thread_ts: str | None
    """The message in whose thread it goes, if any."""

    @property
    def is_edit(self) -> bool:
        """It was posted before; now it is edited."""
        return self.ts is not None

    @property
    def was_held(self) -> bool:
        """It has waited for a morning."""
        return self.not_before is not None


def due(ctx: Context) -> list[Post]:
    """What may be sent now, oldest first."""
    return [_post(row) for row in stored_outbox.due(ctx.store.reading(), ctx.clock(), limit=AT_ONCE)]


def goes_first(ctx: Context, post: Post) -> bool:
    """Whether what was just tried did not go out, and is to before what comes after it in its channel."""
    return stored_outbox.goes_first(ctx.store.reading(), post.id, ctx.clock())


def unanswered(ctx: Context) -> list[Post]:
    """Attempts nobody heard the end of, old enough for Slack's history to tell."""
    now = ctx.clock()
    found = [_post(row) for row in stored_outbox.in_flight(ctx.store.reading())]
    return [post for post in found if now - (post.tried_at or 0) >= SETTLE]


def waits(ctx: Context, post: Post) -> bool:
    """Whether it is not to be sent now: kept for a morning, or withdrawn as nobody wants or needs it any more.

    An edit goes out at once: Slack tells nobody of it.
    """
    if post.is_edit:
        return False
    until = quiet.held_until(ctx, post.kind, post.channel)
    if until is not None:
        with ctx.store.writing() as db:
            return stored_outbox.hold(db, _row(post), until)
    is_news = not (post.was_held and quiet.is_overtaken(ctx, post.kind, post.subject))
    if is_news and not quiet.is_muted(ctx, post.kind, post.subject, post.channel):
        return False
    with ctx.store.writing() as db:
        return stored_outbox.withdraw(db, _row(post))


def start(ctx: Context, post: Post) -> bool:
    """Note, before the call, that it is being sent; False when somebody else took it."""
    with ctx.store.writing() as db:
        return stored_outbox.start(db, post.id, ctx.clock())


def sent(ctx: Context, post: Post, channel: str, ts: str) -> None:
    """It stands there."""
    with ctx.store.writing() as db:
        stored_outbox.sent(db, _row(post), channel, ts)


def again(ctx: Context, post: Post, error: str, *, wait: int | None = None) -> None:
    """Not sent; try later: when Slack says, else after a growing pause."""
    pause = wait if wait is not None else min(LONGEST_WAIT, 2 ** min(post.attempts, 9) * SECOND_MS)
    with ctx.store.writing() as db:
        stored_outbox.retry(db, _row(post), ctx.clock() + min(pause, LONGEST_WAIT), error)


def bury(ctx: Context, post: Post, error: str) -> None:
    """It can't be sent as things are; the row stays, the admins are told, and a question is put elsewhere."""
    with ctx.store.writing() as db:
        stored_outbox.bury(db, _row(post), error)
        undelivered.tell(ctx, db, post.channel, error, kind=post.kind)
        undelivered.ask_elsewhere(ctx, db, _row(post))


def first_time(ctx: Context, event_id: str) -> bool:
    """Note something of Slack's; False when it was delivered before."""
    with ctx.store.writing() as db:
        return stored_outbox.new_event(db, event_id, ctx.clock())


def forget_event(ctx: Context, event_id: str) -> None:
    """It came to nothing, and may come again."""
    with ctx.store.writing() as db:
        stored_outbox.forget_event(db, event_id)


def note_message(ctx: Context, event_id: str, message: str, *, is_edited: bool) -> Heard:
    """Note a message by its channel and time stamp: Slack sends it again under another event id once it is edited."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        if not stored_outbox.new_event(db, event_id, now):
            return "again"
        is_new = stored_outbox.new_event(db, MESSAGE + message, now)
        if is_new and not is_edited:
            return "new"
        return "edited" if stored_outbox.new_event(db, EDIT + message, now) else "again"


def counts(ctx: Context) -> dict[str, int]:
    """How many messages are in each state."""
    return stored_outbox.counts(ctx.store.reading())


def waited(ctx: Context) -> int:
    """How long the oldest message that was not sent has waited, milliseconds; 0 when none waits."""
    since = stored_outbox.oldest_waiting(ctx.store.reading(), ctx.clock())
    return 0 if since is None else max(0, ctx.clock() - since)


def prune(ctx: Context) -> None:
    """Forget what was sent over 30 days ago, signatures after a day, and which messages were acted on after a year.

    What can't be sent is forgotten when it is missed by nobody, or was told of and left: `undelivered.prune`.
    """
    now = ctx.clock()
    with ctx.store.writing() as db:
        stored_outbox.prune(db, now - 30 * DAY_MS)
        undelivered.prune(ctx, db)
        stored_outbox.forget_events(db, SIGNATURE, now - DAY_MS)
        for prefix in (MESSAGE, EDIT):
            stored_outbox.forget_events(db, prefix, now - 365 * DAY_MS)


def _post(row: Row) -> Post:
    return Post(**{field: row[field] for field in Post.__slots__})


def _row(post: Post) -> Row:
    return {"id": post.id, "channel": post.channel, "ref": post.ref, "kind": post.kind, "subject": post.subject}
